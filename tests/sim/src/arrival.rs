//! What must hold when the node says that it arrived.
//!
//! Whoever is not reported is as the oracle wants, to the reason; whoever is has what the report says.

use std::collections::BTreeSet;
use std::net::IpAddr;

use compile::{Answer, Image};
use model::{PodId, Reason, Rules, Verdict};
use node::{Held, Node};

use crate::agent::Belief;
use crate::expect::{self, Here, Kept};
use crate::judge::Case;

/// A node that arrived.
pub(crate) struct Arrival<'a> {
    pub(crate) belief: &'a Belief,
    pub(crate) here: &'a Here,
    pub(crate) kept: &'a Kept,
    pub(crate) node: &'a Node,
    pub(crate) image: &'a Image,
}

impl Arrival<'_> {
    /// What is wrong with the answer to `case`, if anything is.
    pub(crate) fn wrong(&self, case: &Case) -> Option<String> {
        let pod = *self.here.pods.get(&case.ask.slot)?;
        let answer = case.ask.answer(self.image);
        let held = self.held(case);
        let is_right = match held {
            Some(Held::Quarantine) => answer.verdict == Verdict::Deny,
            // A node may be left so, a pod never.
            Some(Held::Unenforced) => false,
            _ if answer.verdict == Verdict::Deny && self.is_refused(case.ask.remote) => true,
            None => self.is_wanted(case, pod, &answer),
            Some(Held::LastGood) => {
                let last = self.kept.get(&case.ask.slot).into_iter().flatten();
                let mut last = last.filter_map(|rules| self.verdict(case, pod, rules));
                last.any(|last| last == answer.verdict)
            }
        };
        let wanted = expect::wanted(&case.ask, self.belief, pod);
        (!is_right).then(|| format!("arrived, {held:?}: {answer:?} where {wanted:?}: {case:?}"))
    }

    /// What is wrong with what is staged, where all of it is programmed: where nothing is told, it would
    /// be as it is.
    pub(crate) fn staged_wrong(&self, case: &Case) -> Option<String> {
        let is_whole = self.node.compiled()?.unstaged.is_none();
        if !is_whole || !self.node.not_programmed().is_empty() {
            return None;
        }
        let pod = *self.here.pods.get(&case.ask.slot)?;
        let Belief { world, rules, .. } = self.belief;
        let as_staged = rules.with_staged_enforced();
        let wanted = expect::under(&case.ask, world, &as_staged, pod, false)?;
        let told = case.ask.staged(self.image);
        let answer = told.unwrap_or_else(|| case.ask.answer(self.image));
        let is_right = answer.verdict == wanted.verdict && self.is_because(&answer, &wanted.reason);
        (!is_right).then(|| format!("staged {told:?} where {wanted:?}: {case:?}"))
    }

    /// How many of `cases` would be decided otherwise if what is staged were enforced.
    pub(crate) fn staged_otherwise(&self, cases: &[Case]) -> u64 {
        let differs = |case: &&Case| {
            let told = case.ask.staged(self.image);
            told.is_some_and(|told| told.verdict != case.ask.verdict(self.image))
        };
        cases.iter().filter(differs).count() as u64
    }

    /// Whether the flow was denied on the way and nobody says so. Only asked where the change before
    /// this one arrived. A Service's backends may change together with an endpoint's set.
    pub(crate) fn was_interrupted(&self, case: &Case) -> bool {
        let mut on_the_way = self.node.not_programmed().interrupted.iter();
        case.was_interrupted
            && case.ask.verdict(self.image) == Verdict::Allow
            && self.held(case).is_none()
            && !on_the_way.any(|held| held.slot == case.ask.slot)
            && !self.services(|_| true).contains(&case.ask.remote)
    }

    fn held(&self, case: &Case) -> Option<Held> {
        self.node.not_programmed().held(case.ask.slot)
    }

    fn is_wanted(&self, case: &Case, pod: PodId, answer: &Answer) -> bool {
        let is_omitted = self.is_omitted(case.ask.remote);
        let Belief { world, rules, .. } = self.belief;
        expect::under(&case.ask, world, rules, pod, is_omitted).is_none_or(|wanted| {
            wanted.verdict == answer.verdict && self.is_because(answer, &wanted.reason)
        })
    }

    fn verdict(&self, case: &Case, pod: PodId, rules: &Rules) -> Option<Verdict> {
        let is_omitted = self.is_omitted(case.ask.remote);
        let said = expect::under(&case.ask, &self.belief.world, rules, pod, is_omitted);
        said.map(|judgement| judgement.verdict)
    }

    fn is_because(&self, answer: &Answer, wanted: &Reason) -> bool {
        match answer.reason {
            Some(builtin) => *wanted == Reason::Builtin(builtin),
            None => {
                let names = self.node.compiled();
                names.and_then(|names| names.reason(answer.rule)) == Some(wanted)
            }
        }
    }

    fn is_omitted(&self, remote: IpAddr) -> bool {
        self.node.not_programmed().peers.iter().any(|peer| peer.address == remote)
    }

    fn is_refused(&self, remote: IpAddr) -> bool {
        let held = &self.node.not_programmed().services;
        self.services(|name| held.iter().any(|held| held.service == name)).contains(&remote)
    }

    /// Where the Services are that `is_meant` names.
    fn services(&self, is_meant: impl Fn(&str) -> bool) -> BTreeSet<IpAddr> {
        let services = self.belief.world.services().iter();
        let meant =
            services.filter(|service| is_meant(&format!("{}/{}", service.namespace, service.name)));
        meant.flat_map(|service| service.addresses.clone()).collect()
    }
}
