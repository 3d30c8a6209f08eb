//! T0 = T2: the programs say of packets what the oracle says of flows, verdict and reason; and beside
//! it what it would say if staged policies were enforced.
//!
//! `RINGFENCE_T2_SHARE=8` takes an eighth of the cases and worlds, for kernels in an emulator.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing case panics with its name"
)]

use std::collections::BTreeSet;

use model::{Decision, End, Flow, Rules};
use ringfence_kernel::{Said, Tier, Unprobeable, available};
use testkit::corpus::{TierName, load_all};
use testkit::generate::Generated;

/// One of how many cases is taken.
fn share() -> usize {
    std::env::var("RINGFENCE_T2_SHARE").map_or(1, |share| share.parse().unwrap())
}

#[derive(Default)]
struct Count {
    packets: u32,
    of_nodes: u32,
    kept: u32,
    /// Packets whose event says that staged policies would have said something else.
    staged: u32,
    translated: u32,
    without_address: u32,
    from_group: u32,
}

/// Runs one packet at each end that is a pod or a node that rules speak for.
fn compare(
    tier: &mut Tier,
    rules: &Rules,
    flow: &Flow,
    [enforced, staged]: [&Decision; 2],
    context: &str,
    count: &mut Count,
) {
    match Tier::unprobeable(flow) {
        Some(Unprobeable::Translated) => return count.translated += 1,
        Some(Unprobeable::NoAddress) => return count.without_address += 1,
        Some(Unprobeable::FromGroup) => return count.from_group += 1,
        None => {}
    }
    let is_node = |end: &End| matches!(end, End::Host { .. });
    let (from_node, to_node) = (is_node(flow.source()), is_node(flow.destination()));
    for (said, wanted, staged, is_node) in [
        (tier.egress(flow).unwrap(), &enforced.egress, &staged.egress, from_node),
        (tier.ingress(flow).unwrap(), &enforced.ingress, &staged.ingress, to_node),
    ] {
        if let Some(said) = said {
            let keeps_existing = policy::keeps_existing(rules, wanted);
            // Where nothing is staged nothing is told, and both are the same.
            let told = said.staged.is_some() || staged != wanted;
            let staged = told.then(|| staged.clone());
            count.staged += u32::from(staged.as_ref().is_some_and(|staged| staged != wanted));
            let wanted = Said { judgement: wanted.clone(), staged, keeps_existing };
            assert_eq!(said, wanted, "{context}: {flow:?}");
            count.packets += 1;
            count.of_nodes += u32::from(is_node);
            count.kept += u32::from(keeps_existing);
        }
    }
}

#[test]
fn the_programs_say_what_the_corpus_expects() {
    if !available() {
        return;
    }
    let (mut count, mut rulings) = (Count::default(), BTreeSet::new());
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    let mut tier = Tier::new().unwrap();
    for case in cases.iter().filter(|case| case.runs_in(TierName::T2)).step_by(share()) {
        for step in &case.steps {
            tier.step(&step.world, &step.rules)
                .unwrap_or_else(|error| panic!("{}: {error}", case.name));
            for expected in &step.flows {
                let context = format!("{} line {}", case.name, expected.line);
                let decisions = [&expected.decision, &expected.staged];
                let flow = &expected.flow;
                compare(&mut tier, &step.rules, flow, decisions, &context, &mut count);
                rulings.extend(expected.rulings.iter().cloned());
            }
        }
    }
    println!(
        "T2 corpus: 1 of {} of {} cases, {} packets ({} of nodes), {} rulings, {} staged otherwise; left to other tiers: {} translated, {} without address, {} from a group",
        share(),
        cases.len(),
        count.packets,
        count.of_nodes,
        rulings.len(),
        count.staged,
        count.translated,
        count.without_address,
        count.from_group
    );
    let wanted = 1000 / share() as u32;
    assert!(count.packets > wanted, "{} of {wanted}", count.packets);
    assert!(count.kept > 0 && count.staged > 5 && count.of_nodes >= 10 || share() > 1);
}

#[test]
fn the_programs_say_what_the_oracle_says_of_random_worlds() {
    if !available() {
        return;
    }
    let mut count = Count::default();
    let mut tier = Tier::new().unwrap();
    // Where less is asked, it is less of the worlds with staged policies and of those without.
    let worlds = (5000..5050).map(|seed| (seed, Generated::seeded(seed)));
    let (staging, others): (Vec<_>, Vec<_>) = worlds.partition(|(_, case)| case.rules.has_staged());
    for (seed, case) in staging.iter().step_by(share()).chain(others.iter().step_by(share())) {
        let (rules, as_staged) = (&case.rules, case.rules.with_staged_enforced());
        tier.step(&case.world, rules).unwrap();
        for flow in case.sample(250) {
            let decisions =
                [rules, &as_staged].map(|rules| policy::decide(&case.world, rules, flow));
            let context = format!("seed {seed}");
            compare(&mut tier, rules, flow, decisions.each_ref(), &context, &mut count);
        }
    }
    let Count { packets, of_nodes, staged, from_group, .. } = count;
    println!(
        "T2 random: 1 of {} of 50 worlds, {packets} packets ({of_nodes} of nodes), {staged} staged otherwise; left to other tiers: {from_group} from a group",
        share()
    );
    let wanted = [10_000, 100, 500].map(|whole| whole / share() as u32);
    // Only another kernel, of which less is asked, may be without the hooks of nodes.
    let is_without_nodes = share() > 1 && !tier.judges_nodes();
    assert!(
        packets >= wanted[0] && staged > wanted[1] && (of_nodes >= wanted[2] || is_without_nodes),
        "{packets} packets, {staged} staged otherwise, {of_nodes} of nodes"
    );
}
