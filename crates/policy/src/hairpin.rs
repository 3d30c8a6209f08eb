//! A pod that reaches itself through a Service (ruling N14).
//!
//! NetworkPolicy never stands between a pod and itself; cluster-scoped policies do. So the additive
//! tier allows where it would have isolated, the others are asked as always, and where nobody objects
//! the reason is that it is the pod itself.

use model::{Builtin, Judgement, Manner, Rule, Rules, Tier};

use crate::subject::Subjected;
use crate::tier;

/// Asks every tier, the additive one with the pod's own exemption.
pub(crate) fn judge(rules: &Rules, subjected: &Subjected<'_>) -> Judgement {
    let rules: Vec<&Rule> = subjected.rules(rules).collect();
    Tier::ALL
        .into_iter()
        .find_map(|tier| opinion(tier, &tier::of_tier(&rules, tier), subjected))
        .unwrap_or_else(|| Builtin::Itself.into())
}

fn opinion(tier: Tier, rules: &[&Rule], subjected: &Subjected<'_>) -> Option<Judgement> {
    match tier.manner() {
        Manner::FirstMatch => tier::opinion(tier, rules, subjected),
        Manner::Additive if rules.is_empty() => None,
        Manner::Additive => Some(Builtin::Itself.into()),
    }
}
