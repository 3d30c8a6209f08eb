//! What each command of `ringfence lab` does on Linux, where namespaces and packets are real.
//!
//! A file for each command that takes more than a question to the lab's agent.

mod flows;
mod follow;
mod load;
mod run;
mod status;
mod tested;
mod up;

use std::io::Write;

use lab::agent::Format;
use lab::state::LabState;
use lab::{LabError, LabName, down};

use crate::exit::Exit;
use crate::lab::arguments::{Arguments, Command, Exec, Making, Named, Output, Probe};
use crate::print::tells_colour;

/// One match on the subcommand.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    match &arguments.command {
        Command::Run(run) => run::run(run),
        Command::Up(making) => up::up(making),
        Command::Probe(probe) => ended(ask(probe)),
        Command::Exec(exec) => ended(enter(exec)),
        Command::Watch(named) => ended(follow::watch(&named.name)),
        Command::Flows(arguments) => ended(flows::run(arguments)),
        Command::Status(status) => ended(status::status(status)),
        Command::Down(named) => ended(remove(named)),
    }
}

/// The hidden process that keeps a lab up.
pub(crate) fn agent(making: &Making) -> Exit {
    up::agent(making)
}

/// The hidden process that stands for a container.
pub(crate) fn helper() -> Exit {
    match lab::helper::main() {
        Ok(()) => Exit::Good,
        Err(error) => {
            eprintln!("error: the helper process cannot go on: {error}");
            Exit::Incomplete
        }
    }
}

fn ask(probe: &Probe) -> Result<Exit, LabError> {
    let name = LabName::new(&probe.name)?;
    let (format, colour) = (probe.output.into(), probe.output.colour());
    match lab::agent::ask(&name, &lab::agent::Question::Probe { format, colour })? {
        lab::agent::Reply::Report { text, counts, good } => {
            say(&text);
            if probe.output.is_text() {
                say(&counts);
            }
            Ok(if good { Exit::Good } else { Exit::Bad })
        }
        lab::agent::Reply::Failed { message } => {
            eprintln!("error: {message}");
            Ok(Exit::Incomplete)
        }
        lab::agent::Reply::Applied { .. }
        | lab::agent::Reply::Flows(_)
        | lab::agent::Reply::Status { .. } => Ok(Exit::Incomplete),
    }
}

fn enter(exec: &Exec) -> Result<Exit, LabError> {
    let state = LabState::read(&LabName::new(&exec.name)?)?;
    let pod = match exec.pod.contains('/') {
        true => exec.pod.clone(),
        false => format!("{}/{}", exec.namespace, exec.pod),
    };
    match lab::exec(state.pod(&pod)?, &exec.command)? {}
}

fn remove(named: &Named) -> Result<Exit, LabError> {
    down::remove(&LabName::new(&named.name)?)?;
    Ok(Exit::Good)
}

fn ended(result: Result<Exit, LabError>) -> Exit {
    result.unwrap_or_else(|error| refuse(&error))
}

/// A line on standard output. A closed pipe is the reader's choice, not a failure of ours.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// Says what failed, why, and what to do.
fn refuse(error: &LabError) -> Exit {
    eprintln!("error: {}", lab::chain(error));
    if let Some(hint) = error.hint() {
        eprintln!("hint: {hint}");
    }
    Exit::Incomplete
}

impl From<Output> for Format {
    fn from(output: Output) -> Self {
        match output {
            Output::Matrix => Self::Matrix,
            Output::Table => Self::Table,
            Output::Json => Self::Json,
            Output::Junit => Self::Junit,
        }
    }
}

impl Output {
    /// Whether the counts follow as a last line; other formats contain them.
    pub(crate) fn is_text(self) -> bool {
        match self {
            Self::Matrix | Self::Table => true,
            Self::Json | Self::Junit => false,
        }
    }

    /// Whether a terminal reads it that was not told to be plain.
    pub(crate) fn colour(self) -> bool {
        tells_colour(None)
    }
}
