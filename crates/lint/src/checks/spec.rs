//! What single objects say or leave out, whatever else there is.
//!
//! Here the text matters and not its meaning, so these look at the tree.

use model::PolicyKind;

use crate::facts::Facts;
use crate::found::{Edit, Found};
use crate::index::NAMESPACE_NAME;
use crate::tree::{Object, Tree};

const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";
const OUR_PREFIX: &str = "ringfence.io/";

fn network_policies<'f, 'a>(
    facts: &'f Facts<'a>,
) -> impl Iterator<Item = (usize, &'f Object<'a>, Option<Tree<'a>>)> {
    let all = facts.objects.iter().enumerate();
    let policies = all.filter(|(_, object)| {
        object.kind == "NetworkPolicy" && object.api_version == "networking.k8s.io/v1"
    });
    policies.map(|(at, object)| (at, object, object.tree.get("spec")))
}

/// RF013 (ruling N30).
pub(crate) fn section_without_type(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, _, spec) in network_policies(facts) {
        let Some(spec) = spec else { continue };
        let types: Vec<&str> = types(spec);
        for (section, kind) in [("ingress", "Ingress"), ("egress", "Egress")] {
            let rules = spec.get(section).filter(|rules| rules.items().next().is_some());
            if let Some(rules) = rules.filter(|_| !types.is_empty() && !types.contains(&kind)) {
                let at = spec.key_at(section).unwrap_or_else(|| rules.at());
                let message =
                    format!("this `{section}` has no effect, because policyTypes leaves it out");
                found.at(Some(position), at, message).fix(format!("add {kind} to policyTypes"));
            }
        }
    }
}

/// RF050 (ruling N1). What the API server would fill in is written down.
pub(crate) fn types_implied(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object, spec) in network_policies(facts) {
        let Some(spec) = spec.filter(|spec| types(*spec).is_empty()) else { continue };
        let at = object.tree.key_at("spec").unwrap_or_else(|| spec.at());
        let has_egress = spec.get("egress").is_some_and(|egress| egress.items().next().is_some());
        let implied = if has_egress { "[Ingress, Egress]" } else { "[Ingress]" };
        let message = format!("policyTypes is left out and read as {implied}");
        let edit = match spec.get("policyTypes") {
            None => spec.with_field(facts.documents, &format!("policyTypes: {implied}")),
            Some(_) => None,
        };
        let raw = found.at(Some(position), at, message);
        raw.fix(format!("write policyTypes: {implied}")).edit(edit);
    }
}

fn types(spec: Tree<'_>) -> Vec<&str> {
    let listed = spec.get("policyTypes").into_iter().flat_map(|types| types.items());
    listed.filter_map(|kind| kind.text()).collect()
}

/// RF032 (ruling N2).
pub(crate) fn no_pod_selector(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object, spec) in network_policies(facts) {
        if spec.is_some_and(|spec| spec.get("podSelector").is_some()) {
            continue;
        }
        let is_null = spec.is_some_and(|spec| spec.key_at("podSelector").is_some());
        let edit = spec.filter(|_| !is_null);
        let edit: Option<Edit> =
            edit.and_then(|spec| spec.with_field(facts.documents, "podSelector: {}"));
        let at = object.tree.key_at("spec").unwrap_or(object.at);
        let message = "without podSelector this policy selects every pod of its namespace";
        found.at(Some(position), at, message).fix("say so: `podSelector: {}`").edit(edit);
    }
}

/// RF034.
pub(crate) fn superseded(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        let kind = policy.reference.kind;
        match kind {
            PolicyKind::AdminNetworkPolicy | PolicyKind::BaselineAdminNetworkPolicy => {
                let message = format!("{kind} is superseded by ClusterNetworkPolicy");
                found.at(policy.object, policy.at, message);
            }
            PolicyKind::NetworkPolicy | PolicyKind::ClusterNetworkPolicy => {}
        }
    }
}

/// RF035.
pub(crate) fn leftover_annotation(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object) in facts.objects.iter().enumerate() {
        for (key, _, value) in annotations(object.tree) {
            let word = value.text().unwrap_or_default();
            if key.starts_with(OUR_PREFIX) && matches!(word, "keep" | "audit") {
                let message =
                    format!("`{key}: {word}` weakens this policy until somebody takes it away");
                let at = object.tree.get("metadata").and_then(|it| it.get("annotations"));
                let at = at.and_then(|it| it.key_at(key)).unwrap_or_else(|| value.at());
                found.at(Some(position), at, message);
            }
        }
    }
}

fn annotations(tree: Tree<'_>) -> Vec<(&str, manifest::Span, Tree<'_>)> {
    let listed = tree.get("metadata").and_then(|metadata| metadata.get("annotations"));
    listed.into_iter().flat_map(|listed| listed.entries()).collect()
}

/// RF036: kinds that were left out knowingly.
pub(crate) fn foreign(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object) in facts.objects.iter().enumerate() {
        let full = match object.api_version.split_once('/') {
            Some((group, _)) => format!("{group}/{}", object.kind),
            None => object.kind.to_owned(),
        };
        if facts.options.ignore_kinds.contains(&full) {
            let message = format!("{full} is left out, and may allow or deny what is judged here");
            found.at(Some(position), object.at, message);
        }
    }
}

/// RF038 (ruling N21).
pub(crate) fn namespace_label(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    let namespaces = facts.objects.iter().enumerate();
    for (position, object) in namespaces.filter(|(_, object)| object.kind == "Namespace") {
        let labels = object.tree.get("metadata").and_then(|metadata| metadata.get("labels"));
        let label = labels.and_then(|labels| labels.get(NAMESPACE_NAME));
        let Some((label, written)) = label.and_then(|it| Some((it, it.text()?))) else { continue };
        if written != object.name {
            let name = object.name;
            let message = format!("label {NAMESPACE_NAME} of namespace {name} is always its name");
            let edit = label.replaced(facts.documents, written, name);
            found.at(Some(position), label.at(), message).fix(format!("write {name}")).edit(edit);
        }
    }
}

/// RF049 (ruling N32).
pub(crate) fn several_interfaces(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for (position, object) in facts.objects.iter().enumerate() {
        let Some(pod) = pod_template(object) else { continue };
        let listed = pod.get("metadata").and_then(|metadata| metadata.get("annotations"));
        let Some(listed) = listed.filter(|listed| listed.get(NETWORKS).is_some()) else { continue };
        let at = listed.key_at(NETWORKS).unwrap_or(object.at);
        found.at(
            Some(position),
            at,
            "policy covers the pod's default interface, and this one has more",
        );
    }
}

fn pod_template<'a>(object: &Object<'a>) -> Option<Tree<'a>> {
    match object.kind {
        "Pod" => Some(object.tree),
        "CronJob" => {
            let job = object.tree.get("spec")?.get("jobTemplate")?;
            job.get("spec")?.get("template")
        }
        _ => object.tree.get("spec")?.get("template"),
    }
}

/// RF031 (ruling N16).
pub(crate) fn host_network(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        let Some(rule) = policy.first() else { continue };
        let pods = facts.host_index.pods(&rule.subject.namespaces, &rule.subject.pods);
        let Some(first) = pods.first() else { continue };
        let named = rule.subject.pods.requirements().next().is_some();
        let namespaced = policy.reference.namespace.is_some();
        // A policy for a whole namespace or cluster is no promise about one pod.
        if !(named && namespaced) {
            continue;
        }
        let message = format!(
            "{} is on its node's network, so this policy does not apply to it",
            facts.workload(*first)
        );
        let raw = found.at(policy.object, policy.at, message);
        raw.and_at(facts.origin(*first).map(|object| facts.name_at(object)));
    }
}
