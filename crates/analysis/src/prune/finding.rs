//! What can be removed, and the proof.
//!
//! A rule is removed by a person who must be able to check why that changes nothing.

use std::collections::BTreeSet;
use std::fmt;

use model::{PolicyRef, Reason, RuleRef};
use serde::{Serialize, Serializer};

use crate::words;

/// What nobody needs.
#[derive(Clone, Debug, Serialize)]
pub struct Prune {
    /// What changes nothing for anybody who is there or could come, together.
    pub removable: Vec<Unneeded>,
    /// What changes nothing today, together and after the removal of the above, but could for pods
    /// that do not exist yet.
    pub today: Vec<Unneeded>,
    /// Policies that select no pod of the input.
    #[serde(serialize_with = "words::all_shown")]
    pub selects_nothing: Vec<PolicyRef>,
    /// Whether every kind of pod that could come was tried; where not, everything is `today`.
    pub complete_future: bool,
}

/// A rule or a policy that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unneeded {
    /// What.
    pub what: Removed,
    /// For whom it changes nothing.
    pub basis: Basis,
    /// Why.
    pub why: Why,
    /// What decides instead, or before it; at most as many as a person reads.
    #[serde(serialize_with = "words::all_shown")]
    pub covered_by: Vec<Reason>,
}

/// What would be removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removed {
    /// A policy.
    Policy(PolicyRef),
    /// A rule.
    Rule(RuleRef),
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(policy) => policy.fmt(f),
            Self::Rule(rule) => rule.fmt(f),
        }
    }
}

impl Serialize for Removed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// For whom something changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Pods and nodes that are there or could come, and all addresses.
    Everybody,
    /// Pods and nodes that are there, and all addresses.
    Today,
}

/// Why something changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// Others say the same wherever it decides.
    Covered,
    /// Rules before it decide wherever it matches.
    Shadowed,
    /// It matches nobody.
    MatchesNobody,
}

pub(super) fn prune(
    all: Vec<Unneeded>,
    emptied: &BTreeSet<PolicyRef>,
    selects_nothing: BTreeSet<PolicyRef>,
    complete_future: bool,
) -> Prune {
    let (mut removable, mut today): (Vec<Unneeded>, Vec<Unneeded>) =
        joined(all, emptied).into_iter().partition(|one| one.basis == Basis::Everybody);
    for list in [&mut removable, &mut today] {
        list.sort_by(|one, other| one.what.cmp(&other.what));
    }
    let selects_nothing = selects_nothing.into_iter().collect();
    Prune { removable, today, selects_nothing, complete_future }
}

/// The rules of an emptied policy become that policy.
fn joined(all: Vec<Unneeded>, emptied: &BTreeSet<PolicyRef>) -> Vec<Unneeded> {
    let mut joined: Vec<Unneeded> = Vec::with_capacity(all.len());
    for one in all {
        let policy = match &one.what {
            Removed::Rule(rule) if emptied.contains(&rule.policy) => rule.policy.clone(),
            Removed::Rule(_) | Removed::Policy(_) => {
                joined.push(one);
                continue;
            }
        };
        let what = Removed::Policy(policy);
        match joined.iter_mut().find(|it| it.what == what) {
            None => joined.push(Unneeded { what, ..one }),
            Some(whole) => {
                whole.basis = whole.basis.max(one.basis);
                whole.why = whole.why.min(one.why);
                whole.covered_by.extend(one.covered_by);
                whole.covered_by.sort_unstable();
                whole.covered_by.dedup();
            }
        }
    }
    joined
}
