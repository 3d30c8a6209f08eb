//! Names that promise what the rules do not keep.
//!
//! People read the name in a list and not the rules below it.

use model::{Action, Direction, Peer, Peers, Ports};

use crate::facts::Facts;
use crate::found::Found;
use crate::written::{Policy, Written};

/// Words that say that nobody comes in.
const DENYING: [&str; 5] = ["deny", "isolate", "block", "reject", "drop"];
/// Words that take something back from them.
const EXCEPTING: [&str; 8] = ["allow", "accept", "but", "except", "from", "to", "other", "unless"];

/// RF002: only rules that let everybody pass; an exception may well be part of what is denied.
pub(crate) fn deny_that_allows(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in facts.policies.iter().filter(|policy| is_denying(&policy.reference.name)) {
        let all: Vec<&Written<'_>> = policy.rules.iter().collect();
        let only_allows = all.iter().all(|written| written.rule.action == Action::Allow);
        for written in all.iter().filter(|written| only_allows && lets_everybody(written)) {
            let (name, direction) = (&policy.reference.name, written.rule.direction());
            let message = format!(
                "`{name}` allows everybody: this {direction} rule has no peers and no ports"
            );
            let section = match direction {
                Direction::Ingress => "ingress: []",
                Direction::Egress => "egress: []",
            };
            let raw = found.at(policy.object, written.at, message);
            raw.fix(format!("write `{section}` to deny, or rename the policy"));
        }
    }
}

fn is_denying(name: &str) -> bool {
    let words: Vec<&str> = name.split(['-', '.', '_']).collect();
    words.iter().any(|word| DENYING.contains(word))
        && !words.iter().any(|word| EXCEPTING.contains(word))
}

fn lets_everybody(written: &Written<'_>) -> bool {
    let everybody = match &written.rule.peers {
        Peers::Any => true,
        Peers::OneOf(peers) => peers.iter().any(|peer| match peer {
            Peer::Pods { namespaces, pods } => {
                namespaces.requirements().next().is_none() && pods.requirements().next().is_none()
            }
            Peer::Block(block) => block.cidr().prefix_len() == 0 && block.except().is_empty(),
            Peer::Nodes(_) | Peer::Domain(_) => false,
        }),
    };
    everybody && written.rule.ports == Ports::Any
}

/// RF003: the name says one namespace, the peer says all.
pub(crate) fn every_namespace(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    for policy in &facts.policies {
        let Some(namespace) = promised(policy, facts) else { continue };
        for written in policy.rules.iter().filter(|it| it.rule.action == Action::Allow) {
            for (peer, at) in written.peers() {
                let Peer::Pods { namespaces, .. } = peer else { continue };
                if namespaces.requirements().next().is_none() {
                    let name = &policy.reference.name;
                    let message = format!(
                        "`{name}` names namespace {namespace}, but this peer is every namespace"
                    );
                    let raw = found.at(policy.object, at, message);
                    raw.fix(format!(
                        "write namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}"
                    ));
                }
            }
        }
    }
}

/// The namespace in `...from-NAMESPACE` or `...to-NAMESPACE`, or the policy's own where the name
/// says `same-namespace`.
fn promised(policy: &Policy<'_>, facts: &Facts<'_>) -> Option<String> {
    let name = &policy.reference.name;
    if ["same-namespace", "own-namespace", "namespace-only"].iter().any(|it| name.contains(it)) {
        return policy.reference.namespace.clone();
    }
    let after = |word: &str| {
        let prefix = format!("{word}-");
        let inside = format!("-{word}-");
        name.strip_prefix(&prefix).or_else(|| name.split_once(&inside).map(|(_, rest)| rest))
    };
    let rest = after("from").or_else(|| after("to"))?;
    let rest = rest.strip_suffix("-namespace").unwrap_or(rest);
    let known = facts.world.namespaces().any(|(namespace, _)| namespace == rest);
    known.then(|| rest.to_owned())
}
