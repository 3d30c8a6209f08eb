//! A soak that cannot fail says nothing: what goes wrong on purpose must be counted.

#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

use std::sync::Mutex;
use std::time::Duration;

use soak::{Options, Outcome, Sabotage, Scale};

/// Long enough for an agent to be killed.
const DURATION: Duration = Duration::from_secs(9);

/// One after the other: each is to have the machine for itself.
static TURN: Mutex<()> = Mutex::new(());

/// Nothing where the kernel's tiers cannot run, which is said.
fn soaked(sabotage: Option<Sabotage>) -> Option<Outcome> {
    if !ringfence_kernel::available() {
        return None;
    }
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let options = Options {
        scale: Scale::of(DURATION),
        seed: 5,
        agent: env!("CARGO_BIN_EXE_soak-agent").into(),
        previous: None,
        sabotage,
    };
    Some(soak::run(&options).unwrap())
}

#[test]
fn nothing_is_forbidden_or_dropped_where_nothing_goes_wrong() {
    let Some(outcome) = soaked(None) else { return };
    let counts = outcome.counts;
    assert_eq!((counts.forbidden, counts.wrongly_dropped), (0, 0), "{outcome:?}");
    assert!(outcome.kills > 0 && counts.delivered > 100 && counts.denied > 100, "{outcome:?}");
}

#[test]
fn pods_that_run_before_their_hooks_are_attached_are_noticed() {
    let Some(outcome) = soaked(Some(Sabotage::Late)) else { return };
    assert!(outcome.counts.forbidden > 0, "{outcome:?}");
}

#[test]
fn an_agent_that_clears_its_endpoints_when_it_starts_is_noticed() {
    let Some(outcome) = soaked(Some(Sabotage::Clear)) else { return };
    assert!(outcome.kills > 0, "{outcome:?}");
    assert!(outcome.counts.forbidden + outcome.counts.wrongly_dropped > 0, "{outcome:?}");
}
