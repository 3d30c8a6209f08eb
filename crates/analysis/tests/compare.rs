//! What a comparison says of two sets of policies is what the oracle says of every flow, with pods
//! that are there and with pods that are added.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a failing seed panics with what replays it, and the environment says how many there are"
)]

mod support;

use std::collections::BTreeSet;

use model::{
    ContainerPort, Direction, End, Family, Flow, Labels, Pod, PodId, PolicyRef, Protocol, Rules,
    Traffic, Verdict, World, WorldParts,
};
use ringfence_analysis::compare::{FuturePod, Party, Relation, RelationName, Witness};
use ringfence_analysis::{Comparison, Name, compare};
use support::stranger::strangers;
use support::{Case, FAMILIES, case};

/// The second policies of a case: the same, one policy less, one rule less, or other ones.
fn other(case: &Case, seed: u64) -> Rules {
    let all: Vec<_> = case.rules.iter().cloned().collect();
    let policies: BTreeSet<&PolicyRef> = all.iter().map(|rule| &rule.origin.policy).collect();
    let gone = policies.into_iter().nth(usize::try_from(seed / 4 % 3).expect("small"));
    match seed % 4 {
        0 => Rules::new(all.iter().rev().cloned().collect()),
        1 => Rules::new(
            all.iter().filter(|rule| Some(&rule.origin.policy) != gone).cloned().collect(),
        ),
        2 => Rules::new(all.iter().skip(1).cloned().collect()),
        _ => support::case(seed + 1_000).rules,
    }
}

fn holds(comparison: &Comparison, name: RelationName) -> &Relation {
    let mut all = comparison.relations.iter().filter(|it| it.relation == name);
    all.next().expect("every relation is there")
}

/// The flows between all ends of a world, in the families that it knows.
fn flows(case: &Case) -> Vec<Flow> {
    let mut flows = Vec::new();
    for family in FAMILIES {
        let pods = case
            .world
            .pods()
            .filter(|(_, pod)| pod.addresses.is_empty() || pod.address(family).is_some());
        let mut ends: Vec<End> = pods.map(|(id, _)| case.world.pod_end(id, family)).collect();
        let outside = case.outside.iter().filter(|it| it.address().map(Family::of) == Some(family));
        ends.extend(outside.cloned());
        for from in &ends {
            for to in ends.iter().filter(|to| *to != from && from.pod().or(to.pod()).is_some()) {
                let traffic = case.traffic.iter().filter(|it| !case.is_translated(to, **it));
                let flow = |it: &Traffic| Flow::new(from.clone(), to.clone(), *it, family).ok();
                flows.extend(traffic.filter_map(flow));
            }
        }
    }
    flows
}

/// Whether A within B, and B within A.
fn within(world: &World, flows: &[Flow], a: &Rules, b: &Rules) -> [bool; 2] {
    let mut within = [true, true];
    for flow in flows {
        let [a, b] = [a, b].map(|rules| policy::decide(world, rules, flow).verdict());
        within[0] &= (a, b) != (Verdict::Allow, Verdict::Deny);
        within[1] &= (a, b) != (Verdict::Deny, Verdict::Allow);
    }
    within
}

fn labels(words: &[String]) -> Labels {
    words.iter().fold(Labels::default(), |labels, word| {
        let (key, value) = word.split_once('=').expect("key=value");
        labels.with(key, value)
    })
}

fn ports(words: &[String]) -> Vec<ContainerPort> {
    let port = |word: &String| {
        let (name, rest) = word.split_once('=').expect("name=number");
        let (number, protocol) = rest.split_once('/').expect("number/protocol");
        let protocol = Protocol::ALL.into_iter().find(|it| it.to_string() == protocol);
        ContainerPort {
            container: "main".to_owned(),
            name: Some(name.to_owned()),
            protocol: protocol.expect("a protocol"),
            number: number.parse().expect("a number"),
        }
    };
    words.iter().map(port).collect()
}

/// The world in which both ends of a witness are there, and what they are.
fn realized(case: &Case, witness: &Witness) -> (World, [(End, Party); 2], Family) {
    let mut parts: WorldParts = case.world.clone().into_parts();
    let parties = [&witness.from, &witness.to].map(|it| it.clone().expect("both ends"));
    let numbers: Vec<Option<u32>> =
        (0..).zip(&parties).map(|(at, it)| add(&mut parts, it, at)).collect();
    let world = World::new(parts).expect("a world");
    let family = witness.family.expect("a flow has a family");
    let ends: Vec<(End, Party)> = parties
        .into_iter()
        .zip(numbers)
        .map(|(party, number)| {
            let end = match (&party, number) {
                (_, Some(number)) => world.pod_end(PodId(number), family),
                (Party::Address(address), None) => world.end_at(*address),
                (_, None) => End::Host { node: None, address: None },
            };
            (end, party)
        })
        .collect();
    (world, ends.try_into().unwrap_or_else(|_| panic!("two ends")), family)
}

/// The number of a pod that stands at an end; it is added where it is not there.
fn add(parts: &mut WorldParts, party: &Party, at: u32) -> Option<u32> {
    let count = u32::try_from(parts.pods.len()).expect("few");
    match party {
        Party::Given(name) => {
            let mut pods = (0..).zip(&parts.pods);
            pods.find(|(_, pod)| Name::of_pod(pod) == *name).map(|(number, _)| number)
        }
        Party::Future(FuturePod {
            namespace,
            namespace_labels,
            labels: own,
            ports: named,
            address,
        }) => {
            parts.namespaces.insert(namespace.clone(), labels(namespace_labels));
            parts.pods.push(Pod {
                namespace: namespace.clone(),
                name: format!("witness-{at}"),
                labels: labels(own),
                owner: None,
                node: None,
                addresses: address.iter().copied().collect(),
                host_network: false,
                containers: vec!["main".to_owned()],
                ports: ports(named),
            });
            Some(count)
        }
        Party::Address(_) | Party::FutureNode(_) => None,
    }
}

/// One kind of traffic of a witness's ports.
fn traffic(witness: &Witness, family: Family) -> Traffic {
    let ports = witness.ports.as_ref().expect("a flow has ports");
    let port =
        ports.ports().first().map(|(protocol, range)| Traffic::Port(*protocol, range.first()));
    port.unwrap_or(Traffic::icmp(family))
}

fn check_witness(case: &Case, witness: &Witness, a: &Rules, b: &Rules, whole_flow: bool) {
    let (world, [(from, _), (to, _)], family) = realized(case, witness);
    if matches!((&from, &to), (End::Host { .. }, _) | (_, End::Host { .. })) {
        return;
    }
    let flow = Flow::new(from, to, traffic(witness, family), family).expect("a flow");
    let [of_a, of_b] = [a, b].map(|rules| policy::decide(&world, rules, &flow));
    if whole_flow {
        assert_ne!(of_a.verdict(), of_b.verdict(), "{}: {witness:#?}", case.name);
    }
    let ends = [&of_a, &of_b].map(|decision| match witness.direction {
        Direction::Egress => decision.egress.clone(),
        Direction::Ingress => decision.ingress.clone(),
    });
    for (end, side) in ends.into_iter().zip([&witness.a, &witness.b]) {
        assert_eq!(Some(end.verdict), side.verdict, "{}: {witness:#?} {flow:?}", case.name);
        assert_eq!(Some(end.reason), side.reason, "{}: {witness:#?} {flow:?}", case.name);
    }
}

fn check(seed: u64) -> [u32; 4] {
    let case = case(seed);
    let (a, b) = (&case.rules, &other(&case, seed));
    let said = compare(&case.world, a, b);
    let within_today = within(&case.world, &flows(&case), a, b);
    let [equivalent, in_b, in_a] =
        [RelationName::Equivalent, RelationName::AWithinB, RelationName::BWithinA]
            .map(|name| holds(&said, name));
    for (relation, counted) in [(in_b, within_today[0]), (in_a, within_today[1])] {
        assert!(counted || !relation.given, "{}: {relation:#?}", case.name);
    }
    assert_eq!(equivalent.given, in_b.given && in_a.given);
    assert_eq!(equivalent.future, in_b.future && in_a.future);
    for relation in [in_b, in_a] {
        assert_eq!(relation.witness.is_none(), relation.future);
        if let Some(witness) = &relation.witness {
            check_witness(&case, witness, a, b, true);
        }
    }
    if in_b.future || in_a.future {
        let strangers = strangers(&case.world).into_iter();
        for stranger in strangers.skip(usize::try_from(seed % 3).expect("small")).step_by(3) {
            let then = stranger.arrives(&case);
            let new = PodId(u32::try_from(case.world.pods().count()).expect("few"));
            let mut flows = flows(&then);
            flows.retain(|it| [it.source().pod(), it.destination().pod()].contains(&Some(new)));
            let within = within(&then.world, &flows, a, b);
            assert!(within[0] || !in_b.future, "{}: {:?}", case.name, stranger.labels);
            assert!(within[1] || !in_a.future, "{}: {:?}", case.name, stranger.labels);
        }
    }
    interference(&case, a, b, &said);
    [
        u32::from(equivalent.future),
        u32::from(equivalent.given && !equivalent.future),
        u32::from(!equivalent.given && (in_b.given || in_a.given)),
        u32::from(!in_b.given && !in_a.given),
    ]
}

/// Adding B must change no verdict at a pod that A selects, where that is said.
fn interference(case: &Case, a: &Rules, b: &Rules, said: &Comparison) {
    let of_b: BTreeSet<&PolicyRef> = b.iter().map(|rule| &rule.origin.policy).collect();
    let kept = a.iter().filter(|rule| !of_b.contains(&rule.origin.policy));
    let both = Rules::new(kept.chain(b.iter()).cloned().collect());
    let relation = holds(said, RelationName::NotInterfering);
    if let Some(witness) = &relation.witness {
        check_witness(case, witness, a, &both, false);
    }
    if !relation.given {
        return;
    }
    let selected = |end: &End| {
        let pod = end.pod().map(|id| case.world.pod(id));
        pod.is_some_and(|pod| {
            let spaces = case.world.namespace_labels(&pod.namespace);
            let speaks = |subject: &model::Subject| {
                subject.pods.matches(&pod.labels) && subject.namespaces.matches(spaces)
            };
            a.iter().any(|rule| speaks(&rule.subject))
        })
    };
    for flow in flows(case) {
        let [alone, together] = [a, &both].map(|rules| policy::decide(&case.world, rules, &flow));
        if selected(flow.source()) {
            assert_eq!(alone.egress.verdict, together.egress.verdict, "{}: {flow:?}", case.name);
        }
        if selected(flow.destination()) {
            assert_eq!(alone.ingress.verdict, together.ingress.verdict, "{}: {flow:?}", case.name);
        }
    }
}

#[test]
fn relations_hold_where_the_oracle_says_so_and_witnesses_are_real() {
    let seeds = std::env::var("RINGFENCE_COMPARE_SEEDS");
    let seeds = seeds.map_or(24, |seeds| seeds.parse().expect("a number"));
    let mut all = [0; 4];
    for seed in 0..seeds {
        println!("seed {seed}");
        let counts = check(seed);
        all.iter_mut().zip(counts).for_each(|(all, one)| *all += one);
    }
    println!("compare: {all:?} equivalent, today only, contained, neither");
    assert!(all.iter().all(|count| *count > 0), "{all:?}");
}
