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

use model::{Builtin, Decision, Direction, End, Flow, Origin, Rules, World};

pub use item::{Item, item, peer_matches, port_matches, speaks_for};
pub use keep::keeps_existing;
pub use trace::{EndTrace, Outcome, Stage, Trace};

use crate::subject::{Subjected, Who};

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
    match Who::of(flow.source()) {
        Some(who) if !is_spoken_for(world, rules, who) => Builtin::Host.into(),
        Some(who) => conjunction::judge(world, rules, flow, who)
            .unwrap_or_else(|| judge(world, rules, flow, who, Direction::Egress)),
        None => exempt(flow.source()),
    }
}

/// What the destination says.
fn ingress(world: &World, rules: &Rules, flow: &Flow) -> EndTrace {
    match (Who::of(flow.destination()), flow.origin()) {
        (Some(Who::Pod(_)), Origin::Host) => Builtin::LocalNode.into(),
        (Some(who), _) if !is_spoken_for(world, rules, who) => Builtin::Host.into(),
        (Some(who), _) => judge(world, rules, flow, who, Direction::Ingress),
        (None, _) => exempt(flow.destination()),
    }
}

/// What an end says for which no rule can speak.
fn exempt(end: &End) -> EndTrace {
    match end {
        End::Host { .. } => Builtin::Host.into(),
        End::Pod { .. } | End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
            Builtin::DefaultAllow.into()
        }
    }
}

/// A node that no rule speaks for, in either direction, is nobody's concern (ruling N39).
fn is_spoken_for(world: &World, rules: &Rules, who: Who) -> bool {
    match who {
        Who::Pod(_) => true,
        Who::Node(_) => rules.iter().any(|rule| who.is_selected_by(world, rule)),
    }
}

/// What the policies of `who` say in `direction`.
fn judge(world: &World, rules: &Rules, flow: &Flow, who: Who, direction: Direction) -> EndTrace {
    let subjected = Subjected { world, flow, who, direction };
    match (is_to_itself(flow), who, flow.is_translated()) {
        // A node's way to itself is its loopback, where nothing is judged.
        (true, Who::Node(_), _) | (true, Who::Pod(_), false) => Builtin::Itself.into(),
        (true, Who::Pod(_), true) => hairpin::judge(rules, &subjected),
        (false, _, _) if subjected.is_untagged(rules) => Builtin::Untagged.into(),
        (false, _, _) => tier::judge(rules, &subjected),
    }
}

/// A pod always reaches its own address (ruling N14), and a node its own (ruling N39).
fn is_to_itself(flow: &Flow) -> bool {
    let source = Who::of(flow.source());
    source.is_some() && source == Who::of(flow.destination())
}
