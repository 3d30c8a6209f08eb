//! A test from its first namespace to the last: make, wait, step by step, remove.
//!
//! Whatever happens in between, an interruption too, what was made is removed unless it is to be kept.

use std::time::{Duration, Instant};

use cluster::{Connection, KINDS};
use model::Enforcement;
use serde_json::Value;

use crate::leftover::{clean_up, nothing};
use crate::round::{Patience, proof, settled};
use crate::step::{Facts, Step, steps};
use crate::{ConnectivityError, Counts, Failure, TestReport, objects, ready, stage, switch};

/// How often it is tried whether a new namespace is ready.
const EVERY: Duration = Duration::from_millis(200);

/// How a test is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The image of clients and servers, which has agnhost and a shell.
    pub image: String,
    /// The nodes to try; all that are ready where none is named.
    pub nodes: Vec<String>,
    /// The most nodes: pairs are their square.
    pub nodes_max: usize,
    /// Whether to leave there what was made.
    pub keep: bool,
    /// How long pods may take to get ready.
    pub ready_max: Duration,
    /// How long a set of policies may take to be in force everywhere.
    pub settle_max: Duration,
    /// How long one probe waits for an answer.
    pub probe_max: Duration,
}

/// Makes a test. `tell` hears what is going on; when `ended` is ready, the test ends early and there is no
/// report.
///
/// # Errors
/// Where the test cannot be made, which is something else than that it failed.
pub async fn run(
    connection: &Connection,
    settings: &Settings,
    tell: &(dyn Fn(&str) + Sync),
    ended: impl Future<Output = ()>,
) -> Result<Option<TestReport>, ConnectivityError> {
    nothing(&connection.client).await?;
    let enforcement = switch::enforcement(connection).await?;
    let test = Test { connection, settings, tell, enforcement };
    let done = tokio::select! {
        done = test.all() => done.map(Some),
        () = ended => Ok(None),
    };
    if settings.keep {
        tell("what was made is kept; `ringfence connectivity-test --clean-up` removes it");
        return done;
    }
    tell("removing what was made");
    let removed = clean_up(&connection.client).await;
    let report = done?;
    removed?;
    Ok(report)
}

struct Test<'a> {
    connection: &'a Connection,
    settings: &'a Settings,
    tell: &'a (dyn Fn(&str) + Sync),
    enforcement: Enforcement,
}

impl Test<'_> {
    async fn all(&self) -> Result<TestReport, ConnectivityError> {
        let Self { connection, settings, tell, .. } = *self;
        let mut nodes = ready::nodes(&connection.client, &settings.nodes).await?;
        let left_out = nodes.split_off(settings.nodes_max.min(nodes.len()));
        if !left_out.is_empty() {
            tell(&format!("left out, because they are too many: {}", left_out.join(", ")));
        }
        self.make(&nodes).await?;
        let facts = self.facts().await?;
        let mut report = TestReport { nodes, left_out, ..TestReport::default() };
        report.counts.pairs = report.nodes.len() * report.nodes.len();
        let mut before: Vec<Value> = Vec::new();
        let steps = steps(&facts);
        let (of, client) = (steps.len(), &connection.client);
        for (at, Step { name, policies }) in steps.into_iter().enumerate() {
            for policy in &policies {
                objects::apply(client, policy).await?;
            }
            for policy in &before {
                objects::remove(client, policy).await?;
            }
            let said = self.step(name, &mut report).await?;
            tell(&format!("{:>2}/{of} {name}: {said}", at + 1));
            before = policies;
        }
        Ok(report)
    }

    async fn make(&self, nodes: &[String]) -> Result<(), ConnectivityError> {
        let Self { connection, settings, tell, enforcement } = *self;
        tell(&format!("a client and a server on each of {} nodes", nodes.len()));
        for namespace in &stage::namespaces(enforcement) {
            objects::apply(&connection.client, namespace).await?;
        }
        for (at, node) in nodes.iter().enumerate() {
            for object in &stage::of_node(at, node, &settings.image) {
                self.apply_in_new_namespace(object).await?;
            }
        }
        ready::pods(&connection.client, 2 * nodes.len(), settings.ready_max, tell).await
    }

    /// A namespace takes no pods before its controller has given it an account for them.
    async fn apply_in_new_namespace(&self, object: &Value) -> Result<(), ConnectivityError> {
        let (begun, mut every) = (Instant::now(), tokio::time::interval(EVERY));
        loop {
            every.tick().await;
            match objects::apply(&self.connection.client, object).await {
                Err(error)
                    if error.is_about_account() && begun.elapsed() < self.settings.ready_max => {}
                done => return done,
            }
        }
    }

    /// What the steps depend on; that objects of others cannot be read is told.
    async fn facts(&self) -> Result<Facts, ConnectivityError> {
        let proof = proof(self.connection, self.enforcement).await?;
        if let Some((count, first)) = &proof.unreadable {
            (self.tell)(&format!("{count} objects of the cluster cannot be read: {first}"));
        }
        let first = proof.client(0)?.to_vec();
        let has_cluster_policies = self.has_cluster_policies().await;
        if !has_cluster_policies {
            (self.tell)("there are no ClusterNetworkPolicies here: their steps are left out");
        }
        Ok(Facts { first, has_cluster_policies })
    }

    async fn has_cluster_policies(&self) -> bool {
        let kind = KINDS.iter().find(|kind| kind.kind == "ClusterNetworkPolicy");
        match kind {
            Some(kind) => cluster::is_served(&self.connection.client, kind).await == Some(true),
            None => false,
        }
    }

    /// Tries one set of policies, and counts. Returns what there is to say of it.
    async fn step(
        &self,
        name: &'static str,
        report: &mut TestReport,
    ) -> Result<String, ConnectivityError> {
        let Settings { settle_max, probe_max, .. } = *self.settings;
        let probe_ms = u64::try_from(probe_max.as_millis()).unwrap_or(u64::MAX);
        let patience = Patience { probe_ms, step: settle_max };
        let begun = Instant::now();
        let round =
            settled(self.connection, (report.nodes.len(), self.enforcement), patience).await?;
        let mut counts = Counts { probes: round.probes.len(), ..Counts::default() };
        for (probe, outcome) in round.each() {
            match (outcome.is(probe.expected), probe.expected) {
                (false, _) => {
                    counts.failed += 1;
                    report.failures.push(Failure::new(name, &report.nodes, probe, outcome));
                }
                (true, model::Verdict::Allow) => counts.allowed += 1,
                (true, model::Verdict::Deny) => counts.denied += 1,
            }
        }
        report.steps.push(name.to_owned());
        let all = &mut report.counts;
        all.probes += counts.probes;
        all.allowed += counts.allowed;
        all.denied += counts.denied;
        all.failed += counts.failed;
        let Counts { probes, allowed, denied, failed, .. } = counts;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(format!(
            "{probes} probes, {allowed} allowed, {denied} denied, {failed} failed, {seconds:.1} s"
        ))
    }
}
