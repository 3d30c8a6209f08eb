//! The kinds that are read, one file each, and the table that names them.
//!
//! A new kind is a file and a line here, and nothing anywhere else.

pub(crate) mod admin_network_policy;
pub(crate) mod annotation;
pub(crate) mod cluster_network_policy;
pub(crate) mod endpoint_slice;
pub(crate) mod groups;
pub(crate) mod namespace;
pub(crate) mod network_policy;
pub(crate) mod node;
pub(crate) mod pod;
pub(crate) mod service;
pub(crate) mod workload;

use model::PolicyKind;

/// A kind that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Pod,
    Namespace,
    Node,
    Service,
    EndpointSlice,
    Workload(WorkloadKind),
    Policy(PolicyKind),
}

/// A kind that makes pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WorkloadKind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    ReplicationController,
}

impl Kind {
    /// Version, kind and what it is.
    pub(crate) const TABLE: [(&'static str, &'static str, Self); 16] = [
        ("v1", "Pod", Self::Pod),
        ("v1", "Namespace", Self::Namespace),
        ("v1", "Node", Self::Node),
        ("v1", "Service", Self::Service),
        ("discovery.k8s.io/v1", "EndpointSlice", Self::EndpointSlice),
        ("apps/v1", "Deployment", Self::Workload(WorkloadKind::Deployment)),
        ("apps/v1", "ReplicaSet", Self::Workload(WorkloadKind::ReplicaSet)),
        ("apps/v1", "StatefulSet", Self::Workload(WorkloadKind::StatefulSet)),
        ("apps/v1", "DaemonSet", Self::Workload(WorkloadKind::DaemonSet)),
        ("batch/v1", "Job", Self::Workload(WorkloadKind::Job)),
        ("batch/v1", "CronJob", Self::Workload(WorkloadKind::CronJob)),
        ("v1", "ReplicationController", Self::Workload(WorkloadKind::ReplicationController)),
        ("networking.k8s.io/v1", "NetworkPolicy", Self::Policy(PolicyKind::NetworkPolicy)),
        (
            "policy.networking.k8s.io/v1alpha2",
            "ClusterNetworkPolicy",
            Self::Policy(PolicyKind::ClusterNetworkPolicy),
        ),
        (
            "policy.networking.k8s.io/v1alpha1",
            "AdminNetworkPolicy",
            Self::Policy(PolicyKind::AdminNetworkPolicy),
        ),
        (
            "policy.networking.k8s.io/v1alpha1",
            "BaselineAdminNetworkPolicy",
            Self::Policy(PolicyKind::BaselineAdminNetworkPolicy),
        ),
    ];

    pub(crate) fn find(version: &str, kind: &str) -> Option<Self> {
        let found = Self::TABLE.iter().find(|row| row.0 == version && row.1 == kind);
        found.map(|(_, _, kind)| *kind)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = Self::TABLE.iter().find(|(_, _, kind)| *kind == self);
        found.map_or("object", |(_, name, _)| name)
    }

    pub(crate) fn is_policy(self) -> bool {
        matches!(self, Self::Policy(_))
    }

    pub(crate) fn is_namespaced(self) -> bool {
        match self {
            Self::Pod
            | Self::Service
            | Self::EndpointSlice
            | Self::Workload(_)
            | Self::Policy(PolicyKind::NetworkPolicy) => true,
            Self::Namespace
            | Self::Node
            | Self::Policy(
                PolicyKind::ClusterNetworkPolicy
                | PolicyKind::AdminNetworkPolicy
                | PolicyKind::BaselineAdminNetworkPolicy,
            ) => false,
        }
    }
}
