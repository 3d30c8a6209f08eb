//! A comparison as rows: each relation, whether it holds, and why not.
//!
//! A witness is a flow that somebody can try.

use analysis::compare::{Comparison, Party, Relation, RelationName, Side, Witness};
use model::{Direction, Family};

use crate::Table;

const PLAIN: [&str; 6] = ["relation", "holds", "from", "to", "ports", "because"];
const WIDE: [&str; 1] = ["meaning"];

/// One row for each relation.
#[must_use]
pub fn table(comparison: &Comparison) -> Table {
    let mut table = Table::new(&PLAIN, &WIDE);
    for one in &comparison.relations {
        table.push(row(one, comparison.complete_future));
    }
    table
}

fn row(one: &Relation, complete: bool) -> [String; 7] {
    let holds = match (one.given, one.future, complete) {
        (false, _, _) => "no",
        (true, false, _) => "today, not for pods to come",
        (true, true, true) => "yes",
        (true, true, false) => "today, too many kinds of pods to come",
    };
    let party =
        |party: Option<&Party>| party.map_or_else(|| "anybody".to_owned(), ToString::to_string);
    let witness = one.witness.as_ref();
    let [from, to, ports, because] = match witness {
        None => [String::new(), String::new(), String::new(), String::new()],
        Some(witness) => [
            party(witness.from.as_ref()),
            party(witness.to.as_ref()),
            witness.ports.as_ref().map(ToString::to_string).unwrap_or_default(),
            because(one.relation, witness),
        ],
    };
    let word = one.relation.word().to_owned();
    [word, holds.to_owned(), from, to, ports, because, meaning(one.relation).to_owned()]
}

fn because(relation: RelationName, witness: &Witness) -> String {
    let second = match relation {
        RelationName::NotInterfering => "A and B",
        RelationName::Equivalent
        | RelationName::AWithinB
        | RelationName::BWithinA
        | RelationName::Disjoint => "B",
    };
    let end = match witness.direction {
        Direction::Egress => "at the source",
        Direction::Ingress => "at the destination",
    };
    // Where it could be either, people take it for IPv4.
    let over = match witness.family {
        Some(Family::V6) => ", over IPv6",
        Some(Family::V4) | None => "",
    };
    format!("A {}\n{second} {}\n{end}{over}", said(&witness.a), said(&witness.b))
}

fn said(side: &Side) -> String {
    let reason = side.reason.as_ref().map(ToString::to_string).unwrap_or_default();
    match side.verdict {
        Some(verdict) => format!("{verdict}: {reason}"),
        None => reason,
    }
}

fn meaning(relation: RelationName) -> &'static str {
    match relation {
        RelationName::Equivalent => "every flow has the same verdict under A and under B",
        RelationName::AWithinB => "B allows every flow that A allows",
        RelationName::BWithinA => "A allows every flow that B allows",
        RelationName::Disjoint => "no pod is selected by both in one direction",
        RelationName::NotInterfering => "adding B changes no verdict at a pod that A selects",
    }
}

/// Which relations hold, in one line.
#[must_use]
pub fn closing(comparison: &Comparison) -> String {
    let holding = comparison.relations.iter().filter(|one| one.given);
    let words: Vec<String> = holding
        .map(|one| match one.future && comparison.complete_future {
            true => one.relation.word().to_owned(),
            false => format!("{} today", one.relation.word()),
        })
        .collect();
    match words.is_empty() {
        true => "no relation holds".to_owned(),
        false => words.join(", "),
    }
}
