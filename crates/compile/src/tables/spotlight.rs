//! Where some rules of a set match at all, so that what does not concern them need not be compared.
//!
//! Whoever asks about a few rules should not wait for the tables of all.

use model::{Action, Peer, Peers, RuleRef, Tier};
use roaring::RoaringBitmap;

use crate::atom::Atom;
use crate::set::{PolicySet, SetRule};
use crate::tables::index::PeerIndex;

/// Whom some rules are about.
pub(crate) struct Spotlight {
    /// A set that denies exactly what the rules match.
    pub(crate) set: PolicySet,
    /// The members of the cluster that they may match; none where that may be anybody.
    pub(crate) members: Option<RoaringBitmap>,
    /// Whether they may match addresses outside.
    pub(crate) addresses: bool,
}

impl Spotlight {
    /// On the rules of `set` for which `wanted` holds.
    pub(crate) fn on(
        set: &PolicySet,
        wanted: impl Fn(&RuleRef) -> bool,
        index: &mut PeerIndex<'_>,
    ) -> Self {
        let rules: Vec<&SetRule> = set.rules.iter().filter(|rule| wanted(&rule.origin)).collect();
        let anybody = rules.iter().any(|rule| is_about_anybody(rule));
        let addresses = anybody || rules.iter().any(|rule| rule.action == Action::Deny);
        let members = (!anybody).then(|| {
            let atoms = rules.iter().flat_map(|rule| atoms(rule));
            let mut all = RoaringBitmap::new();
            for peers in atoms.map(|atom| index.peers(&atom)) {
                peers.iter().for_each(|peers| all |= peers.as_ref());
            }
            all
        });
        let denying = |rule: &&SetRule| SetRule {
            tier: Tier::Admin,
            group: 0,
            action: Action::Deny,
            ..(*rule).clone()
        };
        let rules = rules.iter().map(denying).collect();
        Self { set: PolicySet { rules, hairpin: false }, members, addresses }
    }

    /// Whether nobody is in it.
    pub(crate) fn is_off(&self) -> bool {
        !self.addresses && self.members.as_ref().is_some_and(RoaringBitmap::is_empty)
    }
}

fn is_about_anybody(rule: &SetRule) -> bool {
    match &rule.peers {
        Peers::Any => true,
        Peers::OneOf(peers) => peers.iter().any(|peer| matches!(peer, Peer::Block(_))),
    }
}

fn atoms(rule: &SetRule) -> Vec<Atom> {
    match &rule.peers {
        Peers::Any => Vec::new(),
        Peers::OneOf(peers) => peers.iter().filter_map(crate::atom::atom_of).collect(),
    }
}
