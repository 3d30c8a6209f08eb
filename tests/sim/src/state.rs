//! The objects of a cluster: as they are, or as a node believes.
//!
//! Both are the same type, because a node's belief is the truth of some moment, kind by kind.

use std::collections::BTreeMap;

use model::AddressPlan;
use model::{Labels, Node, Pod, PolicyRef, Rule, Rules, Service, World, WorldError, WorldParts};

/// Namespace and name.
pub(crate) type Key = (String, String);

/// A pod's life: another pod of the same name is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) uid: u64,
    pub(crate) pod: Pod,
}

/// A policy object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) rules: Vec<Rule>,
    /// Connections that exist live on where it denies (ruling N25).
    pub(crate) keeps: bool,
    /// It is told and not enforced (ruling N37).
    pub(crate) is_staged: bool,
}

/// Everything that a node watches.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) namespaces: BTreeMap<String, Labels>,
    pub(crate) pods: BTreeMap<Key, Life>,
    pub(crate) policies: BTreeMap<usize, Policy>,
    pub(crate) services: BTreeMap<Key, Service>,
}

/// News of one object; without it, it is gone.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Namespace(String, Labels),
    Pod(Key, Option<Box<Life>>),
    Policy(usize, Option<Policy>),
    Service(Key, Option<Box<Service>>),
}

/// The kinds that are watched, each by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Namespaces,
    Pods,
    Policies,
    Services,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Namespaces, Self::Pods, Self::Policies, Self::Services];
}

impl News {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Namespace(..) => Kind::Namespaces,
            Self::Pod(..) => Kind::Pods,
            Self::Policy(..) => Kind::Policies,
            Self::Service(..) => Kind::Services,
        }
    }
}

impl State {
    pub(crate) fn learn(&mut self, news: News) {
        match news {
            News::Namespace(name, labels) => drop(self.namespaces.insert(name, labels)),
            News::Pod(key, Some(life)) => drop(self.pods.insert(key, *life)),
            News::Pod(key, None) => drop(self.pods.remove(&key)),
            News::Policy(at, Some(policy)) => drop(self.policies.insert(at, policy)),
            News::Policy(at, None) => drop(self.policies.remove(&at)),
            News::Service(key, Some(service)) => drop(self.services.insert(key, *service)),
            News::Service(key, None) => drop(self.services.remove(&key)),
        }
    }

    /// As a list of one kind, taken from `truth`.
    pub(crate) fn list(&mut self, kind: Kind, truth: &Self) {
        match kind {
            Kind::Namespaces => self.namespaces.clone_from(&truth.namespaces),
            Kind::Pods => self.pods.clone_from(&truth.pods),
            Kind::Policies => self.policies.clone_from(&truth.policies),
            Kind::Services => self.services.clone_from(&truth.services),
        }
    }

    pub(crate) fn world(&self) -> Result<World, WorldError> {
        World::new(WorldParts {
            namespaces: self.namespaces.clone(),
            pods: self.pods.values().map(|life| life.pod.clone()).collect(),
            nodes: nodes(),
            services: self.services.values().cloned().collect(),
            pod_networks: AddressPlan::pod_networks().to_vec(),
        })
    }

    pub(crate) fn rules(&self) -> Rules {
        let policies = self.policies.values();
        let all = Rules::new(policies.flat_map(|policy| policy.rules.clone()).collect());
        let named = |is: fn(&&Policy) -> bool| {
            let those = self.policies.values().filter(is).flat_map(|policy| &policy.rules);
            those.map(|rule| &rule.origin.policy)
        };
        let all = named(|policy| policy.keeps)
            .fold(all, |all, policy: &PolicyRef| all.with_keeping(policy.clone()));
        all.with_staged(named(|policy| policy.is_staged).cloned())
    }
}

/// The node that is simulated.
pub(crate) const HERE: &str = "node1";
/// Another one.
pub(crate) const ELSEWHERE: &str = "node2";

fn nodes() -> Vec<Node> {
    let node = |(name, last, zone): (&str, u8, &str)| Node {
        name: name.to_owned(),
        labels: Labels::default().with("zone", zone),
        addresses: vec![[172, 30, 0, last].into()],
    };
    [(HERE, 2, "east"), (ELSEWHERE, 3, "west")].into_iter().map(node).collect()
}
