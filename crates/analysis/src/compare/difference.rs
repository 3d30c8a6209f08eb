//! Where two sets differ, and whether a whole flow differs there.
//!
//! A flow passes only if both ends let it, so what one end says more is a difference only where the
//! other end would let it pass.

use std::collections::{BTreeMap, HashMap};

use compile::{Answers, Assigned, Because, SetId, Table, Who, Workbench};
use model::{Direction, Family, Pod, PodId, Rules, Verdict};
use roaring::RoaringBitmap;

use crate::TrafficSet;
use crate::clause::allowed_traffic;
use crate::compare::party::nobodys;
use crate::strangers::Strangers;

/// Traffic that the first set allows and the second denies, and why.
#[derive(Clone)]
pub(super) struct More {
    pub(super) traffic: TrafficSet,
    pub(super) because: [Because; 2],
    /// Of both sets in their order.
    pub(super) verdicts: [Verdict; 2],
}

/// What set `first` of two allows and the other does not; by reasons, so that a witness has one.
pub(super) fn more(answers: &Answers<'_>, first: usize) -> Vec<More> {
    let mut by_reason: BTreeMap<[Because; 2], Vec<compile::Span>> = BTreeMap::new();
    for (span, said) in answers.cells() {
        let [a, b] = said;
        let [one, other] = if first == 0 { [a, b] } else { [b, a] };
        if one.verdict == Verdict::Allow && other.verdict == Verdict::Deny {
            by_reason.entry(said.map(|said| said.because)).or_default().push(span);
        }
    }
    let verdicts = match first {
        0 => [Verdict::Allow, Verdict::Deny],
        _ => [Verdict::Deny, Verdict::Allow],
    };
    let more = |(because, spans)| More { traffic: TrafficSet::of_spans(spans), because, verdicts };
    by_reason.into_iter().map(more).collect()
}

/// One side of a comparison, asked what the other end of a flow says.
pub(super) struct OtherEnd<'a> {
    pub(super) strangers: &'a Strangers,
    pub(super) rules: &'a Rules,
    pub(super) assigned: &'a Assigned,
    tables: HashMap<SetId, Table>,
}

/// A flow that passes the other end.
pub(super) struct Passing {
    pub(super) subject: u32,
    pub(super) peer: Option<u32>,
    pub(super) family: Family,
    pub(super) traffic: TrafficSet,
}

/// A question to the other end.
pub(super) struct Asked<'q> {
    /// Of the end where the sets differ.
    pub(super) direction: Direction,
    pub(super) subjects: &'q RoaringBitmap,
    pub(super) who: &'q Who,
    pub(super) families: &'q [Family],
    pub(super) traffic: &'q TrafficSet,
    /// Pods from this number on do not exist yet.
    pub(super) given_pods: u32,
}

impl<'a> OtherEnd<'a> {
    pub(super) fn new(strangers: &'a Strangers, rules: &'a Rules, assigned: &'a Assigned) -> Self {
        Self { strangers, rules, assigned, tables: HashMap::new() }
    }

    /// A flow between some subject and some of `who` that this end lets pass.
    pub(super) fn passing(
        &mut self,
        bench: &mut Workbench<'_>,
        asked: &Asked<'_>,
    ) -> Option<Passing> {
        match asked.who {
            Who::Outside(range) | Who::UnknownPod(range) => {
                let able = asked.subjects & bench.roster().present(range.family);
                let meant = asked.families.contains(&range.family);
                let subject = able.min().filter(|_| meant)?;
                nobodys(&self.strangers.world, *range)?;
                let (family, traffic) = (range.family, asked.traffic.clone());
                Some(Passing { subject, peer: None, family, traffic })
            }
            Who::Members(members) => self.with_members(bench, asked, members),
            Who::Like { member, ports, .. } => {
                if ports.is_empty() {
                    return self.with_members(bench, asked, &RoaringBitmap::from_iter([*member]));
                }
                let world = &self.strangers.world;
                let pod = Pod { ports: ports.clone(), ..world.pod(PodId(*member)).clone() };
                let set = compile::set_for(world, self.rules, &pod, opposite(asked.direction));
                let table = bench.table(&set);
                passes(bench, &table, asked, *member)
            }
        }
    }

    fn with_members(
        &mut self,
        bench: &mut Workbench<'_>,
        asked: &Asked<'_>,
        members: &RoaringBitmap,
    ) -> Option<Passing> {
        let mut tried: HashMap<(SetId, [bool; 2]), u32> = HashMap::new();
        for peer in members {
            let own = self.assigned.of(PodId(peer)).filter(|_| is_pod(bench, peer));
            let Some([egress, ingress]) = own else {
                let Some((subject, family)) = met(bench, asked, peer) else { continue };
                let traffic = asked.traffic.clone();
                return Some(Passing { subject, peer: Some(peer), family, traffic });
            };
            let set = match asked.direction {
                Direction::Egress => ingress,
                Direction::Ingress => egress,
            };
            // A second one of the same set only matters where the first was the subject itself.
            let families =
                [Family::V4, Family::V6].map(|it| bench.roster().present(it).contains(peer));
            let count = tried.entry((set, families)).or_default();
            *count += 1;
            if *count > 2 {
                continue;
            }
            let sets = self.assigned.sets();
            let table = match self.tables.get(&set) {
                Some(table) => table,
                None => {
                    let made = bench.table(sets.get(set.0 as usize)?);
                    self.tables.entry(set).or_insert(made)
                }
            };
            let passing = passes(bench, table, asked, peer);
            if passing.is_some() {
                return passing;
            }
        }
        None
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Egress => Direction::Ingress,
        Direction::Ingress => Direction::Egress,
    }
}

fn is_pod(bench: &Workbench<'_>, number: u32) -> bool {
    matches!(bench.roster().member(number), Some(compile::Member::Pod(_)))
}

/// A subject that can meet `peer`, and in which family.
fn met(bench: &Workbench<'_>, asked: &Asked<'_>, peer: u32) -> Option<(u32, Family)> {
    asked.families.iter().find_map(|family| {
        let able = bench.roster().present(*family);
        let subject = asked.subjects.iter().find(|it| able.contains(*it))?;
        able.contains(peer).then_some((subject, *family))
    })
}

/// A subject whom the peer's table lets talk on some of the traffic; nobody is his own peer, but
/// two who do not exist yet may be alike.
fn passes(bench: &Workbench<'_>, table: &Table, asked: &Asked<'_>, peer: u32) -> Option<Passing> {
    let roster = bench.roster();
    let allowed: Vec<TrafficSet> = allowed_traffic(table);
    for family in asked.families.iter().filter(|it| roster.present(**it).contains(peer)) {
        let able = asked.subjects & roster.present(*family);
        let rows = table.peers(*family);
        let mut rest = able;
        let mut by_row: Vec<(RoaringBitmap, u32)> = Vec::new();
        for (group, row) in &rows.groups {
            let met = &rest & group;
            if !met.is_empty() {
                rest -= &met;
                by_row.push((met, *row));
            }
        }
        by_row.push((rest, rows.rest));
        for (subjects, row) in by_row {
            let Some(allowed) = allowed.get(row as usize) else { continue };
            let traffic = allowed.intersect(asked.traffic);
            let subject = subjects.iter().find(|it| *it != peer || *it >= asked.given_pods);
            if let Some(subject) = subject.filter(|_| !traffic.is_empty()) {
                let family = *family;
                return Some(Passing { subject, peer: Some(peer), family, traffic });
            }
        }
    }
    None
}
