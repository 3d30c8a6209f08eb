//! The sparse tables say what the oracle says: verdict, reason, and whether it is undetermined.

#![expect(clippy::expect_used, reason = "a failing seed panics with what replays it")]

mod support;

use compile::{SetId, Tables, number, tables};
use model::{Direction, End, Family, Judgement, PodId, Traffic};
use support::{Case, FAMILIES, case, holds};

fn judgement(tables: &Tables, set: SetId, row: u32, traffic: Traffic) -> Option<Judgement> {
    let mut cells = tables.table(set).row(row).filter(|(span, _)| holds(*span, traffic));
    let (_, said) = cells.next()?;
    assert!(cells.next().is_none(), "two cells for {traffic}");
    let reason = tables.reason(set, said.because)?;
    Some(Judgement { verdict: said.verdict, reason, undetermined: said.undetermined })
}

/// What the oracle says for `pod`, with `other` at the other end.
fn oracle(
    case: &Case,
    pod: &End,
    other: &End,
    traffic: Traffic,
    family: Family,
    direction: Direction,
) -> Judgement {
    match direction {
        Direction::Egress => case.decide(pod, other, traffic, family).egress,
        Direction::Ingress => case.decide(other, pod, traffic, family).ingress,
    }
}

fn compare(case: &Case) -> u32 {
    let tables = tables(&case.world, &case.rules);
    let mut compared = 0;
    for direction in Direction::ALL {
        for pod in tables.roster().subjects() {
            let set = tables.set_of(PodId(pod), direction).expect("a subject has sets");
            for family in FAMILIES {
                compared += insiders(case, &tables, pod, set, direction, family);
                compared += outsiders(case, &tables, pod, set, direction, family);
            }
        }
    }
    compared
}

fn insiders(
    case: &Case,
    tables: &Tables,
    pod: u32,
    set: SetId,
    direction: Direction,
    family: Family,
) -> u32 {
    let roster = tables.roster();
    let Some(own) = roster.end(pod, family) else { return 0 };
    let mut compared = 0;
    for other in roster.present(family).iter().filter(|other| *other != pod) {
        let end = roster.end(other, family).expect("who is present has an end");
        let row = tables.table(set).peers(family).row(other);
        for traffic in &case.traffic {
            let said = judgement(tables, set, row, *traffic);
            let oracle = oracle(case, own, end, *traffic, family, direction);
            let name = &case.name;
            let rules = &case.rules;
            assert_eq!(
                said,
                Some(oracle),
                "{name}: {own:?} {direction} {end:?} {traffic} {rules:#?}"
            );
            compared += 1;
        }
    }
    compared
}

fn outsiders(
    case: &Case,
    tables: &Tables,
    pod: u32,
    set: SetId,
    direction: Direction,
    family: Family,
) -> u32 {
    let Some(own) = tables.roster().end(pod, family) else { return 0 };
    let table = tables.table(set);
    let mut compared = 0;
    for end in &case.outside {
        let ranges = match end {
            End::External { .. } => table.external(),
            End::UnknownPod { .. } => table.unknown(),
            End::Pod { .. } | End::Host { .. } | End::Domain { .. } => continue,
        };
        let address = end.address().filter(|address| Family::of(*address) == family);
        let Some(address) = address else { continue };
        let (family, at) = (Family::of(address), number(address));
        let mut rows = ranges.iter().filter(|(range, _)| {
            range.family == family && (range.first..=range.last).contains(&at)
        });
        let (_, row) = rows.next().expect("every address has a row");
        assert!(rows.next().is_none(), "{}: two rows for {address}", case.name);
        for traffic in case.traffic.iter().filter(|it| !case.is_translated(end, **it)) {
            let said = judgement(tables, set, *row, *traffic);
            let oracle = oracle(case, own, end, *traffic, family, direction);
            assert_eq!(said, Some(oracle), "{}: {own:?} {direction} {end:?} {traffic}", case.name);
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_table_says_of_everybody_what_the_oracle_says() {
    let compared: u32 = (0..150).map(|seed| compare(&case(seed))).sum();
    println!("tables: {compared} judgements of 150 worlds");
    assert!(compared > 100_000, "{compared}");
}
