//! What can be wrong with a corpus file, and where.
//!
//! A case that cannot be read is an error and never a case less.

use std::fmt;
use std::path::PathBuf;

use model::{AssignError, FlowError, Verdict, WorldError};

/// A fault and its place.
#[derive(Debug)]
pub struct CorpusError {
    /// The file or directory.
    pub file: PathBuf,
    /// The line from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a corpus file.
#[derive(Debug)]
pub enum Fault {
    /// The file or directory cannot be read.
    Io(std::io::Error),
    /// It is not YAML of the expected form.
    Form(String),
    /// Both or neither of `manifests` and `world` with `rules` are given, or outside of `lowered`.
    Source,
    /// The manifests have errors.
    Manifests(Vec<String>),
    /// A document has no kind or name.
    Nameless(String),
    /// `delete` names nothing that is there.
    NothingToDelete(String),
    /// The world cannot exist.
    World(WorldError),
    /// Addresses cannot be given.
    Assign(AssignError),
    /// A peer that is not there or cannot be read.
    Peer(String),
    /// A port that cannot be read.
    Port(String),
    /// A reason that cannot be read.
    Reason(String),
    /// A reason whose rule is not among the rules.
    NoSuchRule(String),
    /// A Pass rule decides only where it is undetermined.
    PassDecides(String),
    /// Both ends' reasons together give another verdict than the stated one.
    Verdict {
        /// The stated verdict.
        stated: Verdict,
        /// What the reasons give.
        reasons: Verdict,
    },
    /// The ends do not make a flow.
    Flow(FlowError),
    /// A CIDR that cannot be read.
    Cidr(String),
    /// A matrix row has another number of cells than there are columns.
    Row(String),
    /// A matrix cell without reasons.
    Cell(String),
    /// A ruling id that is not in the table.
    Ruling(String),
    /// A lowered rule or world that cannot be read.
    Lowered(String),
    /// A case without a flow.
    Empty,
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.line {
            Some(line) => write!(f, "{file}:{line}: {}", self.fault),
            None => write!(f, "{file}: {}", self.fault),
        }
    }
}

impl std::error::Error for CorpusError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Form(error) => write!(f, "{error}"),
            Self::Source => f.write_str(
                "a case has `manifests`, or in the area lowered `world` and `rules`, never both",
            ),
            Self::Manifests(problems) => write!(f, "manifests: {}", problems.join("; ")),
            Self::Nameless(text) => write!(f, "a document has no kind or name: {text}"),
            Self::NothingToDelete(what) => write!(f, "{what} is not there to delete"),
            Self::World(error) => error.fmt(f),
            Self::Assign(error) => error.fmt(f),
            Self::Peer(text) => write!(f, "no peer {text:?}"),
            Self::Port(text) => write!(f, "{text:?} is no port"),
            Self::Reason(text) => write!(f, "{text:?} is no reason"),
            Self::NoSuchRule(text) => write!(f, "no rule {text:?}"),
            Self::PassDecides(text) => write!(f, "{text:?} passes, so it cannot decide"),
            Self::Verdict { stated, reasons } => {
                write!(f, "verdict {stated} but the reasons give {reasons}")
            }
            Self::Flow(error) => error.fmt(f),
            Self::Cidr(text) => write!(f, "{text:?} is no network"),
            Self::Row(row) => write!(f, "row {row} has another number of cells than columns"),
            Self::Cell(cell) => write!(f, "cell {cell:?} is not among the reasons"),
            Self::Ruling(id) => write!(f, "no ruling {id:?}"),
            Self::Lowered(text) => write!(f, "cannot read {text:?}"),
            Self::Empty => f.write_str("a case without a flow"),
        }
    }
}
