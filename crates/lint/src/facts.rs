//! Everything that a lint may look at: what was written, what it means, and an index over both.
//!
//! It is made once for a check, so that no lint walks over all objects for each of them.

use std::collections::BTreeMap;

use manifest::{Document, Options, Reading, Span};
use model::{
    Direction, End, Labels, Pod, PodId, PolicyKind, PolicyRef, Rules, Service, TargetPort, World,
};

use crate::effective::Effective;
use crate::index::Index;
use crate::lint::Need;
use crate::tree::{Object, objects};
use crate::written::{Policy, policies};

/// The namespace of a pod that no policy can know; no namespace may have a dot in its name.
pub(crate) const STRANGER: &str = "a.stranger";

/// The world with one more pod, a stranger without labels; and the rules as they are once every
/// namespace is enforced: a policy is not wrong because it does not count yet.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) stranger: PodId,
    pub(crate) rules: Rules,
}

impl Scene {
    /// Adds the stranger to what was read.
    pub(crate) fn new(reading: &Reading) -> Self {
        let mut parts = reading.parts.clone();
        parts.pods.push(Pod {
            namespace: STRANGER.to_owned(),
            name: "stranger".to_owned(),
            labels: Labels::EMPTY,
            owner: None,
            node: None,
            addresses: Vec::new(),
            host_network: false,
            containers: Vec::new(),
            ports: Vec::new(),
        });
        let stranger = PodId(u32::try_from(parts.pods.len() - 1).unwrap_or(u32::MAX));
        // A reading's parts always make a world, and the stranger has no address to collide.
        let world = World::new(parts).unwrap_or_default();
        let rules = reading.rules.with_everybody_enforced();
        Self { world, stranger, rules }
    }
}

/// What lints look at.
pub(crate) struct Facts<'a> {
    pub(crate) documents: &'a [Document],
    pub(crate) options: &'a Options,
    pub(crate) objects: Vec<Object<'a>>,
    by_title: BTreeMap<(&'a str, &'a str, &'a str), usize>,
    pub(crate) world: &'a World,
    pub(crate) stranger: PodId,
    pub(crate) rules: &'a Rules,
    pub(crate) policies: Vec<Policy<'a>>,
    pub(crate) index: Index<'a>,
    /// Pods on their node's network, which policies do not select (ruling N16).
    pub(crate) host_index: Index<'a>,
    pub(crate) effective: Effective<'a>,
}

impl<'a> Facts<'a> {
    /// Gathers them.
    pub(crate) fn new(
        documents: &'a [Document],
        options: &'a Options,
        reading: &'a Reading,
        scene: &'a Scene,
    ) -> Self {
        let Scene { world, stranger, rules } = scene;
        let objects = objects(reading);
        let by_title: BTreeMap<_, _> =
            objects.iter().enumerate().map(|(at, object)| (object.title(), at)).rev().collect();
        let is_here = |pod: &Pod| pod.namespace != STRANGER;
        let index = Index::new(world, |pod| is_here(pod) && !pod.host_network);
        let host_index = Index::new(world, |pod| pod.host_network);
        let effective = Effective::new(world, &index, rules);
        let find = |policy: &PolicyRef| {
            let namespace = policy.namespace.as_deref().unwrap_or_default();
            by_title.get(&(kind_name(policy.kind), namespace, policy.name.as_str())).copied()
        };
        let policies = policies(rules, &objects, find);
        Self {
            documents,
            options,
            objects,
            by_title,
            world,
            stranger: *stranger,
            rules,
            policies,
            index,
            host_index,
            effective,
        }
    }

    /// The object of this kind, namespace (none: the empty text) and name.
    pub(crate) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        self.by_title.get(&(kind, namespace, name)).copied()
    }

    /// Where the name of an object stands.
    pub(crate) fn name_at(&self, object: usize) -> Span {
        self.objects.get(object).map_or_else(Span::default, |object| object.at)
    }

    /// The object that a pod comes from: its workload where that is in the input.
    pub(crate) fn origin(&self, id: PodId) -> Option<usize> {
        let pod = self.world.pod(id);
        let owner = pod.owner.as_ref();
        let owner = owner.and_then(|owner| self.find(&owner.kind, &pod.namespace, &owner.name));
        owner.or_else(|| self.find("Pod", &pod.namespace, &pod.name))
    }

    /// The workload's name, or the pod's where nothing made it.
    pub(crate) fn workload(&self, id: PodId) -> String {
        let pod = self.world.pod(id);
        match &pod.owner {
            Some(owner) => format!("{} {}", owner.kind, owner.name),
            None => format!("Pod {}", pod.name),
        }
    }

    /// The pods behind a Service.
    pub(crate) fn pods_of(&self, service: &Service) -> Vec<PodId> {
        service_pods(&self.index, service)
    }

    /// The number that a Service's port leads to on a pod.
    pub(crate) fn target(&self, id: PodId, port: &model::ServicePort) -> Option<u16> {
        match &port.target {
            TargetPort::Number(number) => Some(*number),
            TargetPort::Name(name) => self.world.pod(id).named_port(name, port.protocol),
        }
    }

    /// The end that a pod is; its first address's family where one is known.
    pub(crate) fn end(&self, id: PodId) -> End {
        let addresses = &self.world.pod(id).addresses;
        let family = addresses.first().map_or(model::Family::V4, |it| model::Family::of(*it));
        self.world.pod_end(id, family)
    }

    /// A pod that nobody could have meant.
    pub(crate) fn stranger_end(&self) -> End {
        End::Pod { pod: self.stranger, address: None }
    }

    /// Whether the input holds what `need` names.
    pub(crate) fn has(&self, need: Need) -> bool {
        match need {
            Need::Pods => {
                self.index.all().next().is_some() || self.host_index.all().next().is_some()
            }
            Need::Namespaces => self.objects.iter().any(|object| object.kind == "Namespace"),
            Need::Services => !self.world.services().is_empty(),
            Need::Networks => {
                !self.world.pod_networks().is_empty() || self.world.nodes().next().is_some()
            }
        }
    }

    /// The rules of all policies in one direction, each with its policy.
    pub(crate) fn rules_in(
        &self,
        direction: Direction,
    ) -> impl Iterator<Item = (&Policy<'a>, &crate::written::Written<'a>)> {
        let all = self.policies.iter();
        all.flat_map(move |policy| {
            let rules = policy.rules.iter().filter(move |it| it.rule.direction() == direction);
            rules.map(move |rule| (policy, rule))
        })
    }
}

fn service_pods(index: &Index<'_>, service: &Service) -> Vec<PodId> {
    let selector = service.selector.as_ref();
    selector.map_or_else(Vec::new, |selector| index.in_namespace(&service.namespace, selector))
}

/// The kind as it is written.
pub(crate) fn kind_name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::NetworkPolicy => "NetworkPolicy",
        PolicyKind::ClusterNetworkPolicy => "ClusterNetworkPolicy",
        PolicyKind::AdminNetworkPolicy => "AdminNetworkPolicy",
        PolicyKind::BaselineAdminNetworkPolicy => "BaselineAdminNetworkPolicy",
    }
}
