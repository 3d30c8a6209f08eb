//! What opened and what closed between two worlds, by comparing the oracle's matrices.
//!
//! Whoever edits a policy wants to know what that opened and closed, not to read two matrices.

use std::collections::BTreeMap;

use model::{Reason, Verdict};

use crate::probe::Probe;

/// One thing that is possible now and was not, or the other way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who sends.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What, for example `8080/tcp`.
    pub traffic: String,
    /// What it is now.
    pub verdict: Verdict,
    /// Because of what.
    pub reason: Reason,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.verdict {
            Verdict::Allow => "+ opened",
            Verdict::Deny => "- closed",
        };
        let Self { from, to, traffic, reason, .. } = self;
        write!(f, "{word}  {from} -> {to} {traffic}  ({reason})")
    }
}

type Key<'a> = (&'a str, &'a str, String, bool);

/// Every flow whose verdict differs, once for both families where both changed alike. A flow that
/// one world lacks was, or is, impossible.
#[must_use]
pub fn changes(before: &[Probe], after: &[Probe]) -> Vec<Change> {
    let (old, new) = (verdicts(before), verdicts(after));
    let mut found: BTreeMap<(String, String, String, Verdict), Reason> = BTreeMap::new();
    let mut note = |key: &Key<'_>, verdict, reason: &Reason| {
        let key = (key.0.to_owned(), key.1.to_owned(), key.2.clone(), verdict);
        found.entry(key).or_insert_with(|| reason.clone());
    };
    for (key, (verdict, reason)) in &new {
        let was = old.get(key).map_or(Verdict::Deny, |(verdict, _)| *verdict);
        if was != *verdict {
            note(key, *verdict, reason);
        }
    }
    for (key, (verdict, reason)) in &old {
        if *verdict == Verdict::Allow && !new.contains_key(key) {
            note(key, Verdict::Deny, reason);
        }
    }
    let each =
        |((from, to, traffic, verdict), reason)| Change { from, to, traffic, verdict, reason };
    found.into_iter().map(each).collect()
}

fn verdicts(probes: &[Probe]) -> BTreeMap<Key<'_>, (Verdict, &Reason)> {
    probes
        .iter()
        .map(|probe| {
            let traffic = probe.flow.traffic().to_string();
            let key = (probe.from.as_str(), probe.to.as_str(), traffic, probe.source.is_ipv4());
            (key, (probe.decision.verdict(), &probe.decision.deciding().reason))
        })
        .collect()
}
