//! T0 = T1 on the corpus, and every plan of a step keeps its promise on the flows of the corpus.

#![expect(clippy::panic, reason = "a failing case panics with its name")]

use compile::{Scope, Slots, compile};
use testkit::corpus::{TierName, load_all};

#[test]
fn the_table_says_what_the_oracle_says() {
    let cases = load_all().unwrap_or_else(|error| panic!("{error}"));
    let (mut decided, mut without_address) = (0_u32, 0_u32);
    for case in cases.iter().filter(|case| case.runs_in(TierName::T1)) {
        for step in &case.steps {
            let slots = Slots::of(&step.world, Scope::Everywhere);
            let table = compile(&step.world, &step.rules, &slots)
                .unwrap_or_else(|error| panic!("{}: {error}", case.name));
            for expected in &step.flows {
                match table.decide(&expected.flow) {
                    Ok(decision) => assert_eq!(
                        decision, expected.decision,
                        "{} line {}: {}",
                        case.name, expected.line, expected.text
                    ),
                    Err(compile::Untranslated::NoAddress) => {
                        without_address += 1;
                        continue;
                    }
                    Err(error) => panic!("{} line {}: {error}", case.name, expected.line),
                }
                decided += 1;
            }
        }
    }
    println!("T1 corpus: {decided} flows decided, {without_address} without an address left to T0");
    assert!(decided > 1000, "the corpus shrank to {decided} flows");
}
