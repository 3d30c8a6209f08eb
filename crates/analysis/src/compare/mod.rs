//! How two sets of policies over one world relate: equivalent, contained, disjoint, interfering.
//!
//! Judged of everybody who is there, and of everybody who could come; each relation that does not
//! hold has a witness.

mod difference;
mod overlap;
mod party;
mod relation;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use compile::{Answers, Assigned, Complete, Contrast, Member, Roster, SetId, Who, Workbench};
use model::{Direction, Family, PodId, Rules, World};
use roaring::RoaringBitmap;

use crate::reach::known_families;
use crate::strangers::Strangers;
use difference::{Asked, More, OtherEnd, more};

pub use party::{FuturePod, Party};
pub use relation::{Comparison, Relation, RelationName, Side, Witness};

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// Compares two sets of policies.
#[must_use]
pub fn compare(world: &World, a: &Rules, b: &Rules) -> Comparison {
    let both = relation::added(a, b);
    let strangers = Strangers::among(world, &[a, b]);
    let mut comparing = Comparing::new(world, &strangers);
    let [of_a, of_b, of_both] =
        [a, b, &both].map(|rules| compile::assigned(&strangers.world, rules));
    let [only_a, only_b] = comparing.flows([a, b], [&of_a, &of_b]);
    let disjoint = overlap::overlap(&strangers, [&of_a, &of_b]);
    let interfering = comparing.interference(&of_a, &of_both);
    relation::comparison([only_a, only_b], disjoint, interfering, comparing.complete)
}

/// The first witness among those who are there, and the first among those who could come.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) given: Option<Witness>,
    pub(crate) future: Option<Witness>,
}

impl Found {
    fn keep(&mut self, witness: Witness) {
        let given = [&witness.from, &witness.to].into_iter().flatten().all(Party::is_given);
        let place = if given { &mut self.given } else { &mut self.future };
        place.get_or_insert(witness);
    }
}

struct Comparing<'a> {
    strangers: &'a Strangers,
    numbers: RoaringBitmap,
    bench: Workbench<'a>,
    roster: Roster,
    known: Vec<Family>,
    complete: bool,
}

/// Pods by the two sets that they have in a direction.
type Pairs = BTreeMap<(Direction, SetId, SetId), RoaringBitmap>;

impl<'a> Comparing<'a> {
    fn new(world: &World, strangers: &'a Strangers) -> Self {
        let bench = Workbench::new(&strangers.world);
        let numbers = strangers.numbers(bench.roster());
        let known = known_families(world);
        let roster = bench.roster().clone();
        Self { strangers, numbers, bench, roster, known, complete: strangers.complete }
    }

    /// Where sets differ.
    fn pairs(&self, assigned: [&Assigned; 2]) -> Pairs {
        let [one, other] = assigned;
        let mut pairs = Pairs::new();
        for number in self.bench.roster().subjects() {
            let pod = PodId(number);
            let (Some(of_one), Some(of_other)) = (one.of(pod), other.of(pod)) else { continue };
            for (direction, sets) in
                Direction::ALL.into_iter().zip(of_one.into_iter().zip(of_other))
            {
                let [first, second] = [(one, sets.0), (other, sets.1)]
                    .map(|(assigned, set)| assigned.sets().get(set.0 as usize));
                if first != second {
                    pairs.entry((direction, sets.0, sets.1)).or_default().insert(number);
                }
            }
        }
        pairs
    }

    /// Flows that one side allows and the other denies, for each side.
    fn flows(&mut self, rules: [&Rules; 2], assigned: [&Assigned; 2]) -> [Found; 2] {
        let mut found = [Found::default(), Found::default()];
        let ([a, b], [of_a, of_b]) = (rules, assigned);
        let mut ends =
            [(a, of_a), (b, of_b)].map(|(rules, of)| OtherEnd::new(self.strangers, rules, of));
        // Asking about addresses is another borrow of the bench than asking the other end.
        let mut other_bench = Workbench::new(&self.strangers.world);
        for ((direction, one, other), subjects) in self.pairs(assigned) {
            let Some(sets) = sets(assigned, [one, other]) else { continue };
            let search = Search {
                direction,
                subjects: &subjects,
                strangers: self.strangers,
                numbers: &self.numbers,
                known: &self.known,
                roster: &self.roster,
                sets,
            };
            let question = Contrast { sets, about: None, strangers: &self.numbers };
            let complete = self.bench.contrast(&question, &mut |who, answers| {
                for (first, (found, end)) in found.iter_mut().zip(&mut ends).enumerate() {
                    search.look(first, who, answers, end, &mut other_bench, found);
                }
                match found.iter().all(|found| found.given.is_some()) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            self.complete &= complete == Complete::Yes;
        }
        found
    }

    /// What adding changes at pods that the first side selects.
    fn interference(&mut self, own: &Assigned, added: &Assigned) -> Found {
        let mut found = Found::default();
        for ((direction, one, other), subjects) in self.pairs([own, added]) {
            let selected: RoaringBitmap =
                subjects.iter().filter(|it| overlap::is_selected(own, PodId(*it))).collect();
            let Some(sets) = sets([own, added], [one, other]).filter(|_| !selected.is_empty())
            else {
                continue;
            };
            let search = Search {
                direction,
                subjects: &selected,
                strangers: self.strangers,
                numbers: &self.numbers,
                known: &self.known,
                roster: &self.roster,
                sets,
            };
            let question = Contrast { sets, about: None, strangers: &self.numbers };
            let complete = self.bench.contrast(&question, &mut |who, answers| {
                search.at_one_end(who, answers, &mut found);
                match found.given.is_some() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            });
            self.complete &= complete == Complete::Yes;
        }
        found
    }
}

fn sets(assigned: [&Assigned; 2], ids: [SetId; 2]) -> Option<[&compile::PolicySet; 2]> {
    let [one, other] = [0, 1].map(|at: usize| {
        let (assigned, id) = (assigned.get(at)?, ids.get(at)?);
        assigned.sets().get(id.0 as usize).map(AsRef::as_ref)
    });
    Some([one?, other?])
}

/// The search for witnesses among the pods that have two sets.
struct Search<'s> {
    direction: Direction,
    subjects: &'s RoaringBitmap,
    strangers: &'s Strangers,
    numbers: &'s RoaringBitmap,
    known: &'s [Family],
    roster: &'s Roster,
    sets: [&'s compile::PolicySet; 2],
}

/// Who is asked for a witness: first those who are there.
type Part = (RoaringBitmap, Who, Vec<Family>);

impl Search<'_> {
    fn look(
        &self,
        first: usize,
        who: &Who,
        answers: &Answers<'_>,
        end: &mut OtherEnd<'_>,
        bench: &mut Workbench<'_>,
        found: &mut Found,
    ) {
        if found.given.is_some() {
            return;
        }
        for more in more(answers, first) {
            for (subjects, who, families) in self.parts(who, answers.family, found) {
                let asked = Asked {
                    direction: self.direction,
                    subjects: &subjects,
                    who: &who,
                    families: &families,
                    traffic: &more.traffic,
                    given_pods: self.strangers.pods,
                };
                if let Some(passing) = end.passing(bench, &asked) {
                    let more = More { traffic: passing.traffic, ..more.clone() };
                    let peer = passing.peer.and_then(|it| bench.roster().member(it));
                    let ends = (passing.subject, peer, passing.family);
                    if let Some(witness) = self.witness(ends, &who, &more) {
                        found.keep(witness);
                    }
                    break;
                }
            }
        }
    }

    fn at_one_end(&self, who: &Who, answers: &Answers<'_>, found: &mut Found) {
        for more in more(answers, 0).into_iter().chain(more(answers, 1)) {
            for (subjects, who, families) in self.parts(who, answers.family, found) {
                let pods = self.strangers.pods;
                let met = overlap::meeting(self.roster, &subjects, &who, &families, pods);
                let witness = met.and_then(|ends| self.witness(ends, &who, &more));
                if let Some(witness) = witness {
                    found.keep(witness);
                    break;
                }
            }
        }
    }

    /// Those who are there first; everybody after, unless such a witness is there already.
    fn parts(&self, who: &Who, family: Option<Family>, found: &Found) -> Vec<Part> {
        let meant = |families: &[Family]| -> Vec<Family> {
            families.iter().copied().filter(|it| family.is_none_or(|own| own == *it)).collect()
        };
        let given = match who {
            Who::Members(members) => Some(Who::Members(members - self.numbers)),
            Who::Like { .. } => None,
            Who::Outside(_) | Who::UnknownPod(_) => Some(who.clone()),
        };
        let own = self.subjects - self.numbers;
        let given = given.map(|who| (own, who, meant(self.known)));
        let everybody = (self.subjects.clone(), who.clone(), meant(&FAMILIES));
        given.into_iter().chain(found.future.is_none().then_some(everybody)).collect()
    }

    fn witness(
        &self,
        (subject, peer, family): (u32, Option<Member>, Family),
        who: &Who,
        more: &More,
    ) -> Option<Witness> {
        let own = Party::member(self.strangers, Member::Pod(PodId(subject)));
        let other = Party::of(self.strangers, who, peer)?;
        let (from, to) = match self.direction {
            Direction::Egress => (own, other),
            Direction::Ingress => (other, own),
        };
        let [a, b] = self.sets;
        let [because_a, because_b] = more.because;
        let [verdict_a, verdict_b] = more.verdicts;
        let [a, b] = [(a, because_a, verdict_a), (b, because_b, verdict_b)].map(
            |(set, because, verdict)| Side { verdict: Some(verdict), reason: set.reason(because) },
        );
        Some(Witness {
            direction: self.direction,
            from: Some(from),
            to: Some(to),
            family: Some(family),
            ports: Some(more.traffic.clone()),
            a,
            b,
        })
    }
}
