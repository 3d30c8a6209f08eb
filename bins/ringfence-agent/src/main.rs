//! The agent of a node: its command line, its log, its exit code.
//!
//! Logic found here is in the wrong place.

mod arguments;

use std::path::Path;
use std::process::ExitCode;

use agent::{AgentError, AwaitError, ClientError, Settings, UninstallError};
use arguments::{Arguments, Command};
use clap::Parser;
use tokio::runtime::Runtime;
use tracing_subscriber::fmt;

/// Why the agent ends.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the node's name is not known: say it by --node or NODE_NAME")]
    NoNode,
    #[error("the process cannot be set up")]
    Runtime(#[source] std::io::Error),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Uninstall(#[from] UninstallError),
    #[error(transparent)]
    Await(#[from] AwaitError),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log(arguments.log_json);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("error: {}", agent::chain(&failed));
            ExitCode::FAILURE
        }
    }
}

fn log(as_json: bool) {
    let log = fmt().with_writer(std::io::stderr);
    match as_json {
        true => log.json().init(),
        false => log.init(),
    }
}

fn run(arguments: Arguments) -> Result<(), Failed> {
    let Arguments { command, kubeconfig, node, .. } = arguments;
    let settings = node.settings();
    let kubeconfig = kubeconfig.as_deref();
    match command {
        Some(Command::Uninstall) => Ok(agent::uninstall(&settings)?),
        Some(Command::Stay) => Ok(process()?.block_on(agent::stay())?),
        Some(Command::Await { namespace, name }) => process()?.block_on(async {
            let (client, _) = agent::client(kubeconfig).await?;
            Ok(agent::await_daemon_set(client, &namespace, &name).await?)
        }),
        None => keep(settings, kubeconfig),
    }
}

fn process() -> Result<Runtime, Failed> {
    Runtime::new().map_err(Failed::Runtime)
}

fn keep(settings: Settings, kubeconfig: Option<&Path>) -> Result<(), Failed> {
    if settings.node.is_empty() {
        return Err(Failed::NoNode);
    }
    let runtime = process()?;
    let kept = runtime.block_on(async {
        let (client, server) = agent::client(kubeconfig).await?;
        Ok(agent::run(settings, client, &server).await?)
    });
    // The thread that works may wait for the kernel; what it does not finish, the next agent does.
    runtime.shutdown_background();
    kept
}
