//! What a test found: counts, and every probe that came out otherwise than the oracle says.
//!
//! Plain data; whoever prints decides how.

use std::fmt;

use serde::Serialize;

use crate::{Outcome, Probe};

/// A probe that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The set of policies.
    pub step: String,
    /// The node that it came from.
    pub from: String,
    /// The node that it went to.
    pub to: String,
    /// `pod` or `service`.
    pub by: &'static str,
    /// What was dialled.
    pub address: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// What the oracle says.
    pub expected: String,
    /// What happened.
    pub found: String,
    /// The rule or the fact that should have decided.
    pub rule: String,
}

impl Failure {
    pub(crate) fn new(step: &str, nodes: &[String], probe: &Probe, found: &Outcome) -> Self {
        let node = |at: usize| nodes.get(at).cloned().unwrap_or_default();
        Self {
            step: step.to_owned(),
            from: node(probe.client),
            to: node(probe.server),
            by: if probe.is_service { "service" } else { "pod" },
            address: probe.target.to_string(),
            protocol: probe.protocol.to_string().to_lowercase(),
            expected: probe.expected.to_string(),
            found: found.to_string(),
            rule: probe.reason.clone(),
        }
    }
}

/// How many there were of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Ordered pairs of nodes.
    pub pairs: usize,
    /// Probes of all steps.
    pub probes: usize,
    /// Those that were to be allowed, and were.
    pub allowed: usize,
    /// Those that were to be denied, and were.
    pub denied: usize,
    /// Those that came out otherwise.
    pub failed: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pairs, probes, allowed, denied, failed } = self;
        write!(f, "pairs={pairs} probes={probes} allowed={allowed} denied={denied} failed={failed}")
    }
}

/// What a test found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// The nodes, by name.
    pub nodes: Vec<String>,
    /// Nodes that were left out because there were too many.
    pub left_out: Vec<String>,
    /// The sets of policies that were tried.
    pub steps: Vec<String>,
    /// How many there were of what.
    pub counts: Counts,
    /// Every probe that came out otherwise.
    pub failures: Vec<Failure>,
}

impl TestReport {
    /// Why this proves nothing, where it does not.
    #[must_use]
    pub fn proves_nothing(&self) -> Option<&'static str> {
        match self.counts {
            Counts { denied: 0, .. } => {
                Some("nothing was denied, so nothing shows that policies are enforced")
            }
            Counts { allowed: 0, .. } => {
                Some("nothing was allowed, so nothing shows that the network works")
            }
            Counts { .. } => None,
        }
    }

    /// Whether the network does what the oracle says.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.counts.failed == 0 && self.proves_nothing().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(allowed: usize, denied: usize, failed: usize) -> TestReport {
        let counts =
            Counts { pairs: 1, probes: allowed + denied + failed, allowed, denied, failed };
        TestReport { counts, ..TestReport::default() }
    }

    #[test]
    fn a_test_is_good_only_if_something_was_allowed_and_something_denied() {
        assert!(report(1, 1, 0).is_good());
        assert!(!report(1, 1, 1).is_good());
        assert!(!report(2, 0, 0).is_good() && report(2, 0, 0).proves_nothing().is_some());
        assert!(!report(0, 2, 0).is_good() && report(0, 2, 0).proves_nothing().is_some());
    }

    #[test]
    fn the_closing_line_says_all_counts() {
        let line = report(3, 2, 1).counts.to_string();
        assert_eq!(line, "pairs=1 probes=6 allowed=3 denied=2 failed=1");
    }
}
