//! What the agent counts, by the names that docs/metrics.md lists.
//!
//! Whoever counts says what happened; names and units are here alone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use abi::{Event, EventKind, verdict_code};
use enforce::PodState;
use enforce::status::NodeStatus;
use model::{Enforcement, Verdict};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::Switch;
use crate::label::{
    ByCommand, ByEvent, ByKind, ByResult, ByStep, EVENTS, Outcome, STEPS, Step, outcome, word_of,
};
use crate::node_agent::NodeAgent;
use crate::plugin::COMMANDS;

/// From half a millisecond to half a minute.
const FIRST: f64 = 0.0005;
const FACTOR: f64 = 2.0;
const BUCKETS: u16 = 17;

/// Everything that is counted.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    programs: Family<ByResult, Counter>,
    program_seconds: Histogram,
    step_seconds: Family<ByStep, Histogram, fn() -> Histogram>,
    change_seconds: Histogram,
    asks: Family<ByCommand, Counter>,
    adds: Family<ByResult, Counter>,
    add_seconds: Histogram,
    flows: Family<ByEvent, Counter>,
    staged_denials: Counter,
    news: Counter,
    objects: Family<ByKind, Gauge>,
    unreadable: Gauge,
    attached: Gauge,
    unenforced: Gauge,
    unattached: Gauge,
    unprotected: Gauge,
    ready: Gauge,
    audit: Gauge,
    disabled: Gauge,
    not_programmed: Gauge,
    alarms: Gauge,
    repairs: Gauge,
    established: Gauge,
    established_max: Gauge,
    events_lost: Gauge,
    map_bytes: Gauge<f64, AtomicU64>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(FIRST, FACTOR, BUCKETS))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            programs: Family::default(),
            program_seconds: seconds(),
            step_seconds: Family::new_with_constructor(seconds),
            change_seconds: seconds(),
            asks: Family::default(),
            adds: Family::default(),
            add_seconds: seconds(),
            flows: Family::default(),
            staged_denials: Counter::default(),
            news: Counter::default(),
            objects: Family::default(),
            unreadable: Gauge::default(),
            attached: Gauge::default(),
            unenforced: Gauge::default(),
            unattached: Gauge::default(),
            unprotected: Gauge::default(),
            ready: Gauge::default(),
            audit: Gauge::default(),
            disabled: Gauge::default(),
            not_programmed: Gauge::default(),
            alarms: Gauge::default(),
            repairs: Gauge::default(),
            established: Gauge::default(),
            established_max: Gauge::default(),
            events_lost: Gauge::default(),
            map_bytes: Gauge::default(),
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

    /// What never happened is 0 and not absent: a rate needs a beginning.
    fn begin(&self) {
        for result in [Outcome::Success, Outcome::Failure] {
            drop(self.programs.get_or_create(&ByResult { result }));
            drop(self.adds.get_or_create(&ByResult { result }));
        }
        for command in COMMANDS {
            drop(self.asks.get_or_create(&ByCommand { command }));
        }
        for event in EVENTS.map(word_of) {
            drop(self.flows.get_or_create(&ByEvent { event }));
        }
        for kind in &cluster::KINDS {
            drop(self.objects.get_or_create(&ByKind { kind: kind.kind }));
        }
        for step in STEPS {
            drop(self.step_seconds.get_or_create(&ByStep { step: step.word() }));
        }
    }

    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("ringfence_agent");
        self.register_work(&mut registry);
        self.register_state(&mut registry);
        self.register_kernel(&mut registry);
        registry
    }

    fn register_work(&self, registry: &mut Registry) {
        let it = self;
        registry.register(
            "programs",
            "Times the tables were led to what is wanted",
            it.programs.clone(),
        );
        let help = "How long that took";
        registry.register_with_unit("program", help, Unit::Seconds, it.program_seconds.clone());
        let help = "How long each step of that took";
        registry.register_with_unit("step", help, Unit::Seconds, it.step_seconds.clone());
        let help = "From the first news of a change to its last write";
        registry.register_with_unit("change", help, Unit::Seconds, it.change_seconds.clone());
        registry.register("cni_requests", "Questions of the plugin", it.asks.clone());
        registry.register("cni_adds", "ADDs by how they ended", it.adds.clone());
        let help = "From an ADD's question to its answer";
        registry.register_with_unit("cni_add", help, Unit::Seconds, it.add_seconds.clone());
        registry.register("flow_events", "What the kernel said of flows", it.flows.clone());
        registry.register(
            "staged_denials",
            "Ends of new connections that were let through and that staged policies would deny",
            it.staged_denials.clone(),
        );
        registry.register(
            "news_lines",
            "Lines of news about hooks, tables and the node",
            it.news.clone(),
        );
    }

    fn register_state(&self, registry: &mut Registry) {
        let it = self;
        registry.register("objects", "Objects that are known", it.objects.clone());
        registry.register(
            "objects_unreadable",
            "Objects that cannot be read and keep their last good version",
            it.unreadable.clone(),
        );
        registry.register(
            "pods_attached",
            "Interfaces of pods that are attached",
            it.attached.clone(),
        );
        registry.register(
            "pods_unenforced",
            "Those of them whose policies are not in force",
            it.unenforced.clone(),
        );
        registry.register(
            "pods_unattached",
            "Pods of this node that run and are not attached",
            it.unattached.clone(),
        );
        registry.register(
            "pods_unprotected",
            "Pods that a setting lets run without any policy",
            it.unprotected.clone(),
        );
        registry.register(
            "ready",
            "1 where everything on the node is as it should be",
            it.ready.clone(),
        );
        registry.register(
            "audit",
            "1 while policies are staged, by the switch or beside another engine",
            it.audit.clone(),
        );
        registry.register(
            "disabled",
            "1 while somebody took policies out of force for a while",
            it.disabled.clone(),
        );
    }

    fn register_kernel(&self, registry: &mut Registry) {
        let it = self;
        registry.register(
            "not_programmed",
            "Endpoints, Services and addresses that tables have no room for",
            it.not_programmed.clone(),
        );
        registry.register("alarms", "What somebody should look at", it.alarms.clone());
        registry.register(
            "hook_repairs",
            "What was put right on hooks since the agent started",
            it.repairs.clone(),
        );
        registry.register(
            "connections_established",
            "Connections that are never forgotten early",
            it.established.clone(),
        );
        registry.register(
            "connections_established_max",
            "The most of them that there is room for",
            it.established_max.clone(),
        );
        registry.register(
            "events_lost",
            "Events that found no room in the ring since it was made",
            it.events_lost.clone(),
        );
        registry.register_with_unit(
            "map_memory",
            "What the maps take of the kernel's memory",
            Unit::Bytes,
            it.map_bytes.clone(),
        );
    }

    pub(crate) fn programmed(&self, is_done: bool, took: Duration, since: Duration) {
        self.programs.get_or_create(&ByResult { result: outcome(is_done) }).inc();
        self.program_seconds.observe(took.as_secs_f64());
        if is_done {
            self.change_seconds.observe(since.as_secs_f64());
        }
    }

    /// Does one step, and notes how long it took.
    pub(crate) fn step<T>(&self, step: Step, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = work();
        self.step_seconds
            .get_or_create(&ByStep { step: step.word() })
            .observe(begun.elapsed().as_secs_f64());
        done
    }

    pub(crate) fn asked(&self, command: &'static str) {
        self.asks.get_or_create(&ByCommand { command }).inc();
    }

    pub(crate) fn added(&self, is_enforced: bool, took: Duration) {
        self.adds.get_or_create(&ByResult { result: outcome(is_enforced) }).inc();
        self.add_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn flows(&self, events: &[Event]) {
        for kind in events.iter().filter_map(|event| EventKind::from_code(event.kind)) {
            let event = word_of(kind);
            self.flows.get_or_create(&ByEvent { event }).inc();
        }
        let staged = events.iter().filter(|event| would_be_denied(event));
        self.staged_denials.inc_by(staged.count() as u64);
    }

    pub(crate) fn said(&self) {
        self.news.inc();
    }

    pub(crate) fn gauges(&self, agent: &NodeAgent, states: &[Option<PodState>], is_ready: bool) {
        for (kind, count) in agent.view.counts() {
            self.objects.get_or_create(&ByKind { kind }).set(number(count));
        }
        let unenforced = states.iter().filter(|state| **state != Some(PodState::Enforced));
        self.unreadable.set(number(agent.unreadable.len()));
        self.attached.set(number(states.len()));
        self.unenforced.set(number(unenforced.count()));
        self.unattached.set(number(agent.unattached.len()));
        self.unprotected.set(number(agent.unprotected.len()));
        self.ready.set(i64::from(is_ready));
        let mode = agent.view.switch().map(Switch::enforcement);
        self.audit.set(i64::from(mode == Some(Enforcement::Audit)));
        self.disabled.set(i64::from(mode == Some(Enforcement::Disabled)));
    }

    pub(crate) fn status(&self, status: &NodeStatus) {
        self.not_programmed.set(number(status.not_programmed));
        self.alarms.set(number(status.alarms.len()));
        self.repairs.set(number(status.repairs.iter().map(|repair| repair.count).sum::<u64>()));
        self.established.set(number(status.established.used));
        self.established_max.set(number(status.established.capacity));
        self.events_lost.set(number(status.events_lost));
        #[expect(clippy::cast_precision_loss, reason = "no kernel has so much memory")]
        self.map_bytes.set(status.memory as f64);
    }
}

/// Whether what opened would not, if what is staged were enforced. Where nothing is staged the kernel
/// leaves rule and reason empty.
fn would_be_denied(event: &Event) -> bool {
    let is_staged = event.staged_rule != 0 || event.staged_reason != 0;
    let staged = verdict_code::verdict(event.staged_verdict);
    event.kind == EventKind::Opened as u8 && is_staged && staged == Verdict::Deny
}

fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const PAGE: &str = include_str!("../../../docs/metrics.md");

    #[test]
    fn only_what_opened_and_staged_policies_deny_is_a_staged_denial() {
        let opened = Event { kind: EventKind::Opened as u8, ..Event::default() };
        let allowed = Event { staged_rule: 7, staged_verdict: verdict_code::ALLOW, ..opened };
        let by_rule = Event { staged_rule: 7, ..opened };
        let by_isolation = Event { staged_reason: 3, ..opened };
        let denied = Event { kind: EventKind::Denied as u8, ..by_rule };
        let metrics = Metrics::default();
        metrics.flows(&[opened, allowed, by_rule, by_isolation, denied]);
        let text = metrics.text().unwrap();
        assert!(text.contains("\nringfence_agent_staged_denials_total 2\n"), "{text}");
    }

    #[test]
    fn the_page_lists_every_metric_with_its_help_and_no_other() {
        let text = Metrics::default().text().unwrap();
        let helps = text.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let found = helps.map(|line| line.split_once(' ').unwrap());
        let found: BTreeSet<String> = found
            .map(|(name, help)| format!("| `{name}` | {} |", help.trim_end_matches('.')))
            .collect();
        let rows = PAGE.lines().filter(|line| line.starts_with("| `ringfence_agent"));
        let rows: BTreeSet<String> = rows
            .map(|row| {
                let cells: Vec<&str> = row.split('|').map(str::trim).collect();
                format!("| {} | {} |", cells[1], cells[3])
            })
            .collect();
        assert_eq!(rows, found);
    }
}
