//! The pods of a world: those that are listed, and those that workloads would make (ruling N22).

use std::collections::BTreeSet;
use std::net::IpAddr;

use model::{Labels, Owner, Peer, Peers, Pod, Requirement, Selector};

use crate::Options;
use crate::assemble::Found;
use crate::kind::WorkloadKind;
use crate::kind::pod::{PodRead, first_of_each_family};
use crate::kind::workload::Workload;
use crate::lower::Policy;
use crate::metadata::OwnerReference;
use crate::yaml::Span;

/// Labels in which the replicas of a workload differ.
const REPLICA_LABELS: [&str; 2] =
    ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"];
/// The label by which a Deployment tells the pods of its templates apart.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// Pods that one workload is split into at most.
const SPLIT_MAX: u32 = 1000;

/// A pod and the place of what it comes from.
pub(crate) struct Made {
    pub(crate) pod: Pod,
    pub(crate) span: Span,
}

/// All pods that are there, or would be.
pub(crate) fn pods(found: &Found, policies: &[Policy], options: &Options) -> Vec<Made> {
    let mut made = Vec::new();
    let mut replaced = BTreeSet::new();
    for pod in &found.pods {
        let owner = pod.owner.as_ref().map(|owner| top(owner, pod, found));
        if owner.as_ref().is_some_and(|owner| is_outdated(pod, owner, found, options)) {
            continue;
        }
        if let Some(owner) = &owner {
            replaced.insert((pod.namespace.clone(), owner.clone()));
        }
        if !pod.ended {
            made.push(listed(pod, owner, found));
        }
    }
    let split = replicas_differ(policies);
    for workload in &found.workloads {
        let own = Owner { kind: workload.kind.name().to_owned(), name: workload.name.clone() };
        let folds = top_of(workload, found) != own;
        if !folds && !replaced.contains(&(workload.namespace.clone(), own)) {
            made.extend(synthetic(workload, split, found, options));
        }
    }
    made
}

/// Whether a workload that replaces what there is makes other pods than this one: it is one of an
/// older template.
fn is_outdated(pod: &PodRead, owner: &Owner, found: &Found, options: &Options) -> bool {
    let is_base = |span: Span| (span.document as usize) < options.base;
    let owner = OwnerReference { kind: owner.kind.clone(), name: owner.name.clone() };
    let workload = find(&owner, &pod.namespace, found);
    workload.filter(|workload| is_base(pod.span) && !is_base(workload.span)).is_some_and(|new| {
        new.labels.iter().any(|(key, value)| pod.labels.get(key) != Some(value))
            || new.spec.ports != pod.spec.ports
    })
}

/// The workload at the top of a chain of owners.
fn top(owner: &OwnerReference, pod: &PodRead, found: &Found) -> Owner {
    let namespace = &pod.namespace;
    let known = find(owner, namespace, found).or_else(|| deployment_of(owner, namespace, found));
    match known {
        Some(workload) => top_of(workload, found),
        None => made_by(owner, pod),
    }
}

/// A ReplicaSet that a Deployment made says so: its name ends in the hash that its pods bear.
fn made_by(owner: &OwnerReference, pod: &PodRead) -> Owner {
    let hash = pod.labels.get(TEMPLATE_HASH);
    let name = hash.and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'));
    match name.filter(|_| owner.kind == WorkloadKind::ReplicaSet.name()) {
        Some(name) => {
            Owner { kind: WorkloadKind::Deployment.name().to_owned(), name: name.to_owned() }
        }
        None => Owner { kind: owner.kind.clone(), name: owner.name.clone() },
    }
}

/// Owners lead from Job to CronJob and from ReplicaSet to Deployment, so a chain has two links.
fn top_of(workload: &Workload, found: &Found) -> Owner {
    let above = workload.owner.as_ref().and_then(|owner| {
        find(owner, &workload.namespace, found).filter(|above| above.kind != workload.kind)
    });
    let top = above.unwrap_or(workload);
    Owner { kind: top.kind.name().to_owned(), name: top.name.clone() }
}

fn find<'f>(owner: &OwnerReference, namespace: &str, found: &'f Found) -> Option<&'f Workload> {
    found.workloads.iter().find(|workload| {
        workload.namespace == namespace
            && workload.name == owner.name
            && workload.kind.name() == owner.kind
    })
}

/// The Deployment whose ReplicaSet is not in the input: `NAME-HASH` belongs to `NAME`.
fn deployment_of<'f>(
    owner: &OwnerReference,
    namespace: &str,
    found: &'f Found,
) -> Option<&'f Workload> {
    if owner.kind != WorkloadKind::ReplicaSet.name() {
        return None;
    }
    let (name, _) = owner.name.rsplit_once('-')?;
    let kind = WorkloadKind::Deployment.name().to_owned();
    find(&OwnerReference { kind, name: name.to_owned() }, namespace, found)
}

fn listed(read: &PodRead, owner: Option<Owner>, found: &Found) -> Made {
    let spec = &read.spec;
    let addresses = match (spec.host_network, read.host_addresses.as_slice()) {
        (false, _) => read.addresses.clone(),
        (true, []) => node_addresses(spec.node.as_deref(), found),
        (true, addresses) => first_of_each_family(addresses),
    };
    let pod = Pod {
        namespace: read.namespace.clone(),
        name: read.name.clone(),
        labels: read.labels.clone(),
        owner,
        node: spec.node.clone(),
        addresses,
        host_network: spec.host_network,
        containers: spec.containers.clone(),
        ports: spec.ports.clone(),
    };
    Made { pod, span: read.span }
}

fn node_addresses(name: Option<&str>, found: &Found) -> Vec<IpAddr> {
    let node = found.nodes.iter().find(|node| Some(node.node.name.as_str()) == name);
    node.map(|node| first_of_each_family(&node.node.addresses)).unwrap_or_default()
}

fn synthetic(workload: &Workload, split: bool, found: &Found, options: &Options) -> Vec<Made> {
    let mut nodes: Vec<Option<String>> = vec![workload.spec.node.clone()];
    if workload.kind == WorkloadKind::DaemonSet && !found.nodes.is_empty() {
        nodes = found.nodes.iter().map(|node| Some(node.node.name.clone())).collect();
        nodes.sort_unstable();
    }
    let count = match workload.kind {
        WorkloadKind::DaemonSet => nodes.len(),
        WorkloadKind::StatefulSet if split => workload.replicas.clamp(1, SPLIT_MAX) as usize,
        WorkloadKind::StatefulSet
        | WorkloadKind::Deployment
        | WorkloadKind::ReplicaSet
        | WorkloadKind::ReplicationController
        | WorkloadKind::Job
        | WorkloadKind::CronJob => workload.replicas.min(options.replicas_max).max(1) as usize,
    };
    let nodes = nodes.into_iter().cycle().take(count);
    (0..).zip(nodes).map(|(index, node)| replica(workload, index, node, found)).collect()
}

fn replica(workload: &Workload, index: u32, node: Option<String>, found: &Found) -> Made {
    let name = format!("{}-{index}", workload.name);
    let addresses = match workload.spec.host_network {
        true => node_addresses(node.as_deref(), found),
        false => Vec::new(),
    };
    let pod = Pod {
        namespace: workload.namespace.clone(),
        labels: controller_labels(workload, &name, index),
        name,
        owner: Some(Owner { kind: workload.kind.name().to_owned(), name: workload.name.clone() }),
        node,
        addresses,
        host_network: workload.spec.host_network,
        containers: workload.spec.containers.clone(),
        ports: workload.spec.ports.clone(),
    };
    Made { pod, span: workload.span }
}

/// A Job of a CronJob has a name that is not known; the CronJob's stands for it.
fn controller_labels(workload: &Workload, pod: &str, index: u32) -> Labels {
    let labels = workload.labels.clone();
    match workload.kind {
        WorkloadKind::StatefulSet => labels
            .with("statefulset.kubernetes.io/pod-name", pod)
            .with("apps.kubernetes.io/pod-index", index.to_string()),
        WorkloadKind::Job | WorkloadKind::CronJob => labels
            .with("job-name", &workload.name)
            .with("batch.kubernetes.io/job-name", &workload.name),
        WorkloadKind::Deployment
        | WorkloadKind::ReplicaSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::ReplicationController => labels,
    }
}

/// Whether some selector can tell the replicas of a StatefulSet apart.
fn replicas_differ(policies: &[Policy]) -> bool {
    let rules = policies.iter().flat_map(|policy| &policy.rules);
    rules.into_iter().any(|(rule, _)| {
        let in_peers = match &rule.peers {
            Peers::Any => false,
            Peers::OneOf(peers) => peers.iter().any(|peer| match peer {
                Peer::Pods { pods, .. } => names_replica(pods),
                Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_) => false,
            }),
        };
        in_peers || names_replica(&rule.subject.pods)
    })
}

fn names_replica(selector: &Selector) -> bool {
    selector.requirements().any(|requirement| match requirement {
        Requirement::In { key, .. }
        | Requirement::NotIn { key, .. }
        | Requirement::Exists { key }
        | Requirement::DoesNotExist { key } => REPLICA_LABELS.contains(&key.as_str()),
    })
}
