//! What the controller counts, by the names that docs/metrics.md lists.
//!
//! Whoever counts says what happened; names are here alone.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::kinds::policies;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWrite {
    kind: &'static str,
    result: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByEvent {
    result: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Outcome {
    Success,
    Failure,
    Left,
}

/// How many there are of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Policies by kind.
    pub policies: Vec<(&'static str, usize)>,
    /// Policies that cannot be read.
    pub unreadable: usize,
    /// Nodes that should have an agent.
    pub nodes: usize,
    /// Those of them of which no agent has said anything.
    pub silent: usize,
}

/// Everything that is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    leader: Gauge,
    writes: Family<ByWrite, Counter>,
    events: Family<ByEvent, Counter>,
    policies: Family<ByKind, Gauge>,
    unreadable: Gauge,
    nodes: Gauge,
    silent: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            leader: Gauge::default(),
            writes: Family::default(),
            events: Family::default(),
            policies: Family::default(),
            unreadable: Gauge::default(),
            nodes: Gauge::default(),
            silent: Gauge::default(),
        };
        metrics.registry = Arc::new(metrics.registered());
        metrics.begin();
        metrics
    }
}

impl Metrics {
    /// All of them in the text format of OpenMetrics.
    ///
    /// # Errors
    /// Never in practice: text is written to memory.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// What never happened is 0 and not absent.
    fn begin(&self) {
        for kind in policies().map(|kind| kind.kind) {
            drop(self.policies.get_or_create(&ByKind { kind }));
            for result in [Outcome::Success, Outcome::Failure] {
                drop(self.writes.get_or_create(&ByWrite { kind, result }));
            }
        }
        for result in [Outcome::Success, Outcome::Failure, Outcome::Left] {
            drop(self.events.get_or_create(&ByEvent { result }));
        }
    }

    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("ringfence_controller");
        let it = self;
        registry.register("leader", "1 where this controller writes", it.leader.clone());
        let help = "Writes about policies, by the policy's kind and how they ended";
        registry.register("writes", help, it.writes.clone());
        let help = "Events by how they ended; left are those that would have been too many";
        registry.register("events", help, it.events.clone());
        registry.register("policies", "Policies that are known", it.policies.clone());
        registry.register(
            "policies_unreadable",
            "Policies that cannot be read",
            it.unreadable.clone(),
        );
        registry.register("nodes", "Nodes that should have an agent", it.nodes.clone());
        registry.register(
            "nodes_silent",
            "Those of them of which no agent has said anything",
            it.silent.clone(),
        );
        registry
    }

    pub(crate) fn leads(&self, is_leading: bool) {
        self.leader.set(i64::from(is_leading));
    }

    pub(crate) fn written(&self, kind: &'static str, is_done: bool) {
        let result = if is_done { Outcome::Success } else { Outcome::Failure };
        self.writes.get_or_create(&ByWrite { kind, result }).inc();
    }

    pub(crate) fn told(&self, is_done: bool) {
        let result = if is_done { Outcome::Success } else { Outcome::Failure };
        self.events.get_or_create(&ByEvent { result }).inc();
    }

    pub(crate) fn untold(&self) {
        self.events.get_or_create(&ByEvent { result: Outcome::Left }).inc();
    }

    pub(crate) fn counts(&self, counts: &Counts) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (kind, count) in &counts.policies {
            self.policies.get_or_create(&ByKind { kind }).set(number(*count));
        }
        self.unreadable.set(number(counts.unreadable));
        self.nodes.set(number(counts.nodes));
        self.silent.set(number(counts.silent));
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/metrics.md");

    #[test]
    fn the_page_lists_every_metric_with_its_help_and_no_other() {
        let text = Metrics::default().text().unwrap();
        let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let found = helps.map(|line| line.split_once(' ').unwrap());
        let found: BTreeSet<String> = found
            .map(|(name, help)| format!("| `{name}` | {} |", help.trim_end_matches('.')))
            .collect();
        let rows = PAGE.lines().filter(|line| line.starts_with("| `ringfence_controller"));
        let rows: BTreeSet<String> = rows
            .map(|row| {
                let cells: Vec<&str> = row.split('|').map(str::trim).collect();
                format!("| {} | {} |", cells[1], cells[3])
            })
            .collect();
        assert_eq!(rows, found);
    }
}
