//! The corpus: cases of `tests/corpus/`, one YAML file each, read into worlds, rules and flows.
//!
//! People write the files; every tier of testing takes the same [`Case`]s from here.

mod error;
pub mod expected;
mod load;
mod matrix;
mod objects;
mod peer;
mod reason;
mod source;
mod text;

use model::{Decision, Flow, Rules, World};

pub use error::{CorpusError, Fault};
pub use load::{load_all, load_file, parse, root};
pub use peer::{FlowTerms, end, traffic};
pub use reason::reason;
pub use text::{Only, TierName};

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct Case {
    /// `area/name`, from the file's path.
    pub name: String,
    /// One sentence on what the case shows.
    pub about: String,
    /// The rulings that it is about.
    pub rulings: Vec<String>,
    /// Another case whose same flows have the other verdict.
    pub twin: Option<String>,
    /// Where it runs if not in every tier, and why.
    pub only: Option<Only>,
    /// The states of the world in their order; at least one.
    pub steps: Vec<Step>,
}

impl Case {
    /// Whether this case runs in `tier`.
    #[must_use]
    pub fn runs_in(&self, tier: TierName) -> bool {
        self.only.as_ref().is_none_or(|only| only.tiers.contains(&tier))
    }
}

/// One state of the world and what is expected of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What changed before it; the case's own sentence for the first.
    pub about: String,
    /// The world.
    pub world: World,
    /// Its rules.
    pub rules: Rules,
    /// The flows to decide.
    pub flows: Vec<Expected>,
}

/// A flow and its expected decision.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The flow.
    pub flow: Flow,
    /// What both ends should say.
    pub decision: Decision,
    /// What both should say if staged policies were enforced.
    pub staged: Decision,
    /// The rulings that this flow shows.
    pub rulings: Vec<String>,
    /// The file's line.
    pub line: u64,
    /// The flow as written, for messages.
    pub text: String,
}
