//! The report of reach: every pair of it is a pair of reach, a focus narrows and never changes, and
//! the rules it names are those that the oracle names.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use compile::Member;
use model::{Family, PodId, Reason};
use ringfence_analysis::reach::{Focus, Report, Who};
use ringfence_analysis::{By, Name, Options, Reach, TrafficSet, reach};
use roaring::RoaringBitmap;
use support::{Case, FAMILIES, case};

fn reached(case: &Case) -> Reach {
    reach(&case.world, &case.rules, &Options { families: FAMILIES.to_vec() })
}

fn pods(case: &Case) -> BTreeMap<Name, u32> {
    case.world.pods().map(|(id, pod)| (Name::of_pod(pod), id.0)).collect()
}

type Pairs = BTreeMap<(u32, u32, Family), TrafficSet>;

/// The pairs of pods that a report has, each family once.
fn pairs_of(case: &Case, report: &Report) -> Pairs {
    let pods = pods(case);
    let mut pairs = Pairs::new();
    for pair in report.pairs() {
        let (Some(from), Some(to)) = (pods.get(&pair.from), pods.get(&pair.to)) else { continue };
        for family in &pair.families {
            let twice = pairs.insert((*from, *to, *family), pair.ports.as_ref().clone());
            assert!(twice.is_none(), "{}: {pair:?} twice", case.name);
        }
    }
    pairs
}

/// The pairs of pods that reach has.
fn expected(reach: &Reach, among: impl Fn(u32, u32) -> bool) -> Pairs {
    let roster = reach.tables().roster();
    let is_pod = |number: &u32| matches!(roster.member(*number), Some(Member::Pod(_)));
    let mut pairs = Pairs::new();
    for family in FAMILIES {
        let present: Vec<u32> = roster.present(family).iter().filter(is_pod).collect();
        for &from in &present {
            for &to in present.iter().filter(|to| **to != from && among(from, **to)) {
                let traffic = reach.between(from, to, family);
                if !traffic.is_empty() {
                    pairs.insert((from, to, family), traffic);
                }
            }
        }
    }
    pairs
}

#[test]
fn by_pod_every_pair_of_reach_is_there_once() {
    let mut seen = 0;
    for seed in 0..120 {
        let case = case(seed);
        let reach = reached(&case);
        let report = reach.report(&case.world, By::Pod, &Focus::default(), false);
        let pairs = pairs_of(&case, &report);
        assert_eq!(pairs, expected(&reach, |_, _| true), "{}", case.name);
        seen += pairs.len();
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn a_focus_leaves_what_it_names() {
    for seed in 0..60 {
        let case = case(seed);
        let reach = reached(&case);
        let one = |number: u32| {
            Some(Who { members: RoaringBitmap::from_iter([number]), addresses: Vec::new() })
        };
        let from = Focus { from: one(0), ..Focus::default() };
        let report = reach.report(&case.world, By::Pod, &from, false);
        assert_eq!(pairs_of(&case, &report), expected(&reach, |from, _| from == 0));
        let to = Focus { to: one(0), ..Focus::default() };
        let report = reach.report(&case.world, By::Pod, &to, false);
        assert_eq!(pairs_of(&case, &report), expected(&reach, |_, to| to == 0));
        assert!(report.outside.iter().all(|it| it.direction == model::Direction::Ingress));
    }
}

#[test]
fn the_rules_of_one_pair_and_port_are_those_of_the_oracle() {
    let mut compared = 0;
    for seed in 0..40 {
        let case = case(seed);
        for family in FAMILIES {
            let options = Options { families: vec![family] };
            let reach = reach(&case.world, &case.rules, &options);
            compared += explained(&case, &reach, family);
        }
    }
    assert!(compared > 1000, "{compared}");
}

fn explained(case: &Case, reach: &Reach, family: Family) -> u32 {
    let roster = reach.tables().roster();
    let (mut compared, present) = (0, roster.present(family) & roster.subjects());
    for (from, to) in present.iter().zip(present.iter().skip(1)) {
        let ends = (roster.end(from, family), roster.end(to, family));
        let (Some(source), Some(destination)) = ends else { continue };
        for traffic in &case.traffic {
            let who = |id| Some(Who::of(roster, |member| member == Member::Pod(PodId(id))));
            let traffic_set = Some(TrafficSet::one(*traffic));
            let focus =
                Focus { from: who(from), to: who(to), traffic: traffic_set, direction: None };
            let report = reach.report(&case.world, By::Pod, &focus, true);
            let decision = case.decide(source, destination, *traffic, family);
            let reasons = |reason: &Reason| BTreeSet::from([reason.clone()]);
            for connection in &report.connections {
                let because = connection.because.clone().unwrap_or_default();
                let egress: BTreeSet<Reason> = because.egress.into_iter().collect();
                let ingress: BTreeSet<Reason> = because.ingress.into_iter().collect();
                assert_eq!(egress, reasons(&decision.egress.reason), "{}", case.name);
                assert_eq!(ingress, reasons(&decision.ingress.reason), "{}", case.name);
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn workloads_and_namespaces_stand_for_their_pods() {
    for seed in 0..60 {
        let case = case(seed);
        let reach = reached(&case);
        let by_pod = expected(&reach, |_, _| true);
        let report = reach.report(&case.world, By::Namespace, &Focus::default(), false);
        let namespace = |id: u32| case.world.pod(PodId(id)).namespace.as_str();
        let wanted: BTreeSet<(&str, &str)> = by_pod
            .keys()
            .map(|(from, to, _)| (namespace(*from), namespace(*to)))
            .filter(|(from, to)| from != to)
            .collect();
        let pairs: Vec<_> = report.pairs().collect();
        let told: BTreeSet<(&str, &str)> = pairs
            .iter()
            .filter_map(|pair| Some((pair.from.namespace()?, pair.to.namespace()?)))
            .filter(|(from, to)| from != to)
            .collect();
        assert_eq!(told, wanted, "{}", case.name);
    }
}
