//! What rules should be left, to compare with what an edited file says.
//!
//! A patch is only as good as what an API server would read in it.

use std::collections::{BTreeMap, BTreeSet};

use analysis::prune::{Removed, Unneeded};
use model::{Action, Direction, Manner, Peers, PolicyRef, Ports, Rule, Rules, Subject, Tier};

/// The rules of each policy and direction in their order, wherever they are numbered.
pub(super) type Remaining = BTreeMap<(PolicyRef, Direction), Vec<Meaning>>;

/// What a rule means.
pub(super) type Meaning = (Tier, u16, Subject, Peers, Ports, Action);

/// What `rules` say without `gone`.
pub(super) fn without(rules: &Rules, gone: &[Unneeded]) -> Remaining {
    let gone: BTreeSet<&Removed> = gone.iter().map(|one| &one.what).collect();
    let mut remaining = Remaining::new();
    for rule in rules {
        if gone.contains(&Removed::Policy(rule.origin.policy.clone())) {
            continue;
        }
        let key = (rule.origin.policy.clone(), rule.direction());
        if rule.tier.manner() == Manner::Additive {
            // An empty list isolates, and stays.
            remaining.entry(key.clone()).or_default();
        }
        if !gone.contains(&Removed::Rule(rule.origin.clone())) && !is_empty_list(rule) {
            remaining.entry(key).or_default().push(meaning(rule));
        }
    }
    remaining
}

/// What an empty list of an additive policy lowers to.
fn is_empty_list(rule: &Rule) -> bool {
    matches!(&rule.peers, Peers::OneOf(peers) if peers.is_empty())
}

fn meaning(rule: &Rule) -> Meaning {
    let Rule { tier, group, subject, peers, ports, action, .. } = rule.clone();
    (tier, group, subject, peers, ports, action)
}
