//! The patch in the making: insertions so far, and the rules that the documents have with them.
//!
//! Every candidate is read as an API server would read it; only the objects around it are read again,
//! because everything else is as it was.

use std::collections::BTreeSet;

use manifest::Document;
use model::{Flow, Rule, Rules, Verdict};

use super::candidate::{self, Candidate};
use super::edit::{self, Insertion, Target};
use super::opening::Opening;
use super::refusal::Refusal;
use super::{Patched, verify};
use crate::question::Input;

/// So many changes are tried for one end.
const TRIED_MAX: usize = 6;

/// What was inserted so far, and what that changed.
pub(crate) struct Work<'a> {
    input: &'a Input<'a>,
    done: Vec<Candidate>,
    removed: BTreeSet<Rule>,
    added: BTreeSet<Rule>,
}

/// What a candidate changes.
pub(crate) struct Change {
    pub(crate) removed: BTreeSet<Rule>,
    pub(crate) added: BTreeSet<Rule>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(input: &'a Input<'a>) -> Self {
        Self { input, done: Vec::new(), removed: BTreeSet::new(), added: BTreeSet::new() }
    }

    /// Opens one end by the smallest change that opens nothing else.
    pub(crate) fn open(&mut self, opening: &Opening) -> Result<(), Refusal> {
        let peer = candidate::peer(self.input, opening)?;
        let insertions = self.insertions();
        let own = candidate::of_its_own(self.input, opening, &peer, &insertions);
        let mut candidates = candidate::of_policies(self.input, opening, &peer);
        candidates.truncate(TRIED_MAX);
        let mut refusal = None;
        for candidate in candidates.into_iter().map(Ok).chain(std::iter::once(own)) {
            match candidate.and_then(|candidate| self.attempt(opening, candidate)) {
                Ok(()) => return Ok(()),
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.unwrap_or(Refusal::Incomplete))
    }

    fn attempt(&mut self, opening: &Opening, candidate: Candidate) -> Result<(), Refusal> {
        let change = self.change(&candidate.insertion)?;
        verify::opens_exactly(self, opening, &change)?;
        for rule in change.removed {
            if !self.added.remove(&rule) {
                self.removed.insert(rule);
            }
        }
        self.added.extend(change.added);
        self.done.push(candidate);
        Ok(())
    }

    /// What an insertion changes, by reading what is around it without and with it.
    fn change(&self, insertion: &Insertion) -> Result<Change, Refusal> {
        let document = match &insertion.target {
            Target::Document(at) => self.input.documents.get(*at as usize),
            Target::New(_) => None,
        };
        let text = document.map_or("", |document| &*document.text);
        let name = match (&insertion.target, document) {
            (Target::New(name), _) => name.to_string(),
            (Target::Document(_), document) => {
                document.map(|document| document.name.to_string()).unwrap_or_default()
            }
        };
        let unreadable = || Refusal::Text { name: name.clone() };
        let (from, to) = edit::around(text, insertion.at);
        let before = self.inserted(&insertion.target, None);
        let after = self.inserted(&insertion.target, Some(insertion));
        let before = self.read(edit::spliced(text, from, to, before)).ok_or_else(unreadable)?;
        let after = self.read(edit::spliced(text, from, to, after)).ok_or_else(unreadable)?;
        let removed: BTreeSet<Rule> = before.difference(&after).cloned().collect();
        let added = after.difference(&before).cloned().collect();
        let known = |rule: &Rule| self.rules().any(|known| known == rule);
        if removed.iter().all(known) { Ok(Change { removed, added }) } else { Err(unreadable()) }
    }

    fn inserted<'s>(
        &'s self,
        target: &'s Target,
        one_more: Option<&'s Insertion>,
    ) -> impl Iterator<Item = &'s Insertion> {
        let done = self.done.iter().map(|candidate| &candidate.insertion);
        done.chain(one_more).filter(move |one| one.target == *target)
    }

    fn read(&self, text: String) -> Option<BTreeSet<Rule>> {
        let document = Document { name: "patched".into(), text: text.into() };
        let reading = manifest::read(&[document], self.input.options);
        reading.is_complete().then(|| reading.rules.iter().cloned().collect())
    }

    /// All rules as they are with what was inserted so far.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let kept = self.input.rules.iter().filter(|rule| !self.removed.contains(*rule));
        kept.chain(&self.added)
    }

    pub(crate) fn input(&self) -> &'a Input<'a> {
        self.input
    }

    fn insertions(&self) -> Vec<Insertion> {
        self.done.iter().map(|candidate| candidate.insertion.clone()).collect()
    }

    /// Asks the oracle whether all of `flows` are allowed now.
    pub(crate) fn allows(&self, flows: &[&Flow]) -> Result<(), Refusal> {
        let world = self.input.world;
        for flow in flows {
            let ends = [flow.source().pod(), flow.destination().pod()];
            let speaks = |rule: &&Rule| {
                ends.iter().flatten().any(|pod| policy::speaks_for(world, rule, *pod))
            };
            let rules = Rules::new(self.rules().filter(speaks).cloned().collect());
            if policy::decide(world, &rules, flow).verdict() == Verdict::Deny {
                let workload = crate::name::of(world, flow.destination());
                return Err(Refusal::Unmoved { workload, traffic: flow.traffic() });
            }
        }
        Ok(())
    }

    /// What was done in words, and the documents that it changes.
    pub(crate) fn finish(self) -> (Vec<String>, Vec<Patched>) {
        let insertions = self.insertions();
        let targets: BTreeSet<&Target> = insertions.iter().map(|one| &one.target).collect();
        let documents = targets.into_iter().filter_map(|target| {
            let own = insertions.iter().filter(|one| one.target == *target);
            match target {
                Target::Document(at) => {
                    let document = self.input.documents.get(*at as usize)?;
                    let after = edit::spliced(&document.text, 0, document.text.len(), own);
                    let (name, before) = (document.name.clone(), Some(document.text.clone()));
                    Some(Patched { name, before, after })
                }
                Target::New(name) => {
                    let after = edit::spliced("", 0, 0, own);
                    Some(Patched { name: name.clone(), before: None, after })
                }
            }
        });
        let documents = documents.collect();
        (self.done.into_iter().map(|candidate| candidate.says).collect(), documents)
    }
}
