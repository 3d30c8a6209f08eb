//! A pod that reaches itself through a Service (ruling N14).
//!
//! NetworkPolicy never stands between a pod and itself; cluster-scoped policies do. So the additive
//! tier allows where it would have isolated, the others are asked as always, and where nobody objects
//! the reason is that it is the pod itself.

use model::{Builtin, Manner, Rule, Rules, Tier};

use crate::subject::Subjected;
use crate::tier::{self, Opinion};
use crate::trace::EndTrace;

/// Asks every tier, the additive one with the pod's own exemption.
pub(crate) fn judge(rules: &Rules, subjected: &Subjected<'_>) -> EndTrace {
    tier::in_turn(rules, subjected, Builtin::Itself, opinion)
}

fn opinion(tier: Tier, rules: &[&Rule], subjected: &Subjected<'_>) -> Opinion {
    match tier.manner() {
        Manner::FirstMatch => tier::opinion(tier, rules, subjected),
        Manner::Additive => Opinion::Judgement(Builtin::Itself.into()),
    }
}
