//! The explanation as plain data, in the shape of docs/schema/explain.json.
//!
//! Text and JSON are made from the same value, so that neither knows more than the other.

use model::Verdict;
use serde::{Serialize, Serializer};

use crate::patch::Remedy;

/// The answer to a question.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The source as it was asked for.
    pub from: String,
    /// The destination as it was asked for.
    pub to: String,
    /// The port as it was asked for.
    pub port: String,
    /// Where a Service leads, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leads: Option<Leads>,
    /// `allow` only if every flow is allowed.
    #[serde(serialize_with = "in_words")]
    pub verdict: Verdict,
    /// Each flow that was asked for.
    pub flows: Vec<FlowAnswer>,
    /// Rules of which a single condition failed, the nearest first.
    pub near: Vec<Near>,
    /// How many more there are.
    pub near_left_out: usize,
    /// What would allow what is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// What to type next after a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A Service's port and what it is at the backends, where policy is judged (ruling N13).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leads {
    /// The Service.
    pub service: String,
    /// The port as it was asked for.
    pub port: String,
    /// Ports of backends.
    pub targets: Vec<String>,
}

/// What both ends say of one flow.
#[derive(Clone, Debug, Serialize)]
pub struct FlowAnswer {
    /// The source.
    pub from: String,
    /// The destination.
    pub to: String,
    /// The traffic.
    pub port: String,
    /// `allow` only if both ends allow (ruling D1).
    #[serde(serialize_with = "in_words")]
    pub verdict: Verdict,
    /// What the source's policies say.
    pub egress: EndAnswer,
    /// What the destination's policies say.
    pub ingress: EndAnswer,
    /// What would be said if staged policies were enforced (ruling N37), where that is something
    /// else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staged: Option<StagedAnswer>,
}

/// What both ends would say of one flow.
#[derive(Clone, Debug, Serialize)]
pub struct StagedAnswer {
    /// `allow` only if both ends would allow.
    #[serde(serialize_with = "in_words")]
    pub verdict: Verdict,
    /// Why, at the source, in one sentence.
    pub egress: String,
    /// Why, at the destination.
    pub ingress: String,
}

/// What one end says, and the way to it.
#[derive(Clone, Debug, Serialize)]
pub struct EndAnswer {
    /// Whose policies these are.
    pub end: String,
    /// What it says.
    #[serde(serialize_with = "in_words")]
    pub verdict: Verdict,
    /// `rule`, `default-deny`, or the word of a reason without a rule (ruling D3).
    pub reason: String,
    /// One sentence that says the same.
    pub meaning: String,
    /// An address that is not known yet could have changed this (ruling N10).
    pub undetermined: bool,
    /// The backend that was judged instead of a Service's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// The stages in order; none where no policy applies.
    pub stages: Vec<StageAnswer>,
}

/// What a stage said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageOutcome {
    /// No policy of this stage selects the end.
    NotSelected,
    /// Policies select the end, and no rule is about this flow.
    NoMatch,
    /// A rule passed the flow on to the next stage.
    Passed,
    /// It allowed the flow.
    Allowed,
    /// It denied the flow.
    Denied,
    /// An earlier stage had decided.
    NotAsked,
}

/// One stage.
#[derive(Clone, Debug, Serialize)]
pub struct StageAnswer {
    /// `Admin`, `NetworkPolicy` or `Baseline`.
    pub tier: String,
    /// What it said.
    pub outcome: StageOutcome,
    /// The rule, or the policies that isolate.
    pub by: Vec<By>,
}

/// A rule or policy with its place.
#[derive(Clone, Debug, Serialize)]
pub struct By {
    /// Its name.
    pub name: String,
    /// The file, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// Lines of a document with marks under what counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The lines, in order; some may be left out.
    pub lines: Vec<Line>,
    /// The marks, in order.
    pub marks: Vec<Mark>,
}

/// One line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number, from 1.
    pub number: u32,
    /// What it says.
    pub text: String,
}

/// A stretch of one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mark {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters.
    pub length: u32,
    /// Why it counts.
    pub label: String,
}

/// A rule that one single condition keeps from allowing the flow.
#[derive(Clone, Debug, Serialize)]
pub struct Near {
    /// Whose policies would have to say it: `egress` or `ingress`.
    pub direction: String,
    /// Which condition failed.
    pub sentence: String,
    /// The rule.
    #[serde(flatten)]
    pub rule: By,
}

fn in_words<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(verdict)
}
