//! What follows from the ConfigMap and the clocks, without either.
//!
//! Time is an argument there, so that every hour of an outage is tried in no time.

#![expect(clippy::unwrap_used, reason = "a failing test may crash")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use cluster::{Disabled, Switch as Said, SwitchNews};
use model::Enforcement::{self, Audit, Disabled as Off, Enforce};
use tempfile::TempDir;

use super::{Moment, Switch};

const MINUTE: Duration = Duration::from_secs(60);

/// A moment so many minutes after noon, by a clock that is right.
fn at(minutes: u32) -> Moment {
    let passed = MINUTE * minutes;
    Moment { wall: noon() + passed, since_boot: Duration::from_secs(500) + passed }
}

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// The same moment by a clock that goes so many minutes wrong.
fn set(moment: Moment, forward: u32, back: u32) -> Moment {
    Moment { wall: moment.wall + MINUTE * forward - MINUTE * back, ..moment }
}

fn open(folder: &TempDir, unsaid: Enforcement, now: Moment) -> Switch {
    Switch::open("n1", folder.path(), unsaid, now).unwrap()
}

fn said(data: &[(&str, &str)]) -> SwitchNews {
    let word = |word: &&str| (*word).to_owned();
    let data: BTreeMap<String, String> =
        data.iter().map(|(key, value)| (word(key), word(value))).collect();
    SwitchNews::Said(Said::of(&data))
}

/// From noon on, for half an hour.
fn half_an_hour(key: &str) -> SwitchNews {
    let disabled = Disabled::new(noon(), 30 * MINUTE).unwrap();
    said(&[("enforcement", "enforce"), (key, &disabled.text())])
}

#[test]
fn nothing_holds_before_somebody_answered_and_then_what_was_said_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    assert!(switch.is_waiting() && !switch.hear(&SwitchNews::Nothing, at(0)));
    assert!(switch.hear(&said(&[("enforcement", "audit")]), at(0)));
    assert_eq!((switch.is_waiting(), switch.enforcement()), (false, Audit));
    assert!(!switch.hear(&said(&[("enforcement", "audit")]), at(0)));
    assert!(switch.hear(&said(&[("enforcement", "enforce")]), at(0)));
    assert_eq!(switch.enforcement(), Enforce);
}

#[test]
fn where_nothing_was_ever_said_the_agents_own_word_holds() {
    for unsaid in [Enforce, Audit] {
        for news in [SwitchNews::Absent, SwitchNews::Refused("no".into()), said(&[])] {
            let folder = tempfile::tempdir().unwrap();
            let mut switch = open(&folder, unsaid, at(0));
            assert!(switch.hear(&news, at(0)), "something may be programmed now");
            assert_eq!((switch.is_waiting(), switch.enforcement()), (false, unsaid));
        }
    }
}

#[test]
fn what_was_known_last_stays_also_for_the_next_agent() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&said(&[("enforcement", "audit")]), at(0));
    let gone =
        [SwitchNews::Absent, SwitchNews::Refused("no".into()), said(&[("enforcement", "of")])];
    for news in gone {
        assert!(!switch.hear(&news, at(1)));
        assert_eq!(switch.enforcement(), Audit, "{news:?}");
        assert_eq!(switch.status().problems.len(), 1, "{news:?}");
    }
    let next = open(&folder, Enforce, at(2));
    assert_eq!((next.is_waiting(), next.enforcement()), (true, Audit));
}

#[test]
fn a_while_ends_by_itself_and_not_before() {
    for key in ["disabled", "disabled.n1"] {
        let folder = tempfile::tempdir().unwrap();
        let mut switch = open(&folder, Enforce, at(0));
        assert!(switch.hear(&half_an_hour(key), at(1)));
        assert_eq!(switch.enforcement(), Off);
        assert!(!switch.look(at(29)));
        assert!(switch.look(at(30)));
        assert_eq!(switch.enforcement(), Enforce);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled.n2"), at(1));
    assert_eq!(switch.enforcement(), Enforce, "another node is meant");
}

#[test]
fn it_ends_when_somebody_says_so_and_stays_when_the_config_map_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled"), at(1));
    switch.hear(&SwitchNews::Absent, at(2));
    assert_eq!(switch.enforcement(), Off);
    assert!(switch.hear(&said(&[("enforcement", "enforce")]), at(3)));
    assert_eq!(switch.enforcement(), Enforce);
}

#[test]
fn a_clock_that_is_set_back_prolongs_nothing_and_one_set_forward_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled"), at(0));
    assert!(!switch.look(set(at(29), 0, 600)));
    assert!(switch.look(set(at(30), 0, 600)), "it has lasted as long as was written");
    assert!(!switch.look(at(1)), "over is over");
    assert!(!switch.hear(&half_an_hour("disabled"), at(2)), "also where it is told again");

    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled"), at(0));
    assert!(switch.look(set(at(1), 600, 0)));
    assert_eq!(switch.enforcement(), Enforce);
}

#[test]
fn a_clock_that_was_behind_from_the_start_makes_it_no_longer_than_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled"), set(at(0), 0, 6000));
    assert_eq!(switch.enforcement(), Off);
    assert!(switch.look(set(at(30), 0, 6000)));
}

#[test]
fn another_agent_ends_it_at_the_same_time_and_begins_none_that_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    switch.hear(&half_an_hour("disabled"), at(0));
    // The API server is away, and the clock is set back.
    let mut next = open(&folder, Enforce, set(at(20), 0, 6000));
    assert_eq!(next.enforcement(), Off);
    assert!(!next.look(set(at(29), 0, 6000)));
    assert!(next.look(set(at(30), 0, 6000)));
    let mut third = open(&folder, Enforce, at(5));
    assert_eq!(third.enforcement(), Enforce);
    third.hear(&half_an_hour("disabled"), at(5));
    assert_eq!(third.enforcement(), Enforce);
    let late = open(&folder, Enforce, at(31));
    assert_eq!(late.enforcement(), Enforce);
}

#[test]
fn a_folder_that_outlives_a_boot_makes_it_no_longer_than_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let late = Moment { since_boot: Duration::from_secs(1_000_000), ..at(0) };
    open(&folder, Enforce, late).hear(&half_an_hour("disabled"), late);
    let booted = Moment { since_boot: Duration::ZERO, ..set(at(1), 0, 6000) };
    let mut next = open(&folder, Enforce, booted);
    let half = Moment { since_boot: 30 * MINUTE, ..booted };
    assert!(next.look(half));
}

#[test]
fn the_longer_of_two_whiles_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut switch = open(&folder, Enforce, at(0));
    let [short, long] = [10, 30].map(|minutes| Disabled::new(noon(), minutes * MINUTE).unwrap());
    switch.hear(&said(&[("disabled", &short.text()), ("disabled.n1", &long.text())]), at(0));
    assert!(!switch.look(at(10)));
    assert_eq!(switch.status().until, Some(long.until_text()));
    assert!(switch.look(at(30)));
}

#[test]
fn beside_another_engine_policies_are_staged_and_nothing_counts_more_than_was_said() {
    for (said_word, holds) in [("enforce", Audit), ("audit", Audit)] {
        let folder = tempfile::tempdir().unwrap();
        let mut switch = open(&folder, Enforce, at(0));
        switch.stand_beside(&["Calico enforces here too".to_owned()]);
        switch.hear(&said(&[("enforcement", said_word)]), at(0));
        assert_eq!(switch.enforcement(), holds);
        assert_eq!(switch.status().problems, ["Calico enforces here too"]);
        switch.hear(&half_an_hour("disabled"), at(0));
        assert_eq!(switch.enforcement(), Off);
        switch.stand_beside(&[]);
        switch.look(at(30));
        assert_eq!(switch.enforcement(), Enforce);
    }
}
