//! Tests judged by what was seen to happen: which flows to try, and whether they went as they must.
//!
//! What no packet can be tried for, because nobody stands there yet, is left to the proof.

use model::{End, Family, Flow, Verdict};

use super::concrete::is_local;
use super::{Judge, Outcome};
use crate::counterexample::Counterexample;
use crate::{Case, Kind, Party};

/// A flow that a test is about, and what must become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The flow.
    pub flow: Flow,
    /// What must become of it.
    pub verdict: Verdict,
}

impl Judge<'_> {
    /// The flows of a test among those who exist, and with one address of each kind.
    #[must_use]
    pub fn expected(&self, case: &Case) -> Vec<Expected> {
        let mut all = Vec::new();
        for family in self.families(case) {
            let sources = self.expected_of(case, family);
            for to in self.destinations(case, family) {
                for (source, verdict) in &sources {
                    let both = source.pod().is_some() && source.pod() == to.end.pod();
                    // What a node sends to its own pods is let in whatever a test says.
                    if both || *verdict == Verdict::Deny && is_local(self.world, source, &to.end) {
                        continue;
                    }
                    let flows = to.traffic.iter().filter_map(|traffic| {
                        let flow = self.flow(source, &to.end, *traffic, family)?;
                        Some(if to.through.is_some() { flow.through_service() } else { flow })
                    });
                    all.extend(flows.map(|flow| Expected { flow, verdict: *verdict }));
                }
            }
        }
        all
    }

    fn expected_of(&self, case: &Case, family: Family) -> Vec<(End, Verdict)> {
        let with = |ends: Vec<End>, verdict| ends.into_iter().map(move |end| (end, verdict));
        let named = self.ends(&case.from, family, case.kind);
        let others = || {
            let members = Party { members: self.suspects(case), ..Party::default() };
            let mut ends = self.ends(&members, family, case.kind);
            ends.extend(self.ends_beyond(&case.from, family));
            ends
        };
        match case.kind {
            Kind::Allow => with(named, Verdict::Allow).collect(),
            Kind::Deny | Kind::Never => with(named, Verdict::Deny).collect(),
            Kind::Only => with(others(), Verdict::Deny).collect(),
            Kind::ReachableBy => {
                with(named, Verdict::Allow).chain(with(others(), Verdict::Deny)).collect()
            }
        }
    }

    /// Judges a test by what `seen` says became of its flows; of some nobody may know.
    #[must_use]
    pub fn judge_seen(&self, case: &Case, seen: impl Fn(&Flow) -> Option<Verdict>) -> Outcome {
        let mut outcome = Outcome::default();
        for Expected { flow, verdict } in self.expected(case) {
            let Some(was) = seen(&flow) else { continue };
            outcome.asked += 1;
            if was != verdict {
                let decision = policy::decide(self.world, self.rules, &flow);
                let shown = Counterexample::new(self.world, self.rules, &flow, &decision, |_| None);
                outcome.fail(Counterexample { verdict: was, ..shown });
            }
        }
        outcome
    }
}
