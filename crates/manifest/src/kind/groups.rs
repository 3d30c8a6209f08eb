//! What is known about kinds that are not read: which of them are policies (ruling E3).

use crate::yaml::Tree;

/// The fields beside a spec.
pub(crate) const TOP_LEVEL: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

const POLICY_GROUPS: [&str; 8] = [
    "cilium.io",
    "crd.projectcalico.org",
    "projectcalico.org",
    "crd.antrea.io",
    "k8s.ovn.org",
    "security.istio.io",
    "policy.linkerd.io",
    "networking.k8s.aws",
];

/// Groups that serve, or once served, kinds that are read here.
const OUR_GROUPS: [&str; 7] = [
    "",
    "apps",
    "batch",
    "extensions",
    "networking.k8s.io",
    "policy.networking.k8s.io",
    "discovery.k8s.io",
];

/// Whether the kind belongs to a policy language that is known and not read.
pub(crate) fn is_foreign_policy(group: &str, kind: &str) -> bool {
    POLICY_GROUPS.contains(&group) || (group, kind) == ("k8s.cni.cncf.io", "MultiNetworkPolicy")
}

/// Whether the kind's name and group sound like network policy.
pub(crate) fn sounds_like_policy(group: &str, kind: &str) -> bool {
    let by_name = kind.ends_with("Policy") || kind.ends_with("Policies");
    by_name && ["network", "policy", "security"].iter().any(|word| group.contains(word))
}

/// Kinds beside those that are read which no namespace holds.
const CLUSTER_SCOPED: [&str; 15] = [
    "APIService",
    "CSIDriver",
    "CiliumClusterwideNetworkPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "GlobalNetworkPolicy",
    "GlobalNetworkSet",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "PersistentVolume",
    "PriorityClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// Whether objects of a kind that is not read are known to have no namespace.
pub(crate) fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// Whether kinds of ours were served by `group` in some version.
pub(crate) fn had_kinds(group: &str) -> bool {
    OUR_GROUPS.contains(&group)
}

/// The policy kind whose body `node` has.
pub(crate) fn policy_body(node: Tree<'_>) -> Option<&'static str> {
    let spec = node.get("spec")?;
    let has = |field| spec.get(field).is_some();
    let rules = has("ingress") || has("egress");
    if has("podSelector") && (rules || has("policyTypes")) {
        return Some("NetworkPolicy");
    }
    (has("subject") && rules).then_some("ClusterNetworkPolicy")
}
