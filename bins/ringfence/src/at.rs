//! The cluster that a command acts on, for commands that take no manifests.
//!
//! The same words as everywhere else, without `--live`: there is nothing else that could be meant.

use std::path::PathBuf;

use clap::Args;
use cluster::{Connection, Target};

use crate::exit::Exit;

/// Which cluster.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(crate) struct At {
    /// Context of the kubeconfig [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Kubeconfig to use instead of KUBECONFIG or the one in the home folder
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

impl At {
    /// The way to it.
    pub(crate) async fn connect(&self) -> Result<Connection, miette::Report> {
        let target = Target { kubeconfig: self.kubeconfig.clone(), context: self.context.clone() };
        Ok(cluster::connect(&target).await?)
    }
}

/// Does what takes a network, on threads of its own; what went wrong is printed.
pub(crate) fn online(work: impl Future<Output = Result<Exit, miette::Report>>) -> Exit {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::of(Err(error)),
    };
    let done = runtime.block_on(work);
    // A name that is still looked up must not keep anybody waiting.
    runtime.shutdown_background();
    done.unwrap_or_else(|report| {
        eprintln!("{report:?}");
        Exit::Incomplete
    })
}
