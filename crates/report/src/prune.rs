//! What nobody needs as rows, with the proof.
//!
//! What can be removed together for good stands apart from what only changes nothing today.

use analysis::prune::{Prune, Unneeded, Why};
use model::{Place, PolicyRef, Rules};
use serde::Serialize;

use crate::{Table, lines};

const PLAIN: [&str; 4] = ["what", "finding", "why", "covered by"];
const WIDE: [&str; 1] = ["place"];

/// One answer with its place.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    finding: Finding,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Why>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    covered_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

/// What is said of a rule or a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Finding {
    Removable,
    ChangesNothingToday,
    SelectsNothing,
}

impl Finding {
    fn word(self) -> &'static str {
        match self {
            Self::Removable => "removable",
            Self::ChangesNothingToday => "changes nothing today",
            Self::SelectsNothing => "selects nothing",
        }
    }
}

/// Every answer with its place.
#[must_use]
pub fn each(prune: &Prune, rules: &Rules) -> Vec<Line> {
    let unneeded = |finding| move |one: &Unneeded| of(one, finding, rules);
    let removable = prune.removable.iter().map(unneeded(Finding::Removable));
    let today = prune.today.iter().map(unneeded(Finding::ChangesNothingToday));
    let nothing = prune.selects_nothing.iter().map(|policy| selects_nothing(policy, rules));
    removable.chain(today).chain(nothing).collect()
}

fn of(one: &Unneeded, finding: Finding, rules: &Rules) -> Line {
    use analysis::prune::Removed;
    let place = match &one.what {
        Removed::Policy(policy) => rules.policy_place(policy),
        Removed::Rule(rule) => rules.place(rule),
    };
    Line {
        finding,
        what: one.what.to_string(),
        why: Some(one.why),
        covered_by: one.covered_by.iter().map(ToString::to_string).collect(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
    }
}

fn selects_nothing(policy: &PolicyRef, rules: &Rules) -> Line {
    let place: Option<&Place> = rules.policy_place(policy);
    Line {
        finding: Finding::SelectsNothing,
        what: policy.to_string(),
        why: None,
        covered_by: Vec::new(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
    }
}

/// The rows.
#[must_use]
pub fn table(all: &[Line]) -> Table {
    let mut table = Table::new(&PLAIN, &WIDE);
    for line in all {
        let place = line.file.as_ref().zip(line.line);
        let place = place.map(|(file, line)| format!("{file}:{line}")).unwrap_or_default();
        let why = line.why.map(why).unwrap_or_default().to_owned();
        let finding = line.finding.word().to_owned();
        table.push([line.what.clone(), finding, why, lines(&line.covered_by), place]);
    }
    table
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Covered => "others say the same",
        Why::Shadowed => "decided before it",
        Why::MatchesNobody => "matches nobody",
    }
}

/// How many of each, in one line.
#[must_use]
pub fn closing(prune: &Prune) -> Vec<String> {
    let counts = format!(
        "{} removable, {} change nothing today, {} policies select nothing",
        prune.removable.len(),
        prune.today.len(),
        prune.selects_nothing.len(),
    );
    let incomplete = "too many kinds of pods that could come: nothing is said of them";
    let incomplete = (!prune.complete_future).then(|| incomplete.to_owned());
    std::iter::once(counts).chain(incomplete).collect()
}
