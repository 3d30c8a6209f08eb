//! The smallest change that would allow a denied flow, as a patch that was tried before it is shown.
//!
//! Each end that denies is opened by itself: an item or a rule in a policy that speaks for just that
//! workload, or a policy of its own. What is offered opens what was asked for and nothing else, or
//! nothing is offered and the reason is said.

mod candidate;
mod edit;
mod label;
mod opening;
mod reduced;
mod refusal;
mod verify;
mod work;
mod yaml;

use std::sync::Arc;

use model::{Direction, Flow, Verdict};
use policy::Trace;
use serde::Serialize;

use crate::question::{Input, Question};
use opening::Opening;
use work::Work;

pub use refusal::Refusal;

/// What would allow a denied flow.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// This change.
    Patch(Patch),
    /// No change that could be offered, because of this.
    None(Refusal),
}

/// A change of documents.
#[derive(Clone, Debug, Serialize)]
pub struct Patch {
    /// What it does, a sentence for each change.
    pub changes: Vec<String>,
    /// The change as a unified diff, for `patch -p1` and `git apply`.
    pub text: String,
    /// The documents.
    #[serde(skip)]
    pub documents: Vec<Patched>,
}

/// A document and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patched {
    /// Its name.
    pub name: Arc<str>,
    /// Its text before; none where it is new.
    pub before: Option<Arc<str>>,
    /// Its text after.
    pub after: String,
}

impl Patched {
    fn diff(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        // A patch knows no absolute paths: those are applied from the root.
        let path = self.name.trim_start_matches("./").trim_start_matches('/');
        // A name with blanks ends where a tab does.
        let tab = if path.contains(' ') { "\t" } else { "" };
        let old = match self.before {
            Some(_) => format!("a/{path}{tab}"),
            None => "/dev/null".to_owned(),
        };
        let diff = similar::TextDiff::from_lines(before, &self.after);
        diff.unified_diff().header(&old, &format!("b/{path}{tab}")).to_string()
    }
}

/// What would allow all of `denied`.
pub(crate) fn remedy(input: &Input<'_>, question: &Question, denied: &[&(&Flow, Trace)]) -> Remedy {
    match patch(input, question, denied) {
        Ok(patch) => Remedy::Patch(patch),
        Err(refusal) => Remedy::None(refusal),
    }
}

fn patch(
    input: &Input<'_>,
    question: &Question,
    denied: &[&(&Flow, Trace)],
) -> Result<Patch, Refusal> {
    if !input.is_complete {
        return Err(Refusal::Incomplete);
    }
    let mut openings: Vec<Opening> = Vec::new();
    for (flow, trace) in denied {
        let ends = [(Direction::Egress, &trace.egress), (Direction::Ingress, &trace.ingress)];
        for (direction, end) in ends {
            if end.judgement.verdict == Verdict::Deny {
                let opening = opening::of(input, question, flow, direction, end)?;
                if !openings.iter().any(|known| known.is_same(&opening)) {
                    openings.push(opening);
                }
            }
        }
    }
    let mut work = Work::new(input);
    for opening in &openings {
        work.open(opening)?;
    }
    let flows: Vec<&Flow> = denied.iter().map(|(flow, _)| *flow).collect();
    work.allows(&flows)?;
    let (changes, documents) = work.finish();
    let text = documents.iter().map(Patched::diff).collect();
    Ok(Patch { changes, text, documents })
}
