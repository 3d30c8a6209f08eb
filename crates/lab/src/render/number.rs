//! Numbers for reasons, so that a cell of a matrix can name its rule in one character or two.
//!
//! Long names in every cell cannot be read; a number and a legend can.

use std::collections::BTreeMap;

use model::{Reason, Rules, Verdict};

use crate::report::ProbeResult;

/// A verdict and its reason: what one entry of the legend explains.
pub(super) type Cause<'a> = (Verdict, &'a Reason);

/// Every cause of a report with its number, from 1, allowing ones first.
pub(super) struct Numbers<'a>(BTreeMap<Cause<'a>, usize>);

impl<'a> Numbers<'a> {
    pub(super) fn of(results: &'a [ProbeResult]) -> Self {
        let mut causes: Vec<Cause<'a>> = results.iter().map(cause).collect();
        causes.sort_unstable_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
        causes.dedup();
        Self(causes.into_iter().zip(1..).collect())
    }

    pub(super) fn get(&self, cause: &Cause<'a>) -> usize {
        self.0.get(cause).copied().unwrap_or_default()
    }

    /// The lines that explain the numbers, in their order.
    pub(super) fn legend(&self, rules: &Rules) -> Vec<String> {
        let mut entries: Vec<_> = self.0.iter().map(|(cause, number)| (number, cause)).collect();
        entries.sort_unstable();
        entries
            .into_iter()
            .map(|(number, (verdict, reason))| {
                format!("  {}{number:<3} {reason}{}", sign(*verdict), place(reason, rules))
            })
            .collect()
    }
}

/// What decided a probe (ruling D1).
pub(super) fn cause(result: &ProbeResult) -> Cause<'_> {
    let decision = &result.probe.decision;
    (decision.verdict(), &decision.deciding().reason)
}

/// Says allow or deny without colour.
pub(super) fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Allow => '+',
        Verdict::Deny => '-',
    }
}

/// Where a person wrote the reason.
pub(super) fn place(reason: &Reason, rules: &Rules) -> String {
    let place = rules.reason_place(reason);
    place.map(|place| format!("  ({}:{})", place.file, place.line)).unwrap_or_default()
}
