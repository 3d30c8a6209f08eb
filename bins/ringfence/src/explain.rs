//! `ringfence explain`: whether one end reaches another, and which rule decides.

mod answer;
mod arguments;
mod asked;
mod flows;
mod single;

use model::Verdict;
use report::Header;

pub(crate) use self::arguments::Arguments;
pub(crate) use self::arguments::Expectation;
use self::single::{Sources, Words};
use crate::exit::Exit;
use crate::input::{self, Loaded, Manifests};
use crate::print::PrintError;

/// Decides one flow or a list of them.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(mut loaded) = input::load(&arguments.input) else { return Exit::Incomplete };
    let sources = sources(&mut loaded);
    let Ok(manifests) = input::told(loaded) else { return Exit::Incomplete };
    let Arguments { flows, from, to, port, .. } = arguments;
    let answered = match (flows, from, to, port) {
        (Some(path), ..) => flows::run(&manifests, path),
        (None, Some(from), Some(to), Some(port)) => {
            single::run(&manifests, &sources, arguments, &Words { from, to, port })
        }
        (None, ..) => Ok((Exit::Incomplete, true)),
    };
    match answered {
        Ok((exit, is_certain)) => {
            exit.unless_incomplete(&header(arguments, &manifests, is_certain))
        }
        // A closed pipe is the reader's choice, not a failure of ours.
        Err(ExplainError::Output(cause)) if cause.kind() == std::io::ErrorKind::BrokenPipe => {
            Exit::Good
        }
        Err(error) => Exit::of(Err(error)),
    }
}

/// What is needed to point at lines and to write patches; the rest makes the world.
fn sources(loaded: &mut Loaded) -> Sources {
    Sources {
        documents: std::mem::take(&mut loaded.documents),
        options: loaded.options.clone(),
        written: std::mem::take(&mut loaded.reading.written),
    }
}

/// Only what an answer depends on is unknown to it.
fn header(arguments: &Arguments, manifests: &Manifests, is_certain: bool) -> Header {
    let header = manifests.header("explain", arguments.input.reading.words());
    if is_certain { Header { unknown: Vec::new(), ..header } } else { header }
}

/// How a command ends, and whether its answer holds whatever could not be read.
type Answered = (Exit, bool);

/// Whether the verdict is the expected one, if one is expected.
fn as_expected(expected: Option<Expectation>, verdict: Verdict) -> Exit {
    match expected.map(Verdict::from) {
        Some(expected) if expected != verdict => Exit::Bad,
        Some(_) | None => Exit::Good,
    }
}

/// Why a flow cannot be decided.
#[derive(Debug)]
enum ExplainError {
    Peer(crate::word::ResolveError),
    Port(crate::word::PortError),
    Flow(model::FlowError),
    NoBackends(String),
    NoSuchServicePort(String, String),
    Json(serde_json::Error),
    Line { line: usize, cause: Box<ExplainError> },
    Input { path: std::path::PathBuf, cause: std::io::Error },
    Output(std::io::Error),
    Print(PrintError),
}

impl std::fmt::Display for ExplainError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Peer(error) => error.fmt(f),
            Self::Port(error) => error.fmt(f),
            Self::Flow(error) => error.fmt(f),
            Self::NoBackends(service) => write!(f, "Service {service} has no ready backend"),
            Self::NoSuchServicePort(service, port) => {
                write!(f, "Service {service} has no port {port}")
            }
            Self::Json(cause) => cause.fmt(f),
            Self::Line { line, cause } => write!(f, "line {line}: {cause}"),
            Self::Input { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Output(cause) => write!(f, "standard output: {cause}"),
            Self::Print(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for ExplainError {}

impl From<crate::word::ResolveError> for ExplainError {
    fn from(error: crate::word::ResolveError) -> Self {
        Self::Peer(error)
    }
}

impl From<crate::word::PortError> for ExplainError {
    fn from(error: crate::word::PortError) -> Self {
        Self::Port(error)
    }
}

impl From<model::FlowError> for ExplainError {
    fn from(error: model::FlowError) -> Self {
        Self::Flow(error)
    }
}
