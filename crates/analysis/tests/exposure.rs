//! Exposure says of pods that do not exist yet what the oracle says once they do: pods of every
//! combination of labels that rules can ask for are added, those that match and those that miss.

#![expect(clippy::expect_used, reason = "a failing seed panics with what replays it")]

mod support;

use std::collections::BTreeSet;

use compile::Condition;
use model::{Direction, End, PodId, Traffic, Verdict};
use ringfence_analysis::exposure::Exposed;
use ringfence_analysis::{Exposure, Name, Options, TrafficSet, exposure};
use support::stranger::{Stranger, strangers};
use support::{Case, FAMILIES, case};

/// What is stated of a stranger.
fn stated(stranger: &Stranger, exposed: &Exposed) -> TrafficSet {
    let satisfied = exposed.pods.iter().filter(|pods| {
        pods.all_of.iter().all(|it| satisfies(stranger, it))
            && !pods.none_of.iter().any(|it| satisfies(stranger, it))
    });
    satisfied.fold(exposed.cluster.clone(), |all, pods| all.union(&pods.ports))
}

fn satisfies(stranger: &Stranger, condition: &Condition) -> bool {
    match condition {
        Condition::Labels { namespaces, pods } => {
            namespaces.matches(&stranger.namespace_labels) && pods.matches(&stranger.labels)
        }
        Condition::PortName { name, protocol, number } => {
            stranger.pod().named_port(name, *protocol) == Some(*number)
        }
    }
}

fn of<'a>(
    exposure: &'a Exposure,
    pod: &Name,
    direction: Direction,
    family: model::Family,
) -> &'a Exposed {
    let mut exposed = exposure.exposed.iter().filter(|exposed| {
        exposed.direction == direction
            && exposed.families.contains(&family)
            && exposed.workloads.contains(pod)
    });
    let found = exposed.next().expect("every pod has an entry");
    assert!(exposed.next().is_none(), "two entries for {pod}");
    found
}

fn compare(case: &Case) -> (u32, u32) {
    let exposure = exposure(&case.world, &case.rules, &Options { families: FAMILIES.to_vec() });
    let number = u32::try_from(case.world.pods().count()).expect("few");
    let (mut allowed, mut denied) = (0, 0);
    for stranger in strangers(&case.world) {
        let then = stranger.arrives(case);
        for (id, pod) in case.world.pods().filter(|(_, pod)| !pod.host_network) {
            for family in FAMILIES {
                if !pod.addresses.is_empty() && pod.address(family).is_none() {
                    continue;
                }
                let own = then.world.pod_end(id, family);
                let other = then.world.pod_end(PodId(number), family);
                for direction in Direction::ALL {
                    let exposed = of(&exposure, &Name::of_pod(pod), direction, family);
                    let stated = stated(&stranger, exposed);
                    for traffic in &case.traffic {
                        let said = end_says(&then, direction, &own, &other, *traffic, family);
                        let name = &case.name;
                        let labels =
                            (&stranger.namespace_labels, &stranger.labels, &stranger.ports);
                        assert_eq!(
                            stated.contains(*traffic),
                            said == Verdict::Allow,
                            "{name}: {own:?} {direction} {labels:?} {traffic} {family:?}: {exposed:#?} {:#?}",
                            case.rules
                        );
                        match said {
                            Verdict::Allow => allowed += 1,
                            Verdict::Deny => denied += 1,
                        }
                    }
                }
            }
        }
    }
    (allowed, denied)
}

fn end_says(
    case: &Case,
    direction: Direction,
    own: &End,
    other: &End,
    traffic: Traffic,
    family: model::Family,
) -> Verdict {
    match direction {
        Direction::Egress => case.decide(own, other, traffic, family).egress.verdict,
        Direction::Ingress => case.decide(other, own, traffic, family).ingress.verdict,
    }
}

#[test]
fn pods_that_match_get_in_and_pods_that_just_miss_do_not() {
    let (mut allowed, mut denied) = (0, 0);
    for seed in 0..40 {
        let (some, others) = compare(&case(seed));
        allowed += some;
        denied += others;
    }
    println!("exposure: {allowed} allowed, {denied} denied");
    assert!(allowed > 10_000 && denied > 10_000, "{allowed} {denied}");
}

#[test]
fn unprotected_is_open_to_everybody() {
    for seed in 0..40 {
        let case = case(seed);
        let exposure = exposure(&case.world, &case.rules, &Options::default());
        let unprotected: Vec<&Exposed> =
            exposure.exposed.iter().filter(|exposed| exposed.unprotected).collect();
        assert!(unprotected.iter().all(|it| it.cluster.is_all() && it.internet.is_all()));
        let named: BTreeSet<&Name> = exposure.exposed.iter().flat_map(|it| &it.workloads).collect();
        let subjects = case.world.pods().filter(|(_, pod)| !pod.host_network).count();
        assert_eq!(named.len(), subjects, "{}", case.name);
    }
}
