//! Ports by name, which each pod resolves for itself (rulings N5, C7).
//!
//! A name that no pod has allows nothing, and one that two pods mean differently allows two things.

use std::collections::BTreeSet;

use model::{Direction, Peer, Peers, PodId, PortMatch, Protocol};

use super::port::targets;
use crate::facts::Facts;
use crate::found::Found;
use crate::near::near;
use crate::written::{Policy, Written};
use manifest::Span;

/// RF005.
pub(crate) fn unknown(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_name(facts, |policy, written, (_, name), at| {
        let targets = targets(facts, written);
        let named = |id: &PodId| {
            let mut ports = facts.world.pod(*id).ports.iter();
            ports.any(|port| port.name.as_deref() == Some(name))
        };
        if targets.is_empty() || targets.iter().any(named) {
            return;
        }
        let all = targets.iter().flat_map(|id| &facts.world.pod(*id).ports);
        let names: BTreeSet<&str> = all.filter_map(|port| port.name.as_deref()).collect();
        let raw = found.at(
            policy.object,
            at,
            format!("none of the {} selected pods has a port named `{name}`", targets.len()),
        );
        let nearest = names.iter().filter_map(|it| Some((near(name, it)?, *it))).min();
        let names: Vec<&str> = names.into_iter().take(8).collect();
        match (nearest, names.as_slice()) {
            (Some((_, nearest)), _) => raw.fix(format!("did you mean `{nearest}`?")),
            (None, []) => raw.fix("write the port's number, or name it in the pod"),
            (None, names) => raw.fix(format!("their ports are named {}", names.join(", "))),
        };
    });
}

/// RF017. Where everything is selected, many numbers are the point of the name.
pub(crate) fn ambiguous(facts: &Facts<'_>, found: &mut Found<'_, '_>) {
    each_name(facts, |policy, written, (protocol, name), at| {
        if selects_everything(written) {
            return;
        }
        let targets = targets(facts, written);
        let all = targets.iter().flat_map(|id| &facts.world.pod(*id).ports);
        let named = all.filter(|port| port.name.as_deref() == Some(name));
        let ports: BTreeSet<(Protocol, u16)> =
            named.map(|port| (port.protocol, port.number)).collect();
        let fits = |port: &&(Protocol, u16)| protocol.is_none_or(|protocol| protocol == port.0);
        let matched = ports.iter().filter(fits).count();
        let list: Vec<String> =
            ports.iter().map(|(protocol, number)| format!("{number}/{protocol}")).collect();
        let message = match (matched, ports.len()) {
            (0, 1..) => format!("`{name}` is {}, which this rule does not match", list.join(", ")),
            (2.., _) => format!("`{name}` means {} on different pods", list.join(", ")),
            (0 | 1, _) => return,
        };
        found.at(policy.object, at, message);
    });
}

fn selects_everything(written: &Written<'_>) -> bool {
    let rule = written.rule;
    match (rule.direction(), &rule.peers) {
        (Direction::Ingress, _) => rule.subject.pods.requirements().next().is_none(),
        (Direction::Egress, Peers::Any) => true,
        (Direction::Egress, Peers::OneOf(peers)) => peers.iter().any(|peer| match peer {
            Peer::Pods { pods, .. } => pods.requirements().next().is_none(),
            Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_) => false,
        }),
    }
}

fn each_name<'a>(
    facts: &Facts<'a>,
    mut report: impl FnMut(&Policy<'a>, &Written<'a>, (Option<Protocol>, &'a str), Span),
) {
    for policy in &facts.policies {
        for written in &policy.rules {
            for (port, at) in written.ports() {
                if let PortMatch::Named { protocol, name } = port {
                    report(policy, written, (*protocol, name), at);
                }
            }
        }
    }
}
