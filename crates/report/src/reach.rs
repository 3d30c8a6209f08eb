//! Reach as rows: who reaches whom on what, and because of which rules.
//!
//! Rows are the connections between groups; nothing is written out pair by pair unless somebody
//! asks for pairs.

use analysis::TrafficSet;
use analysis::reach::{BothReasons, Connection, OutsideConnection, Pair, Report};
use model::{Direction, Family, Reason};
use serde::Serialize;

use crate::ends::{Ends, INSIDE, scope};
use crate::{Crowds, Table, lines, networks};

const PLAIN: [&str; 3] = ["from", "to", "ports"];
const BECAUSE: [&str; 2] = ["egress", "ingress"];
const WIDE: [&str; 2] = ["families", "scope"];

/// One connection with its names, for a line of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Line<'r> {
    scope: &'static str,
    #[serde(flatten)]
    ends: Ends<'r>,
    ports: &'r TrafficSet,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<BothReasons>,
}

/// Every connection on its own.
#[must_use]
pub fn each(report: &Report) -> Vec<Line<'_>> {
    let inside = report.connections.iter().map(|one| Line {
        scope: INSIDE,
        ends: Ends::inside(&report.groups, one.from, one.to, &one.families),
        ports: &one.ports,
        partial: one.partial,
        because: one.because.clone(),
    });
    let outside = report.outside.iter().map(|one| Line {
        scope: scope(one.outsiders),
        ends: Ends::outside(&report.groups, one.direction, one.group, &one.networks),
        ports: &one.ports,
        partial: one.partial,
        because: one.because.clone().map(|own| of_one_end(one.direction, own)),
    });
    inside.chain(outside).collect()
}

fn of_one_end(end: Direction, own: Vec<Reason>) -> BothReasons {
    match end {
        Direction::Egress => BothReasons { egress: own, ..BothReasons::default() },
        Direction::Ingress => BothReasons { ingress: own, ..BothReasons::default() },
    }
}

/// The rows of a report; with `explain`, its deciding rules.
#[must_use]
pub fn table(report: &Report, crowds: &Crowds, explain: bool) -> Table {
    let plain = [PLAIN.as_slice(), if explain { &BECAUSE } else { &[] }].concat();
    let mut table = Table::new(&plain, &WIDE);
    let words = |group: usize| {
        let group = report.groups.get(group);
        group.map(|group| crowds.words(&group.names)).unwrap_or_default()
    };
    for one in &report.connections {
        table.push(inside(one, &words(one.from), &words(one.to), explain));
    }
    for one in &report.outside {
        table.push(outside(one, &words(one.group), explain));
    }
    table
}

/// The columns of [`pair`].
#[must_use]
pub fn pairs() -> Table {
    Table::new(&["from", "to", "ports", "families"], &[])
}

/// One pair as a row.
#[must_use]
pub fn pair(pair: &Pair) -> [String; 4] {
    [pair.from.to_string(), pair.to.to_string(), pair.ports.to_string(), families(&pair.families)]
}

fn inside(one: &Connection, from: &[String], to: &[String], explain: bool) -> Vec<String> {
    let because = one.because.as_ref();
    let ends = explain.then(|| {
        let of = |reasons: Option<&Vec<Reason>>| reasons.map(|all| lines(all)).unwrap_or_default();
        [of(because.map(|both| &both.egress)), of(because.map(|both| &both.ingress))]
    });
    let scope = if one.partial { "cluster, some pods" } else { INSIDE };
    let plain = [from.join("\n"), to.join("\n"), one.ports.to_string()];
    let wide = [families(&one.families), scope.to_owned()];
    plain.into_iter().chain(ends.into_iter().flatten()).chain(wide).collect()
}

fn outside(one: &OutsideConnection, group: &[String], explain: bool) -> Vec<String> {
    let (group, networks) = (group.join("\n"), networks::words(&one.networks).join("\n"));
    let because = || one.because.as_ref().map(|all| lines(all)).unwrap_or_default();
    let ends = explain.then(|| match one.direction {
        Direction::Egress => [because(), String::new()],
        Direction::Ingress => [String::new(), because()],
    });
    let (from, to) = match one.direction {
        Direction::Egress => (group, networks),
        Direction::Ingress => (networks, group),
    };
    let mut of: Vec<Family> =
        one.networks.iter().map(|network| Family::of(network.addr())).collect();
    of.dedup();
    let wide = [families(&of), scope(one.outsiders).to_owned()];
    [from, to, one.ports.to_string()]
        .into_iter()
        .chain(ends.into_iter().flatten())
        .chain(wide)
        .collect()
}

fn families(all: &[Family]) -> String {
    all.iter().map(|family| analysis::family_word(*family)).collect::<Vec<_>>().join(", ")
}

/// How many connections there are, in one line.
#[must_use]
pub fn closing(report: &Report) -> String {
    let (inside, outside) = (report.connections.len(), report.outside.len());
    format!("{inside} connections, {outside} with addresses outside")
}
