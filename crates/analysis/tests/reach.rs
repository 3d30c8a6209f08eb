//! Reach is what the oracle says of every pair on all traffic at the edges of the rules.

mod support;

use compile::number;
use model::{Direction, End, Family, Traffic, Verdict};
use ringfence_analysis::reach::Outsiders;
use ringfence_analysis::{Options, Reach, reach};
use support::{Case, FAMILIES, case};

fn reached(case: &Case) -> Reach {
    reach(&case.world, &case.rules, &Options { families: FAMILIES.to_vec() })
}

fn pairs(case: &Case, reach: &Reach) -> u32 {
    let roster = reach.tables().roster();
    let mut compared = 0;
    for family in FAMILIES {
        for from in roster.present(family) {
            for to in roster.present(family).iter().filter(|to| *to != from) {
                if !roster.subjects().contains(from) && !roster.subjects().contains(to) {
                    continue;
                }
                compared += pair(case, reach, from, to, family);
            }
        }
    }
    compared
}

fn pair(case: &Case, reach: &Reach, from: u32, to: u32, family: Family) -> u32 {
    let roster = reach.tables().roster();
    let (source, destination) = (roster.end(from, family), roster.end(to, family));
    let (Some(source), Some(destination)) = (source, destination) else { return 0 };
    let between = reach.between(from, to, family);
    for traffic in &case.traffic {
        let oracle = case.decide(source, destination, *traffic, family).verdict();
        let said = between.contains(*traffic);
        let name = &case.name;
        assert_eq!(said, oracle == Verdict::Allow, "{name}: {source:?} {destination:?} {traffic}");
    }
    let whole = reach.edges().iter().any(|edge| {
        edge.families.contains(&family)
            && edge.from.contains(from)
            && edge.to.contains(to)
            && *edge.traffic == between
    });
    assert!(whole || between.is_empty(), "{}: no edge states {between}", case.name);
    u32::try_from(case.traffic.len()).unwrap_or(0)
}

fn outside(case: &Case, reach: &Reach) -> u32 {
    let roster = reach.tables().roster();
    let mut compared = 0;
    for direction in Direction::ALL {
        for pod in roster.subjects() {
            for end in &case.outside {
                let Some(family) = end.address().map(Family::of) else { continue };
                let Some(own) = roster.end(pod, family) else { continue };
                for traffic in case.traffic.iter().filter(|it| !case.is_translated(end, **it)) {
                    let oracle = match direction {
                        Direction::Egress => case.decide(own, end, *traffic, family),
                        Direction::Ingress => case.decide(end, own, *traffic, family),
                    };
                    let said = allows(reach, direction, pod, end, *traffic);
                    let allowed = oracle.verdict() == Verdict::Allow;
                    assert_eq!(
                        said, allowed,
                        "{}: {own:?} {direction} {end:?} {traffic}",
                        case.name
                    );
                    compared += 1;
                }
            }
        }
    }
    compared
}

fn allows(reach: &Reach, direction: Direction, pod: u32, end: &End, traffic: Traffic) -> bool {
    let whose = match end {
        End::External { .. } => Outsiders::External,
        End::UnknownPod { .. } => Outsiders::UnknownPods,
        End::Pod { .. } | End::Host { .. } | End::Domain { .. } => return false,
    };
    let Some(address) = end.address() else { return false };
    let edges = reach.outside().iter().filter(|edge| {
        edge.direction == direction && edge.outsiders == whose && edge.pods.contains(pod)
    });
    let mut naming = edges.filter(|edge| {
        let mut networks = edge.networks().into_iter();
        let by_network = networks.any(|network| network.contains(&address));
        let by_range = edge.ranges.iter().any(|range| {
            range.family == Family::of(address)
                && (range.first..=range.last).contains(&number(address))
        });
        assert_eq!(by_network, by_range, "networks and ranges differ at {address}");
        by_network
    });
    let found = naming.next().is_some_and(|edge| edge.traffic.contains(traffic));
    assert!(naming.next().is_none(), "two edges for {address}");
    found
}

#[test]
fn every_pair_is_as_the_oracle_says() {
    let compared: u32 = (0..150).map(case).map(|case| pairs(&case, &reached(&case))).sum();
    println!("reach: {compared} pairs and traffic of 150 worlds");
    assert!(compared > 100_000, "{compared}");
}

#[test]
fn every_address_outside_is_as_the_oracle_says() {
    let compared: u32 = (0..150).map(case).map(|case| outside(&case, &reached(&case))).sum();
    println!("reach: {compared} outside addresses and traffic of 150 worlds");
    assert!(compared > 50_000, "{compared}");
}
