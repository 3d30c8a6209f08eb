//! Changes in the kernel, write by write: after each, a new flow is let through or not as before the
//! change or as after it, and never let through where both deny. A change that is cut off anywhere
//! and made anew arrives.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing seed panics")]

use model::{Flow, Rules, Verdict, World};
use plan::Op;
use ringfence_kernel::{Tier, available};
use testkit::generate::Generated;

/// How many flows are asked about after each write.
const ASKED: usize = 4;

/// Flows of a world that a packet can be, and what the oracle says of them.
struct Asked<'a> {
    world: &'a World,
    flows: Vec<&'a Flow>,
}

impl<'a> Asked<'a> {
    fn new(case: &'a Generated) -> Self {
        let flows = case.sample(120).into_iter();
        let flows = flows.filter(|flow| Tier::unprobeable(flow).is_none()).collect();
        Self { world: &case.world, flows }
    }

    fn verdicts(&self, rules: &Rules) -> Vec<bool> {
        let allows =
            |flow: &&Flow| policy::decide(self.world, rules, flow).verdict() == Verdict::Allow;
        self.flows.iter().map(allows).collect()
    }
}

/// Thousands of ports may move one by one; only those that are asked about can change an answer.
fn is_silent(op: &Op, flows: &[&Flow]) -> bool {
    let Op::Port { slot, .. } = op else { return false };
    !flows.iter().any(|flow| abi::port_slot(flow.traffic()) == Some(*slot))
}

/// The rules of other seeds are about the same labels and names.
fn rules(seed: u64) -> Rules {
    Generated::seeded(seed).rules
}

#[test]
fn after_every_write_packets_fare_as_before_the_change_or_as_after_it() {
    if !available() {
        return;
    }
    let (mut tier, mut writes, mut steps, mut packets) = (Tier::new().unwrap(), 0, 0, 0);
    for seed in 7000..7006 {
        let case = Generated::seeded(seed);
        let asked = Asked::new(&case);
        tier.step(&case.world, &case.rules).unwrap();
        let mut old = asked.verdicts(&case.rules);
        for step in 1..4 {
            let wanted = rules(seed + 100 * step);
            let new = asked.verdicts(&wanted);
            let is_loud = |op: &Op| !is_silent(op, &asked.flows);
            writes += tier
                .cross(&wanted, is_loud, |tier, at, op| {
                    steps += 1;
                    for turn in (0..asked.flows.len()).cycle().skip(at * ASKED).take(ASKED) {
                        let passes = tier.passes(asked.flows[turn]).unwrap();
                        packets += 1;
                        assert!(
                            passes == old[turn] || passes == new[turn],
                            "seed {seed} step {step} write {at}: {op:?}: {:?}: {} before, {} after",
                            asked.flows[turn],
                            old[turn],
                            new[turn]
                        );
                    }
                    true
                })
                .unwrap();
            old = new;
        }
    }
    println!("T2 crossing: {writes} writes in {steps} steps, {packets} flows asked");
    assert!(steps > 2_000 && packets > 8_000, "{steps} {packets}");
}

#[test]
fn a_change_that_is_cut_off_and_made_anew_arrives() {
    if !available() {
        return;
    }
    let (mut tier, mut crashes) = (Tier::new().unwrap(), 0);
    for seed in 7100..7104 {
        let case = Generated::seeded(seed);
        let asked = Asked::new(&case);
        let wanted = rules(seed + 100);
        let new = asked.verdicts(&wanted);
        for written in [1, 23, 97, 256] {
            tier.step(&case.world, &case.rules).unwrap();
            let all = tier.cross(&wanted, |_| true, |_, at, _| at + 1 < written).unwrap();
            crashes += usize::from(all > written);
            tier.cross(&wanted, |_| false, |_, _, _| true).unwrap();
            for (flow, wanted) in asked.flows.iter().zip(&new) {
                assert_eq!(tier.passes(flow).unwrap(), *wanted, "seed {seed}: {flow:?}");
            }
        }
    }
    println!("T2 crossing: {crashes} changes cut off");
    assert!(crashes >= 8, "{crashes}");
}

#[test]
fn a_change_to_what_is_there_writes_nothing_and_the_maps_stay_as_they_were() {
    if !available() {
        return;
    }
    let mut tier = Tier::new().unwrap();
    for seed in 7200..7205 {
        let case = Generated::seeded(seed);
        tier.step(&case.world, &case.rules).unwrap();
        let before = tier.observe().unwrap();
        let writes = tier.cross(&case.rules, |_| false, |_, _, _| true).unwrap();
        assert_eq!(writes, 0, "seed {seed}");
        assert_eq!(tier.observe().unwrap(), before, "seed {seed}");
    }
}
