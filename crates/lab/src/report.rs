//! What a run found: every probe, and the counts of its last line.
//!
//! Renderings take a report and nothing else, so the matrix, the table, JSON and JUnit cannot
//! disagree.

use std::collections::BTreeSet;
use std::fmt;

use model::Verdict;

use crate::compare::Difference;
use crate::message::Outcome;
use crate::probe::Probe;

/// One probe and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// The probe.
    pub probe: Probe,
    /// What happened.
    pub outcome: Outcome,
    /// Where that disagrees with the oracle or with the kernel's events; empty is good.
    pub differences: Vec<Difference>,
}

/// What a run found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// The lab.
    pub lab: String,
    /// Every probe.
    pub results: Vec<ProbeResult>,
    /// The probes that did not reach their listener while nothing was enforced.
    pub control_failed: Vec<(Probe, Outcome)>,
    /// Flows that were asked for and that no packet of a lab can be.
    pub left_out: usize,
}

/// The numbers of the last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Ordered pairs of senders and receivers.
    pub pairs: usize,
    /// Probes sent with policies enforced.
    pub probes: usize,
    /// Those that the oracle allows.
    pub allowed: usize,
    /// Those that the oracle denies.
    pub denied: usize,
    /// Those for which every end that has a policy testified with the oracle's reason.
    pub events_matched: usize,
    /// Those that failed while nothing was enforced.
    pub control_failed: usize,
    /// Those that disagree in anything.
    pub differences: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pairs, probes, allowed, denied, events_matched, control_failed, differences } =
            self;
        write!(
            f,
            "pairs={pairs} probes={probes} allowed={allowed} denied={denied} \
             events_matched={events_matched} control_failed={control_failed} \
             differences={differences}"
        )
    }
}

impl RunReport {
    /// The numbers of the last line.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let pairs: BTreeSet<(&str, &str)> = self
            .results
            .iter()
            .map(|result| (result.probe.from.as_str(), result.probe.to.as_str()))
            .collect();
        let count = |wanted: fn(&ProbeResult) -> bool| {
            self.results.iter().filter(|result| wanted(result)).count()
        };
        Counts {
            pairs: pairs.len(),
            probes: self.results.len(),
            allowed: count(|result| result.probe.decision.verdict() == Verdict::Allow),
            denied: count(|result| result.probe.decision.verdict() == Verdict::Deny),
            events_matched: count(|result| !result.differences.iter().any(is_about_events)),
            control_failed: self.control_failed.len(),
            differences: count(|result| !result.differences.is_empty()),
        }
    }

    /// Whether reality agreed everywhere.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let counts = self.counts();
        counts.differences == 0 && counts.control_failed == 0
    }
}

fn is_about_events(difference: &Difference) -> bool {
    match difference {
        Difference::NotReached { .. }
        | Difference::NotDenied { .. }
        | Difference::WrongReceiver { .. } => false,
        Difference::NoEvent { .. }
        | Difference::OtherVerdict { .. }
        | Difference::OtherReason { .. } => true,
    }
}
