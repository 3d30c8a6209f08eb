//! What there is to say of the node to the API server, gathered from what the agent knows.
//!
//! It reads no map and asks nobody, so it costs a change nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::{Endpoints, Enforcement, LISTED_MAX, Lacking, NodeStatus, Timestamp};
use cluster::KINDS;
use enforce::{NotProgrammed, PodState};
use model::PolicyRef;

use crate::in_force::now;
use crate::node_agent::NodeAgent;
use crate::publish::Report;

/// An agent that has just started says nothing for so long, unless everything is in force before: what the
/// agent before it said is still so.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// What was said last of the node as a whole.
#[derive(Debug)]
pub(crate) struct Said {
    begun: Instant,
    ready: bool,
    since: Timestamp,
}

impl Said {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), ready: false, since: now() }
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }
}

impl NodeAgent {
    /// Hands over what there is to say; whoever writes it does so when there is time.
    pub(crate) fn tell(&mut self, lacks: &[String]) {
        let ready = lacks.is_empty();
        if ready != self.said.ready {
            (self.said.ready, self.said.since) = (ready, now());
        }
        let Some(uid) = self.view.uid_of_node(&self.settings.node) else { return };
        if self.is_settled || self.said.begun.elapsed() >= FIRST_WORD {
            self.mailbox.post(Report { status: self.of_node(lacks), owner: uid.to_owned() });
        }
    }

    /// What the switch says.
    fn enforcement(&self) -> Enforcement {
        self.view.switch().map_or_else(Enforcement::default, |switch| word(switch.enforcement()))
    }

    fn of_node(&self, lacks: &[String]) -> NodeStatus {
        let states = self.attachments.iter().map(|(id, _)| self.enforcer.state(id));
        let is_enforced = |state: &Option<PodState>| *state == Some(PodState::Enforced);
        let enforced = states.filter(is_enforced).count();
        let refused = self.enforcer.refused_on_node();
        let not_programmed = not_programmed(self.enforcer.not_programmed(), &refused);
        let unreadable: Vec<Lacking> = self.unreadable.iter().map(unreadable).collect();
        NodeStatus {
            ready: self.said.ready,
            since: self.said.since,
            lacks: lacks.iter().take(LISTED_MAX).cloned().collect(),
            enforcement: self.enforcement(),
            agent_version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoints: Endpoints {
                attached: number(self.attachments.iter().count()),
                enforced: number(enforced),
            },
            in_force: self.in_force.kinds(),
            not_programmed_count: number(not_programmed.len()),
            not_programmed: cut(not_programmed),
            unreadable_count: number(unreadable.len()),
            unreadable: cut(unreadable),
            last_change: self.in_force.last(),
        }
    }
}

/// Of a namespace it may be said otherwise, which is not of the node.
fn word(enforcement: model::Enforcement) -> Enforcement {
    match enforcement {
        model::Enforcement::Enforce => Enforcement::Enforce,
        model::Enforcement::Audit => Enforcement::Audit,
        model::Enforcement::Disabled => Enforcement::Disabled,
    }
}

fn number(count: usize) -> u32 {
    count.try_into().unwrap_or(u32::MAX)
}

fn cut(mut all: Vec<Lacking>) -> Vec<Lacking> {
    all.truncate(LISTED_MAX);
    all
}

/// Policies first: a list that is cut is then likely to have them all.
fn not_programmed(
    left_out: &NotProgrammed,
    (refused, why): &(Vec<PolicyRef>, Vec<String>),
) -> Vec<Lacking> {
    let mut policies: BTreeMap<&PolicyRef, (String, usize)> = BTreeMap::new();
    for held in &left_out.endpoints {
        for policy in &held.policies {
            policies.entry(policy).or_insert_with(|| (held.to_string(), 0)).1 += 1;
        }
    }
    for policy in refused {
        policies.entry(policy).or_insert_with(|| (why.join("; "), 0)).1 += 1;
    }
    let policies = policies.into_iter().map(|(policy, (reason, count))| Lacking {
        kind: policy.kind.to_string(),
        namespace: policy.namespace.clone().unwrap_or_default(),
        name: policy.name.clone(),
        reason: with_others(reason, count),
    });
    let services = left_out.services.iter();
    let services = services.map(|held| of_object("Service", &held.service, held.to_string()));
    let endpoints = left_out.endpoints.iter();
    let endpoints = endpoints.map(|held| of_object("Pod", &held.pod, held.to_string()));
    let peers = left_out.peers.iter().map(|held| of_object("Pod", &held.pod, held.to_string()));
    policies.chain(services).chain(endpoints).chain(peers).collect()
}

fn with_others(reason: String, count: usize) -> String {
    match count {
        0 | 1 => reason,
        more => format!("{reason} (and {} more endpoints)", more - 1),
    }
}

/// Of `namespace/name`, or of what has no namespace.
fn of_object(kind: &str, named: &str, reason: String) -> Lacking {
    let (namespace, name) = named.split_once('/').unwrap_or(("", named));
    let (kind, namespace, name) = (kind.to_owned(), namespace.to_owned(), name.to_owned());
    Lacking { kind, namespace, name, reason }
}

/// Of the name that a document has, `plural/namespace/name`.
fn unreadable((document, problem): (&String, &String)) -> Lacking {
    let (plural, named) = document.split_once('/').unwrap_or(("", document));
    let kind = KINDS.iter().find(|kind| kind.plural == plural);
    of_object(kind.map_or(plural, |kind| kind.kind), named, problem.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_cannot_be_read_is_named_by_kind_namespace_and_name() {
        let of = |document: &str| unreadable((&document.to_owned(), &"wrong".to_owned()));
        assert!(of("networkpolicies/shop/web").is("NetworkPolicy", "shop", "web"));
        assert!(of("clusternetworkpolicies/web").is("ClusterNetworkPolicy", "", "web"));
        assert_eq!(of("nodes/n1").reason, "wrong");
    }

    #[test]
    fn a_policy_that_is_not_in_force_on_many_endpoints_is_named_once() {
        assert_eq!(with_others("no room".into(), 1), "no room");
        assert_eq!(with_others("no room".into(), 3), "no room (and 2 more endpoints)");
    }

    #[test]
    fn what_is_refused_on_the_node_itself_is_its_policy() {
        let policy = PolicyRef {
            name: "host".into(),
            namespace: None,
            kind: model::PolicyKind::ClusterNetworkPolicy,
        };
        let refused = (vec![policy], vec!["it cuts the node off".to_owned()]);
        let all = not_programmed(&NotProgrammed::default(), &refused);
        let is_it = |one: &Lacking| one.is("ClusterNetworkPolicy", "", "host");
        assert!(all.len() == 1 && all.iter().all(is_it), "{all:?}");
    }
}
