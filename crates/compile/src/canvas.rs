//! An answer in the making: what is said where, and where nothing is said yet.
//!
//! How the rules of one tier combine is written here, once for every manner of tier, and for every
//! kind of area: the columns of a row, or columns and conditions on pods that do not exist yet.

use std::collections::{BTreeMap, BTreeSet};

use model::{Action, PolicyRef, Tier, Verdict};
use roaring::RoaringBitmap;

use crate::paint::{Because, Said};
use crate::set::SetRule;

/// What rules match on, and what is painted.
pub(crate) trait Area: Clone + Default {
    fn is_empty(&self) -> bool;
    fn both(&self, other: &Self) -> Self;
    fn either(&self, other: &Self) -> Self;
    fn without(&self, other: &Self) -> Self;
}

impl Area for RoaringBitmap {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn both(&self, other: &Self) -> Self {
        self & other
    }

    fn either(&self, other: &Self) -> Self {
        self | other
    }

    fn without(&self, other: &Self) -> Self {
        self - other
    }
}

/// A rule that matches, and where.
pub(crate) struct Match<'a, A> {
    /// Its position in the set.
    pub(crate) at: u32,
    pub(crate) rule: &'a SetRule,
    pub(crate) area: A,
    /// Whether the peers match depends on an address that nobody knows yet (ruling N10).
    pub(crate) undetermined: bool,
}

impl<A> Match<'_, A> {
    /// What it does: where that is undetermined, an Allow does nothing, a Deny or Pass denies.
    fn action(&self) -> Option<Action> {
        match (self.undetermined, self.rule.action) {
            (false, action) => Some(action),
            (true, Action::Allow) => None,
            (true, Action::Deny | Action::Pass) => Some(Action::Deny),
        }
    }
}

/// What is painted, and what is still open.
pub(crate) struct Canvas<A> {
    painted: Vec<(A, Said)>,
    open: A,
}

impl<A: Area> Canvas<A> {
    pub(crate) fn new(whole: A) -> Self {
        Self { painted: Vec::new(), open: whole }
    }

    /// Disjoint areas, and what is said there.
    pub(crate) fn into_painted(self) -> Vec<(A, Said)> {
        self.painted
    }

    fn paint(&mut self, area: &A, cell: Said) {
        let painted = area.both(&self.open);
        if !painted.is_empty() {
            self.open = self.open.without(area);
            self.painted.push((painted, cell));
        }
    }

    /// A denial that an unknown address could turn where `maybe` says so.
    fn deny(&mut self, area: &A, maybe: &A, cell: Said) {
        if !maybe.is_empty() {
            self.paint(&area.both(maybe), Said { undetermined: true, ..cell });
        }
        self.paint(area, cell);
    }

    pub(crate) fn fill(&mut self, cell: Said) {
        let rest = self.open.clone();
        self.paint(&rest, cell);
    }

    /// Ruling C3: in each priority group every policy brings its first match; Deny beats Pass beats
    /// Allow; of equals the least policy. A column that some group matched leaves the tier.
    pub(crate) fn paint_first_match(&mut self, rules: &[Match<'_, A>]) {
        let mut in_tier = self.open.clone();
        let maybe = undetermined_allows(rules);
        let groups: BTreeSet<u16> = rules.iter().map(|matched| matched.rule.group).collect();
        for group in groups {
            let of_group = rules.iter().filter(|matched| matched.rule.group == group);
            let mut matches = first_matches(of_group);
            matches.sort_by_key(|(action, matched, _)| {
                (strength(*action), matched.rule.origin.policy.clone())
            });
            for (action, matched, area) in matches {
                let area = area.both(&in_tier);
                in_tier = in_tier.without(&area);
                self.paint_hit(action, matched, &area, &maybe);
            }
        }
    }

    fn paint_hit(&mut self, action: Action, matched: &Match<'_, A>, area: &A, maybe: &A) {
        let (because, undetermined) = (Because::Rule(matched.at), matched.undetermined);
        let cell = |verdict| Said { verdict, because, undetermined };
        match action {
            Action::Allow => self.paint(area, cell(Verdict::Allow)),
            Action::Deny => self.deny(area, maybe, cell(Verdict::Deny)),
            Action::Pass => {}
        }
    }

    /// Rulings N19 and D2: the least allowing rule, else denied by all that isolate.
    pub(crate) fn paint_additive(&mut self, rules: &[Match<'_, A>], tier: Tier) {
        let mut allowing: Vec<_> =
            rules.iter().filter(|matched| matched.action() == Some(Action::Allow)).collect();
        allowing.sort_by_key(|matched| &matched.rule.origin);
        for matched in allowing {
            let (verdict, because) = (Verdict::Allow, Because::Rule(matched.at));
            self.paint(&matched.area, Said { verdict, because, undetermined: false });
        }
        let (verdict, because) = (Verdict::Deny, Because::DefaultDeny(tier));
        let rest = self.open.clone();
        let maybe = undetermined_allows(rules);
        self.deny(&rest, &maybe, Said { verdict, because, undetermined: false });
    }
}

/// Where some Allow may match, if an unknown address is what it could be.
fn undetermined_allows<A: Area>(rules: &[Match<'_, A>]) -> A {
    rules
        .iter()
        .filter(|matched| matched.undetermined && matched.rule.action == Action::Allow)
        .fold(A::default(), |all, matched| all.either(&matched.area))
}

/// Each rule that does something, with the area that no earlier rule of its policy matched.
fn first_matches<'a, 's, A: Area>(
    rules: impl Iterator<Item = &'a Match<'s, A>>,
) -> Vec<(Action, &'a Match<'s, A>, A)>
where
    's: 'a,
{
    let mut seen: BTreeMap<&PolicyRef, A> = BTreeMap::new();
    let mut rules: Vec<(Action, &Match<'_, A>)> =
        rules.filter_map(|matched| Some((matched.action()?, matched))).collect();
    rules.sort_by_key(|(_, matched)| matched.rule.origin.index);
    rules
        .into_iter()
        .map(|(action, matched)| {
            let seen = seen.entry(&matched.rule.origin.policy).or_default();
            let first = matched.area.without(seen);
            *seen = seen.either(&matched.area);
            (action, matched, first)
        })
        .collect()
}

fn strength(action: Action) -> u8 {
    match action {
        Action::Deny => 0,
        Action::Pass => 1,
        Action::Allow => 2,
    }
}
