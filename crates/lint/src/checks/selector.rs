//! Selectors that select nothing, and what they were probably meant to select.
//!
//! A policy that selects nobody protects nobody and is valid; only other objects can tell.

use model::{Labels, Peer, PodId, Requirement, Selector};

use crate::facts::Facts;
use crate::found::Found;
use crate::index::NAMESPACE_NAME;
use crate::near::near;
use crate::tree::Tree;
use crate::written::Policy;
use manifest::Span;

/// Namespaces that every cluster has, in the input or not.
const SYSTEM: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "default"];

/// Why a pair of selectors selects no pod.
enum Nothing<'a> {
    /// No namespace of the input is selected.
    NoNamespace,
    /// The namespaces have no pods, so nobody can tell.
    NoPods,
    /// They have pods; of their labels these were perhaps meant.
    Pods(Option<Typo<'a>>),
}

/// What was written and what was probably meant.
struct Typo<'a> {
    requirement: &'a Requirement,
    written: String,
    meant: String,
}

/// RF004.
pub(crate) fn typo(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_empty(facts, |policy, who, namespaces, pods, tree, at| {
        let nothing = why(facts, namespaces, pods);
        let typo = match nothing {
            Nothing::Pods(typo) => typo,
            Nothing::NoNamespace => namespace_typo(facts, namespaces),
            Nothing::NoPods => None,
        };
        if let Some(Typo { requirement, written, meant }) = typo {
            let at = tree.and_then(|tree| tree.mention(requirement)).unwrap_or(at);
            let message = format!("this {who} selects nothing: nobody has `{written}`");
            found.at(policy.object, at, message).fix(format!("did you mean `{meant}`?"));
        }
    });
}

/// RF009.
pub(crate) fn subject_selects_nothing(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_empty(facts, |policy, who, namespaces, pods, _, _| {
        if who == "subject" && matches!(why(facts, namespaces, pods), Nothing::Pods(None)) {
            found.at(policy.object, policy.at, "no pod of the input is selected");
        }
    });
}

/// RF010.
pub(crate) fn peer_selects_nothing(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_empty(facts, |policy, who, namespaces, pods, _, at| {
        if who == "peer" && matches!(why(facts, namespaces, pods), Nothing::Pods(None)) {
            found.at(policy.object, at, "no pod of the input is selected by this peer");
        }
    });
}

/// RF011.
pub(crate) fn namespace_missing(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_empty(facts, |policy, who, namespaces, pods, _, at| {
        if !matches!(why(facts, namespaces, pods), Nothing::NoNamespace) || is_system(namespaces) {
            return;
        }
        if namespace_typo(facts, namespaces).is_none() {
            let name = name_of(namespaces);
            let what = name.map_or_else(
                || "no namespace of the input has these labels".to_owned(),
                |name| format!("namespace {name} is not in the input"),
            );
            found.at(policy.object, at, format!("{what}, so this {who} selects nothing"));
        }
    });
}

/// Calls `report` for each subject and each peer that selects no pod.
fn each_empty<'a>(
    facts: &Facts<'a>,
    mut report: impl FnMut(
        &Policy<'a>,
        &'static str,
        &'a Selector,
        &'a Selector,
        Option<Tree<'a>>,
        Span,
    ),
) {
    for policy in &facts.policies {
        if let Some(rule) = policy.first()
            && selects_nothing(facts, &rule.subject.namespaces, &rule.subject.pods)
        {
            let (tree, subject) = (policy.subject(), &rule.subject);
            let at = tree.map_or(policy.at, |tree| tree.at());
            report(policy, "subject", &subject.namespaces, &subject.pods, tree, at);
        }
        for written in &policy.rules {
            for (position, (peer, at)) in written.peers().enumerate() {
                let Peer::Pods { namespaces, pods } = peer else { continue };
                if selects_nothing(facts, namespaces, pods) {
                    let tree = written.peers.get(position).copied();
                    report(policy, "peer", namespaces, pods, tree, at);
                }
            }
        }
    }
}

fn selects_nothing<'a>(facts: &Facts<'a>, namespaces: &'a Selector, pods: &'a Selector) -> bool {
    facts.index.pods(namespaces, pods).is_empty()
        && facts.host_index.pods(namespaces, pods).is_empty()
}

fn why<'a>(facts: &Facts<'a>, namespaces: &'a Selector, pods: &'a Selector) -> Nothing<'a> {
    let spaces = facts.index.namespaces(namespaces);
    if spaces.is_empty() {
        return Nothing::NoNamespace;
    }
    let ids = spaces.iter().flat_map(|space| facts.index.of_namespace(space));
    let ids: Vec<PodId> = ids.copied().collect();
    if ids.is_empty() || pods.requirements().next().is_none() {
        return Nothing::NoPods;
    }
    let mut labels: Vec<&Labels> = ids.iter().map(|id| &facts.world.pod(*id).labels).collect();
    labels.sort_unstable();
    labels.dedup();
    Nothing::Pods(meant(pods, &labels))
}

fn namespace_typo<'a>(facts: &Facts<'a>, namespaces: &'a Selector) -> Option<Typo<'a>> {
    if is_system(namespaces) {
        return None;
    }
    let labels: Vec<&Labels> = facts.world.namespaces().map(|(_, labels)| labels).collect();
    meant(namespaces, &labels)
}

/// The nearest label among `candidates` with which `selector` would select something.
fn meant<'a>(selector: &'a Selector, candidates: &[&Labels]) -> Option<Typo<'a>> {
    let all: Vec<&Requirement> = selector.requirements().collect();
    let typos = all.iter().filter_map(|requirement| {
        let Requirement::In { key, values } = requirement else { return None };
        let rest = |labels: &&&Labels| {
            all.iter().all(|other| other == requirement || other.matches(labels))
        };
        let labels = candidates.iter().filter(rest).flat_map(|labels| labels.iter());
        let near = labels.filter_map(|(other, value)| {
            let distance = match other == key {
                true => values.iter().filter_map(|written| near(written, value)).min(),
                false => near(key, other).filter(|_| values.contains(value)),
            };
            Some((distance?, other, value))
        });
        let (distance, other, value) = near.min()?;
        let written = values.iter().min_by_key(|written| near_or_far(written, value))?;
        Some((distance, requirement, format!("{key}: {written}"), format!("{other}: {value}")))
    });
    let (_, requirement, written, meant) = typos.min_by(|a, b| (a.0, &a.3).cmp(&(b.0, &b.3)))?;
    Some(Typo { requirement, written, meant })
}

fn near_or_far(written: &str, value: &str) -> usize {
    near(written, value).unwrap_or(usize::MAX)
}

fn name_of(namespaces: &Selector) -> Option<&str> {
    namespaces.requirements().find_map(|requirement| match requirement {
        Requirement::In { key, values } if key == NAMESPACE_NAME => values.iter().next(),
        Requirement::In { .. }
        | Requirement::NotIn { .. }
        | Requirement::Exists { .. }
        | Requirement::DoesNotExist { .. } => None,
    })
}

fn is_system(namespaces: &Selector) -> bool {
    name_of(namespaces).is_some_and(|name| SYSTEM.contains(&name))
}
