//! The switch and the words of namespaces (rulings N40, N41), held against a reading of their own: each
//! end of a flow is judged by all policies, or by none.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a failing case panics with its name")]

use std::collections::BTreeMap;

use compile::{Scope, Slots, compile};
use model::{End, Enforcement, Flow, Judgement, Labels, Rules, World};
use policy::decide;
use testkit::generate::Generated;

const LABEL: &str = "ringfence.io/enforcement";
const SWITCHES: [Enforcement; 3] =
    [Enforcement::Enforce, Enforcement::Audit, Enforcement::Disabled];

/// The world of a seed, whose namespaces say something in turn.
fn case(seed: u64) -> (World, Rules, Vec<Flow>) {
    let Generated { world, rules, flows } = Generated::seeded(seed);
    let (mut parts, rules) = (world.into_parts(), rules.with_staged_enforced());
    let words = ["audit", "enforce", "adit", ""].into_iter().cycle().skip(seed as usize % 4);
    for (labels, word) in parts.namespaces.values_mut().zip(words) {
        let own = labels.iter().filter(|(key, _)| *key != LABEL);
        let own: Labels = own.collect();
        *labels = if word.is_empty() { own } else { own.with(LABEL, word) };
    }
    (World::new(parts).unwrap(), rules, flows)
}

/// Whether policies count for this end.
fn counts(world: &World, switch: Enforcement, end: &End) -> bool {
    let said = match end {
        End::Pod { pod, .. } => world.namespace_labels(&world.pod(*pod).namespace).get(LABEL),
        End::Host { .. } | End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
            None
        }
    };
    match (switch, said) {
        (Enforcement::Disabled, _) => false,
        (Enforcement::Enforce, None) => true,
        (Enforcement::Audit, None) => false,
        (Enforcement::Enforce | Enforcement::Audit, Some(word)) => word != "audit",
    }
}

#[test]
fn each_end_is_judged_by_all_policies_or_by_none_and_the_table_says_the_same() {
    let (mut compared, mut differ) = (0, 0);
    for seed in 0..200 {
        let (world, rules, flows) = case(seed);
        let namespaces: BTreeMap<String, Labels> =
            world.namespaces().map(|(name, labels)| (name.to_owned(), labels.clone())).collect();
        let nothing = Rules::default();
        for switch in SWITCHES {
            let under = rules.clone().under(switch, &namespaces);
            assert_eq!(under.with_staged_enforced(), rules, "seed {seed} {switch:?}");
            let table = compile(&world, &under, &Slots::of(&world, Scope::Everywhere));
            let table = table.unwrap_or_else(|error| panic!("{error}"));
            for flow in flows.iter().step_by(5) {
                let context = format!("seed {seed} {switch:?} {flow:?}");
                let said = decide(&world, &under, flow);
                let [all, none] = [&rules, &nothing].map(|rules| decide(&world, rules, flow));
                let one = |end: &End, all: Judgement, none: Judgement| match counts(
                    &world, switch, end,
                ) {
                    true => all,
                    false => none,
                };
                let egress = one(flow.source(), all.egress.clone(), none.egress);
                let ingress = one(flow.destination(), all.ingress.clone(), none.ingress);
                assert_eq!((&said.egress, &said.ingress), (&egress, &ingress), "{context}");
                if let Ok(told) = table.decide(flow) {
                    assert_eq!(told, said, "{context}");
                }
                compared += 1;
                differ += u32::from(said != all);
            }
        }
    }
    println!("{compared} flows, {differ} decided otherwise than if everything counted");
    assert!(differ > compared / 20, "{differ} of {compared}");
}
