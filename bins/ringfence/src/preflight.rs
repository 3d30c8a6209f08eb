//! `ringfence preflight`: what a node or a cluster has, lacks and is shared with.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cluster::Target;
use preflight::{Finding, blocks};

use crate::exit::Exit;
use crate::print::print;

/// Say what a node or a cluster lacks before Ringfence is there
#[derive(Args, Debug)]
#[command(after_help = "\
Without --live it looks at this machine: the kernel, cgroup2, the BPF file system, the network's
chain of CNI plugins, programs of others on pods' interfaces, other policy engines, kube-proxy. It
needs root to see everything, loads the programs to try them, and leaves nothing behind. With --live
it asks the API server.

Examples:
  sudo ringfence preflight
  ringfence preflight --live --context staging

Exit code: 0 if nothing blocks, 1 if something does, 2 if nobody answers.")]
pub(crate) struct Arguments {
    /// Ask the cluster of the current context instead of this machine
    #[arg(long)]
    live: bool,
    /// Ask the cluster of this context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// A kubeconfig instead of KUBECONFIG or the one in the home folder
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Namespace that Ringfence is to be in
    #[arg(short, long, value_name = "NAMESPACE", default_value = cluster::NAMESPACE)]
    namespace: String,
    /// Where the runtime looks for network configurations
    #[arg(long, value_name = "FOLDER", default_value = "/etc/cni/net.d")]
    cni_config_dir: PathBuf,
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Says what blocks.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let is_live = arguments.live || arguments.context.is_some() || arguments.kubeconfig.is_some();
    let found = if is_live { of_cluster(arguments) } else { of_node(arguments) };
    let findings = match found {
        Ok(findings) => findings,
        Err(exit) => return exit,
    };
    let text = match arguments.output {
        Output::Text => Ok(preflight::text(&findings)),
        Output::Json => preflight::json(&findings),
    };
    let printed =
        text.map_or_else(|error| Exit::of(Err(error)), |text| Exit::of(print(&text, None)));
    match printed == Exit::Good && blocks(&findings).next().is_some() {
        true => Exit::Bad,
        false => printed,
    }
}

#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it refuses")]
fn of_node(arguments: &Arguments) -> Result<Vec<Finding>, Exit> {
    let cni_config_dir = arguments.cni_config_dir.clone();
    let places = preflight::Places { cni_config_dir, ..preflight::Places::default() };
    Ok(preflight::judge(&preflight::gather(&places)))
}

#[cfg(not(target_os = "linux"))]
fn of_node(_: &Arguments) -> Result<Vec<Finding>, Exit> {
    eprintln!("error: nodes run Linux, and this machine does not");
    eprintln!("hint: `ringfence preflight --live` asks a cluster");
    Err(Exit::Incomplete)
}

fn of_cluster(arguments: &Arguments) -> Result<Vec<Finding>, Exit> {
    let Arguments { context, kubeconfig, namespace, .. } = arguments;
    let target = Target { kubeconfig: kubeconfig.clone(), context: context.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Exit::of(Err(error)))?;
    runtime.block_on(async {
        let connection = cluster::connect(&target).await.map_err(|error| {
            eprintln!("{:?}", miette::Report::from(error));
            Exit::Incomplete
        })?;
        let found = preflight::live(&connection, namespace).await;
        found.map_err(|error| {
            eprintln!("{:?}", miette::Report::from_err(error));
            Exit::Incomplete
        })
    })
}
