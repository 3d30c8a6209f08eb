//! The kinds that are watched, in one table.
//!
//! A kind that is not here has no part in a verdict; one that is here must be listed before any
//! verdict counts.

use kube::api::ApiResource;

/// A kind that a verdict depends on.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its group; empty for the oldest.
    pub group: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// Its name in paths.
    pub plural: &'static str,
    /// A cluster may lack it: it comes by a CustomResourceDefinition, which may be installed later.
    pub is_optional: bool,
}

impl Kind {
    const fn built_in(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
    ) -> Self {
        Self { group, version, kind, plural, is_optional: false }
    }

    const fn policy(version: &'static str, kind: &'static str, plural: &'static str) -> Self {
        Self { group: "policy.networking.k8s.io", version, kind, plural, is_optional: true }
    }

    /// As documents name it.
    #[must_use]
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }
}

impl Kind {
    /// Whether its objects are of a namespace each.
    #[must_use]
    pub fn is_namespaced(&self) -> bool {
        matches!(self.kind, "Pod" | "Service" | "EndpointSlice" | "NetworkPolicy")
    }

    /// Whether its objects have rules.
    #[must_use]
    pub fn is_policy(&self) -> bool {
        self.is_optional || self.kind == "NetworkPolicy"
    }

    /// As the client names it.
    #[must_use]
    pub fn resource(&self) -> ApiResource {
        ApiResource {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            api_version: self.api_version(),
            kind: self.kind.to_owned(),
            plural: self.plural.to_owned(),
        }
    }
}

/// All of them. Workloads are absent: in a cluster pods are what runs.
pub const KINDS: [Kind; 9] = [
    Kind::built_in("", "v1", "Namespace", "namespaces"),
    Kind::built_in("", "v1", "Node", "nodes"),
    Kind::built_in("", "v1", "Pod", "pods"),
    Kind::built_in("", "v1", "Service", "services"),
    Kind::built_in("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
    Kind::built_in("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    Kind::policy("v1alpha2", "ClusterNetworkPolicy", "clusternetworkpolicies"),
    Kind::policy("v1alpha1", "AdminNetworkPolicy", "adminnetworkpolicies"),
    Kind::policy("v1alpha1", "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies"),
];
