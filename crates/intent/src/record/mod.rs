//! Records: today's matrix as tests that hold now, and fail when a verdict changes.
//!
//! `reachableBy` says all about who exists; where nobody else could come, `only` says that too.

mod future;
mod matrix;
mod names;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use analysis::TrafficSet;
use compile::Member;
use model::{End, Family, PodId};
use roaring::RoaringBitmap;

use self::matrix::Row;
use self::names::Names;
use self::yaml::{Item, Written};
use crate::Judge;
use crate::ranges::everything;

/// Today's matrix as one `PolicyTest` named `name`; `about` is the comment above it.
#[must_use]
pub fn record(judge: &Judge<'_>, name: &str, about: &str) -> String {
    let recorder = Recorder { judge, names: Names::of(judge.world, judge.roster()) };
    let mut tests = Vec::new();
    for (to, rows) in recorder.destinations() {
        tests.extend(recorder.tests(&to, &rows));
    }
    for (ranges, rows) in matrix::to_addresses(&judge.reach, &everything()) {
        let to = recorder.names.networks(&ranges);
        let none = RoaringBitmap::new();
        let all = rows.iter().map(|row| recorder.test(&to, row, &none, &row.all()));
        tests.extend(all);
    }
    yaml::document(name, about, &numbered(tests))
}

/// Destinations and what reaches them.
type Group = (RoaringBitmap, Vec<Row>);

struct Recorder<'j, 'w> {
    judge: &'j Judge<'w>,
    names: Names<'j>,
}

impl Recorder<'_, '_> {
    /// Those who are reached by the same, together; in each namespace apart.
    fn destinations(&self) -> Vec<Group> {
        let present = self.judge.reach.present();
        let members: Vec<(u32, [Vec<Row>; 2])> = present
            .iter()
            .map(|to| {
                let rows = matrix::to_member(&self.judge.reach, to);
                let without = rows.iter().map(|row| self.without_exempt(row, to)).collect();
                let with = rows.iter().map(|row| self.with_itself(row, to)).collect();
                (to, [without, with])
            })
            .collect();
        let alike = |of: usize, to: u32, rows: &[Vec<Row>; 2]| {
            let same = |(other, others): &&(u32, [Vec<Row>; 2])| {
                self.place(*other) == self.place(to) && others.get(of) == rows.get(of)
            };
            members.iter().filter(same).map(|(to, _)| *to).collect::<RoaringBitmap>()
        };
        let (mut done, mut groups) = (RoaringBitmap::new(), Vec::new());
        for (to, rows) in &members {
            if done.contains(*to) {
                continue;
            }
            let [without, with] = [0, 1].map(|of| alike(of, *to, rows) - &done);
            let (at, group) = if with.len() > without.len() { (1, with) } else { (0, without) };
            done |= &group;
            groups.push((group, rows.get(at).cloned().unwrap_or_default()));
        }
        groups
    }

    /// The namespace of a pod; nodes are together.
    fn place(&self, number: u32) -> &str {
        match self.judge.roster().member(number) {
            Some(Member::Pod(id)) => &self.judge.world.pod(id).namespace,
            Some(Member::Node(..)) | None => "",
        }
    }

    /// Without those whose flows policy cannot change.
    fn without_exempt(&self, row: &Row, to: u32) -> Row {
        let mut row = row.clone();
        for (family, members) in &mut row.members {
            let exempt = members.iter().filter(|from| self.judge.is_exempt(*from, to, *family));
            *members -= exempt.collect::<RoaringBitmap>();
        }
        row.members.retain(|_, members| !members.is_empty());
        row
    }

    /// With the destination itself where others of its namespace reach it.
    fn with_itself(&self, row: &Row, to: u32) -> Row {
        let mut row = self.without_exempt(row, to);
        for members in row.members.values_mut() {
            if members.iter().any(|from| self.place(from) == self.place(to)) {
                members.insert(to);
            }
        }
        row
    }

    fn tests(&self, to: &RoaringBitmap, rows: &[Row]) -> Vec<Written> {
        let words = words(&self.names.words(to, &RoaringBitmap::new()));
        let either = self.either(to);
        let mut tests = Vec::new();
        for row in rows {
            match self.of_both_families(row, to) {
                Some(all) => tests.push(self.test(&words, row, &either, &all)),
                None => {
                    for family in self.judge.reach.families() {
                        tests.push(self.of_family(&words, row, &either, *family));
                    }
                }
            }
            tests.extend(self.only(to, row));
        }
        tests
    }

    /// Those of whom it does not matter whether they are named: nobody asks whether a single
    /// destination reaches itself, nor about a node and what runs on it.
    fn either(&self, to: &RoaringBitmap) -> RoaringBitmap {
        let families = self.judge.reach.families();
        let exempt = |from: &u32| {
            to.iter().all(|to| families.iter().all(|it| self.judge.is_exempt(*from, to, *it)))
        };
        let hosts = self.judge.reach.present() - self.judge.roster().subjects();
        let is_host = to.is_subset(&hosts);
        let own = self.judge.reach.present().iter().filter(exempt).collect::<RoaringBitmap>();
        // Hosts have no policy, and nobody asks whether they reach each other.
        if is_host { own | hosts } else { own }
    }

    /// The members of a row, where every family says the same of those who take part in it.
    fn of_both_families(&self, row: &Row, to: &RoaringBitmap) -> Option<RoaringBitmap> {
        let all = row.all();
        let roster = self.judge.roster();
        let none = RoaringBitmap::new();
        let families = self.judge.reach.families().iter();
        let mut present = families.filter(|it| !to.is_disjoint(roster.present(**it)));
        let says_same = |family: &Family| {
            let own = row.members.get(family).unwrap_or(&none);
            *own == &all & roster.present(*family)
        };
        present.all(says_same).then_some(all)
    }

    fn of_family(&self, to: &[Item], row: &Row, either: &RoaringBitmap, family: Family) -> Written {
        let members = row.members.get(&family).cloned().unwrap_or_default();
        let ranges = row.ranges.iter().filter(|range| range.family == family).copied().collect();
        let row = Row { ranges, ..row.clone() };
        let word = analysis::family_word(family);
        let test = self.test(to, &row, either, &members);
        Written { family: Some(word), name: format!("{} over {word}", test.name), ..test }
    }

    fn test(
        &self,
        to: &[Item],
        row: &Row,
        either: &RoaringBitmap,
        members: &RoaringBitmap,
    ) -> Written {
        let mut is = words(&self.names.words(members, either));
        is.extend(self.names.networks(&row.ranges));
        let (field, ports) = ports(&row.traffic);
        let mut fields = vec![("to", to.to_vec()), ("is", is)];
        fields.extend(field.map(|field| (field, words(&ports))));
        let to: Vec<String> = to.iter().map(Item::title).collect();
        let name = format!("who reaches {}{}", several(&to), on(field, &ports));
        Written { name, kind: "reachableBy", fields, family: None }
    }

    fn is_pod(&self, number: u32) -> Option<PodId> {
        let family = self.judge.reach.families().first()?;
        match self.judge.roster().end(number, *family)? {
            End::Pod { pod, .. } => Some(*pod),
            End::Host { .. }
            | End::UnknownPod { .. }
            | End::External { .. }
            | End::Domain { .. } => None,
        }
    }
}

impl Row {
    /// Everybody in some family.
    fn all(&self) -> RoaringBitmap {
        self.members.values().fold(RoaringBitmap::new(), |all, some| all | some)
    }
}

fn words(all: &[String]) -> Vec<Item> {
    all.iter().cloned().map(Item::Word).collect()
}

/// The shorter of saying which ports, and which not; neither for all.
fn ports(traffic: &TrafficSet) -> (Option<&'static str>, Vec<String>) {
    let (these, others) = (traffic.words(), TrafficSet::all().minus(traffic).words());
    match traffic.is_all() {
        true => (None, Vec::new()),
        false if others.len() < these.len() => (Some("exceptPorts"), others),
        false => (Some("ports"), these),
    }
}

fn on(field: Option<&str>, ports: &[String]) -> String {
    match field {
        None => String::new(),
        Some("ports") => format!(" on {}", several(ports)),
        Some(_) => format!(" on all but {}", several(ports)),
    }
}

fn several(words: &[String]) -> String {
    match words {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        [] => "nobody".to_owned(),
    }
}

/// No two tests have one name.
fn numbered(mut tests: Vec<Written>) -> Vec<Written> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for test in &mut tests {
        let count = seen.entry(test.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            test.name = format!("{} - {count}", test.name);
        }
        while !taken.insert(test.name.clone()) {
            test.name.push('\'');
        }
    }
    tests
}
