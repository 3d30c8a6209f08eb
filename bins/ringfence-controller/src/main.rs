//! The controller: its command line, its log, its exit code.
//!
//! Logic found here is in the wrong place.

mod arguments;

use std::process::ExitCode;

use arguments::Arguments;
use clap::Parser;
use cluster::{ConnectError, Target, connect};
use controller::ControllerError;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::fmt;

/// Why the controller ends.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the process cannot be set up")]
    Process(#[source] std::io::Error),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Controller(#[from] ControllerError),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log = fmt().with_writer(std::io::stderr);
    match arguments.log_json {
        true => log.json().init(),
        false => log.init(),
    }
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("error: {}", chain(&failed));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failed> {
    let runtime = Runtime::new().map_err(Failed::Process)?;
    runtime.block_on(async {
        let listen = |kind| signal(kind).map_err(Failed::Process);
        let ended = ended(listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
        let target = Target { kubeconfig: arguments.kubeconfig.clone(), context: None };
        let connection = connect(&target).await?;
        Ok(controller::run(arguments.settings(), connection.client, ended).await?)
    })
}

async fn ended(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// An error with all that caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
