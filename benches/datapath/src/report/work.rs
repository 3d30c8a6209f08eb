//! What changes cost: one policy of a usual node, and very many rules on one endpoint.
//!
//! Compiling, planning and writing are told apart, because they can be made faster apart.

use std::time::Duration;

use crate::change::percentile;
use crate::report::{Measured, ms, table, thousands};
use crate::scale::{Outcome, Scaled};
use crate::step::Step;

impl Measured {
    pub(super) fn work(&self) -> String {
        [self.updates(), self.many_rules()].join("\n\n")
    }

    fn updates(&self) -> String {
        let of = |name: &str, part: fn(&Step) -> Duration| {
            let all: Vec<_> = self.changes.iter().map(part).collect();
            let [p50, p99] = [50, 99].map(|percent| ms(percentile(&all, percent)));
            format!("| {name}, ms | {p50:.2} | {p99:.2} |")
        };
        let writes: Vec<_> = self.changes.iter().map(|step| step.writes).collect();
        let [p50, p99] = [50, 99].map(|percent| percentile(&writes, percent));
        let rows = [
            of("from the change to the kernel", Step::total),
            of("compiling the node anew", |step| step.compile),
            of("planning", |step| step.plan),
            of("writing into maps", |step| step.write),
            format!("| writes | {p50} | {p99} |"),
        ];
        table("A policy change on a node of 110 pods:\n\n| | p50 | p99 |\n|---|---|---|", &rows)
    }

    fn many_rules(&self) -> String {
        let line = |scaled: &Scaled| {
            let case = scaled.case;
            let (rules, peers) = (thousands(case.rules), thousands(case.peers));
            let (first, more) = (parts(&scaled.first), parts(&scaled.more));
            format!("| {rules} | {peers} | {first} | {more} |")
        };
        let rows: Vec<String> = self.scaled.iter().map(line).collect();
        let title = "Rules on one endpoint, milliseconds of compiling + planning + writing:";
        let columns =
            "| rules | peers told apart | from nothing | one rule more |\n|---|---|---|---|";
        table(&format!("{title}\n\n{columns}"), &rows)
    }
}

fn parts(outcome: &Outcome) -> String {
    let step = match outcome {
        Ok(step) => step,
        Err(words) => return format!("refused: {words}"),
    };
    let [compile, plan, write] = [step.compile, step.plan, step.write].map(ms);
    format!("{compile:.0} + {plan:.0} + {write:.0} ({} writes)", step.writes)
}
