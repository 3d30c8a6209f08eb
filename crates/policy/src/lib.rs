//! The oracle: decides one flow the way the specifications read, slowly and in plain sight.
//!
//! People review this crate, `explain` runs it, and every other tier is compared with it. Start at
//! [`decide`]; rulings are cited by their ids (N1, C3, D2...), which docs/semantics.md lists.
//!
//! **Invariant:** `policy` does no IO and keeps no state; equal arguments give equal decisions.
//! **Invariant:** it shares no code with `compile` beyond the nouns of `model`.

mod conjunction;
mod hairpin;
mod item;
mod keep;
mod matching;
mod peer;
mod port;
mod subject;
mod tier;
mod trace;

use model::{Builtin, Decision, Direction, End, Flow, Origin, PodId, Rules, World};

pub use item::{Item, item, peer_matches, port_matches, speaks_for};
pub use keep::keeps_existing;
pub use trace::{EndTrace, Outcome, Stage, Trace};

use crate::subject::Subjected;

/// What both ends of `flow` say (rulings D1, N18).
#[must_use]
pub fn decide(world: &World, rules: &Rules, flow: &Flow) -> Decision {
    trace(world, rules, flow).into_decision()
}

/// The same with the way to it: every stage that was asked.
#[must_use]
pub fn trace(world: &World, rules: &Rules, flow: &Flow) -> Trace {
    Trace { egress: egress(world, rules, flow), ingress: ingress(world, rules, flow) }
}

/// What the source says.
fn egress(world: &World, rules: &Rules, flow: &Flow) -> EndTrace {
    match flow.source() {
        End::Pod { pod, .. } => conjunction::judge(world, rules, flow, *pod)
            .unwrap_or_else(|| judge(world, rules, flow, *pod, Direction::Egress)),
        End::Host { .. } => Builtin::Host.into(),
        End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
            Builtin::DefaultAllow.into()
        }
    }
}

/// What the destination says.
fn ingress(world: &World, rules: &Rules, flow: &Flow) -> EndTrace {
    match (flow.destination(), flow.origin()) {
        (End::Pod { .. }, Origin::Host) => Builtin::LocalNode.into(),
        (End::Pod { pod, .. }, Origin::Wire) => judge(world, rules, flow, *pod, Direction::Ingress),
        (End::Host { .. }, _) => Builtin::Host.into(),
        (End::UnknownPod { .. } | End::External { .. } | End::Domain { .. }, _) => {
            Builtin::DefaultAllow.into()
        }
    }
}

/// What the policies of `pod` say in `direction`.
fn judge(world: &World, rules: &Rules, flow: &Flow, pod: PodId, direction: Direction) -> EndTrace {
    let subjected = Subjected { world, flow, pod, direction };
    match (is_to_itself(flow), flow.is_translated()) {
        (true, false) => Builtin::Itself.into(),
        (true, true) => hairpin::judge(rules, &subjected),
        (false, _) if subjected.is_untagged(rules) => Builtin::Untagged.into(),
        (false, _) => tier::judge(rules, &subjected),
    }
}

/// A pod always reaches its own address (ruling N14).
fn is_to_itself(flow: &Flow) -> bool {
    flow.source().pod().is_some() && flow.source().pod() == flow.destination().pod()
}
