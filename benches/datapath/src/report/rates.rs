//! Rates of TCP with programs and without.
//!
//! The spread is said with each ratio: one that is wider than what it is to show shows nothing.

use crate::rates::Rates;
use crate::report::{Measured, table};
use crate::traffic::{Place, Traffic};

impl Rates {
    /// What the course is.
    pub(super) fn words(&self) -> &'static str {
        match self.course {
            (Traffic::Stream, Place::Apart) => "one stream",
            (Traffic::Stream, Place::Together) => "one stream, both ends on one processor",
            (Traffic::Requests, Place::Apart) => "request and response",
            (Traffic::Requests, Place::Together) => {
                "request and response, both ends on one processor"
            }
            (Traffic::Connections, Place::Apart) => "connect, ask, close",
            (Traffic::Connections, Place::Together) => {
                "connect, ask, close, both ends on one processor"
            }
        }
    }

    fn rate(&self, rate: f64) -> String {
        match self.course {
            (Traffic::Stream, _) => format!("{:.2} Gbit/s", rate * 8.0 / 1e9),
            (Traffic::Requests | Traffic::Connections, _) => format!("{rate:.0} /s"),
        }
    }
}

impl Measured {
    pub(super) fn tcp(&self) -> String {
        let line = |rates: &Rates| {
            let [lowest, middle, highest] = rates.ratios();
            let [without, with] = rates.medians().map(|rate| rates.rate(rate));
            format!(
                "| {} | {without} | {with} | {middle:.3} | {lowest:.3} to {highest:.3} |",
                rates.words()
            )
        };
        let rows: Vec<String> = self.rates.iter().map(line).collect();
        let rounds = self.rates.iter().map(|rates| rates.pairs.len()).max().unwrap_or_default();
        let title = format!("TCP through the veths of two pods with policies, {rounds} rounds:");
        let columns =
            "| | without programs | with | ratio | of all rounds |\n|---|---|---|---|---|";
        table(&format!("{title}\n\n{columns}"), &rows)
    }
}
