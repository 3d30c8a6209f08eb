//! The crossing: new sets are written, everything closes that shall close, then the rest opens.
//!
//! Between closing and opening every end allows only what both tables allow.

use abi::{Endpoint, Sets};

use super::Planner;
use crate::class::ClassPair;
use crate::row::{Images, Required, SetPair};
use crate::set::{staged, words};
use crate::{Op, service};

impl Planner<'_> {
    fn pairs(&self) -> Vec<ClassPair> {
        self.classes.pairs.iter().copied().collect()
    }

    fn kept_sets(&self) -> Vec<u32> {
        self.sets.old.intersection(&self.sets.wanted).copied().collect()
    }

    /// Phase 3.
    pub(super) fn write_sets(&mut self) {
        for (sets, via) in self.sets.transitional.clone() {
            for pair in self.pairs() {
                let required = self.images.as_both(sets, pair);
                self.put(via, pair.via, &required);
            }
        }
        for set in self.sets.wanted.difference(&self.sets.old).copied().collect::<Vec<_>>() {
            self.write_wanted(set);
        }
    }

    fn write_wanted(&mut self, set: u32) {
        for pair in self.pairs() {
            let required = self.images.as_wanted(set, pair);
            self.put(set, pair.via, &required);
            self.put(set, pair.wanted, &required);
        }
    }

    /// Phase 4: from here on everything that both tables deny or either denies may be denied.
    pub(super) fn close(&mut self) {
        self.mark();
        for slot in self.slots() {
            let wanted = words(self.images.wanted, slot);
            match (words(self.images.old, slot), wanted) {
                (Some(old), Some(wanted)) => {
                    let [sets, hairpin] = [0, 1].map(|at: usize| {
                        let word = |words: &[Sets; 2]| words.get(at).copied().unwrap_or_default();
                        self.sets.word(word(&old), word(&wanted))
                    });
                    self.flip(slot, sets, hairpin);
                }
                (Some(_), None) => self.leave(slot),
                (None, _) => {}
            }
        }
        self.rewrite_kept(|images, set, pair| images.as_both(SetPair::kept(set), pair));
    }

    /// Phase 5: a Service's address is judged by its backends, so the old ones must not meet the new
    /// sets: what both deny could pass.
    pub(super) fn serve(&mut self) {
        service::ops(self.images.old, self.images.wanted).into_iter().for_each(|op| self.emit(op));
    }

    /// Phase 6: nothing opens before all of this closed.
    pub(super) fn open(&mut self) {
        self.rewrite_kept(|images, set, pair| images.as_wanted(set, pair));
        for set in self.kept_sets() {
            for pair in self.unsettled(set) {
                let required = self.images.as_wanted(set, pair);
                if pair.via != pair.wanted && !self.is_old_class(pair.wanted) {
                    self.put(set, pair.wanted, &required);
                }
            }
        }
        for slot in self.slots() {
            if let Some([sets, hairpin]) = words(self.images.wanted, slot) {
                self.stage(slot, staged(self.images.wanted, slot));
                self.flip(slot, sets, hairpin);
            }
        }
    }

    fn is_old_class(&self, class: Option<u32>) -> bool {
        self.classes.pairs.iter().any(|pair| pair.via == class)
    }

    /// Rows of a set that stays, where an address changes sides under it.
    fn rewrite_kept(&mut self, required: impl Fn(&Images<'_>, u32, ClassPair) -> Required) {
        for set in self.kept_sets() {
            for pair in self.unsettled(set) {
                let required = required(self.images, set, pair);
                self.put(set, pair.via, &required);
            }
        }
    }

    /// The hairpin word goes first where the endpoint comes to life, so that it is never missed.
    fn flip(&mut self, slot: u32, sets: Sets, hairpin: Sets) {
        if self.endpoint(slot).hairpin != hairpin {
            self.emit(Op::Hairpin { endpoint: slot, sets: hairpin });
        }
        if self.endpoint(slot).sets != sets {
            self.emit(Op::Sets { endpoint: slot, sets });
        }
    }

    /// As above: a flow that an endpoint opens at once has its staged answer.
    fn stage(&mut self, slot: u32, staged: Sets) {
        if self.endpoint(slot).staged != staged {
            self.emit(Op::Staged { endpoint: slot, sets: staged });
        }
    }

    /// Quarantine comes first: without a hairpin word, a pod would reach itself.
    fn leave(&mut self, slot: u32) {
        self.flip(slot, Sets::QUARANTINE, self.endpoint(slot).hairpin);
        self.flip(slot, Sets::QUARANTINE, Sets::QUARANTINE);
        self.stage(slot, Sets::default());
    }

    fn endpoint(&self, slot: u32) -> Endpoint {
        self.now.endpoints.get(&slot).copied().unwrap_or_default()
    }
}
