//! A diff as rows: what newly can talk, what no longer can, and the rules that did it.
//!
//! A `+` opened and a `-` closed, as people know it from patches.

use analysis::TrafficSet;
use analysis::diff::{Change, Diff, OutsideChange, Why};
use analysis::reach::BothReasons;
use model::Direction;
use serde::Serialize;

use crate::ends::{Ends, INSIDE, scope};
use crate::{Crowds, Table, lines, networks};

const PLAIN: [&str; 6] = ["change", "from", "to", "ports", "allowed by", "denied by"];
const WIDE: [&str; 3] = ["why", "families", "scope"];

/// One change with its names, for a line of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Line<'d> {
    change: &'static str,
    why: Why,
    scope: &'static str,
    #[serde(flatten)]
    ends: Ends<'d>,
    ports: &'d TrafficSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_by: Option<&'d BothReasons>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_by: Option<&'d BothReasons>,
}

/// Every change on its own.
#[must_use]
pub fn each(diff: &Diff) -> Vec<Line<'_>> {
    let sides = [
        ("opened", &diff.opened, &diff.outside_opened),
        ("closed", &diff.closed, &diff.outside_closed),
    ];
    let both = sides.into_iter().flat_map(|(word, inside, outside)| {
        let inside = inside.iter().map(move |one| line_inside(diff, word, one));
        inside.chain(outside.iter().map(move |one| line_outside(diff, word, one)))
    });
    both.collect()
}

fn line_inside<'d>(diff: &'d Diff, change: &'static str, one: &'d Change) -> Line<'d> {
    let Change { why, from, to, ports, families, allowed_by, denied_by } = one;
    Line {
        change,
        why: *why,
        scope: INSIDE,
        ends: Ends::inside(&diff.groups, *from, *to, families),
        ports,
        allowed_by: allowed_by.as_ref(),
        denied_by: denied_by.as_ref(),
    }
}

fn line_outside<'d>(diff: &'d Diff, change: &'static str, one: &'d OutsideChange) -> Line<'d> {
    let OutsideChange { why, direction, outsiders, group, networks, ports, allowed_by, denied_by } =
        one;
    Line {
        change,
        why: *why,
        scope: scope(*outsiders),
        ends: Ends::outside(&diff.groups, *direction, *group, networks),
        ports,
        allowed_by: allowed_by.as_ref(),
        denied_by: denied_by.as_ref(),
    }
}

/// The rows of a diff. `crowds`: everybody in the new world.
#[must_use]
pub fn table(diff: &Diff, crowds: &Crowds) -> Table {
    let mut table = Table::new(&PLAIN, &WIDE);
    let words = |group: usize| {
        let group = diff.groups.get(group);
        group.map(|group| crowds.words(&group.names).join("\n")).unwrap_or_default()
    };
    let all =
        [("+", &diff.opened, &diff.outside_opened), ("-", &diff.closed, &diff.outside_closed)];
    for (sign, inside, outside) in all {
        for one in inside {
            table.push(of_change(sign, one, words(one.from), words(one.to)));
        }
        for one in outside {
            table.push(of_outside(sign, one, words(one.group)));
        }
    }
    table
}

/// What came, what went, and how much changed, in a line each.
#[must_use]
pub fn closing(diff: &Diff) -> Vec<String> {
    let names = |what: &str, names: &[analysis::Name]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
    };
    let opened = diff.opened.len() + diff.outside_opened.len();
    let closed = diff.closed.len() + diff.outside_closed.len();
    let counts = match (opened, closed) {
        (0, 0) => "nothing opened and nothing closed".to_owned(),
        _ => format!("{opened} opened, {closed} closed"),
    };
    [names("appeared", &diff.appeared), names("vanished", &diff.vanished), Some(counts)]
        .into_iter()
        .flatten()
        .collect()
}

fn of_change(sign: &str, one: &Change, from: String, to: String) -> [String; 9] {
    let families = one.families.iter().map(|family| analysis::family_word(*family));
    [
        sign.to_owned(),
        from,
        to,
        one.ports.to_string(),
        reasons(one.allowed_by.as_ref()),
        reasons(one.denied_by.as_ref()),
        why(one.why).to_owned(),
        families.collect::<Vec<_>>().join(", "),
        INSIDE.to_owned(),
    ]
}

fn of_outside(sign: &str, one: &OutsideChange, group: String) -> [String; 9] {
    let networks = networks::words(&one.networks).join("\n");
    let (from, to) = match one.direction {
        Direction::Egress => (group, networks),
        Direction::Ingress => (networks, group),
    };
    [
        sign.to_owned(),
        from,
        to,
        one.ports.to_string(),
        reasons(one.allowed_by.as_ref()),
        reasons(one.denied_by.as_ref()),
        why(one.why).to_owned(),
        String::new(),
        scope(one.outsiders).to_owned(),
    ]
}

/// Both ends' reasons, each under the word of its end.
fn reasons(both: Option<&BothReasons>) -> String {
    let Some(both) = both else { return String::new() };
    let ends = [("egress", &both.egress), ("ingress", &both.ingress)];
    let words = ends.into_iter().filter(|(_, all)| !all.is_empty());
    lines(&words.map(|(end, all)| format!("{end}: {}", lines(all))).collect::<Vec<_>>())
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Changed => "changed",
        Why::Appeared => "appeared",
        Why::Vanished => "vanished",
    }
}
