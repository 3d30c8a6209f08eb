//! The figures to reach, and whether they were.
//!
//! Each row is judged by what this run measured and nothing else.

use std::time::Duration;

use crate::change::percentile;
use crate::field::{CONNECTIONS, ORDERED, RULES};
use crate::race::What;
use crate::rates::{Course, Rates};
use crate::report::{LARGEST, Measured, ms, row, table, thousands};
use crate::scale::Scaled;
use crate::step::Step;
use crate::traffic::{Place, Traffic};
use crate::whole::Whole;

/// All maps of a node together, octets.
const MEMORY_MAX: u64 = 20_000_000;

impl Measured {
    pub(super) fn targets(&self) -> String {
        let mut rows = self.of_lookups();
        rows.extend(self.of_connections());
        rows.extend(self.of_changes());
        rows.extend(self.of_many_rules());
        rows.extend(self.of_memory());
        rows.extend(self.of_rates());
        table("| figure | to reach | measured | |\n|---|---|---|---|", &rows)
    }

    fn of_lookups(&self) -> Vec<String> {
        let peers = self.get(What::Peers, LARGEST);
        let factor = peers / self.get(What::Address, LARGEST);
        let (least, most) = self.rules_range();
        vec![
            row(
                "New flow, 100,000 peers",
                "at most 2 bare hash lookups of that size",
                &format!("{factor:.2} ({peers:.0} ns)"),
                factor <= 2.0,
            ),
            row(
                "New flow, 1 to 100,000 rules about 1,000 kinds of peers",
                "within 10 %",
                &format!("{:.0} % ({least:.0} to {most:.0} ns)", (most / least - 1.0) * 100.0),
                most <= least * 1.1,
            ),
            row(
                "New flow beside the other layouts, 100,000 peers",
                "ahead of all three",
                &self.ahead_words(),
                self.is_ahead(),
            ),
        ]
    }

    fn of_connections(&self) -> Vec<String> {
        let established = CONNECTIONS.map(|count| self.get(What::Established, count));
        let above_lru = established[1] - self.get(What::Lru, LARGEST);
        vec![
            row(
                "Established packet, 10,000 connections",
                "at most 60 ns above empty",
                &format!("{:.0} ns", established[0]),
                established[0] <= 60.0,
            ),
            row(
                "Established packet, 100,000 connections",
                "at most 30 ns above a bare LRU lookup",
                &format!("{above_lru:+.0} ns"),
                above_lru <= 30.0,
            ),
        ]
    }

    fn of_changes(&self) -> Vec<String> {
        let totals: Vec<_> = self.changes.iter().map(Step::total).collect();
        let of = |percent| ms(percentile(&totals, percent));
        let middle = self.middle();
        let (seconds, memory) = (middle.time.as_secs_f64(), middle.memory_kib / 1024);
        vec![
            row(
                "Policy change to kernel, 110 pods",
                "p99 at most 20 ms",
                &format!("p50 {:.1} ms, p99 {:.1} ms", of(50), of(99)),
                of(99) <= 20.0,
            ),
            row(
                "Compile, 25k namespaces, 75k policies, 100k pods",
                "at most 1.5 s",
                &format!("{seconds:.2} s"),
                seconds <= 1.5,
            ),
            row("The same, memory", "at most 400 MB", &format!("{memory} MB"), memory <= 400),
        ]
    }

    fn of_many_rules(&self) -> Vec<String> {
        let row_of = |scaled: &Scaled| {
            let case = scaled.case;
            let (rules, peers) = (thousands(case.rules), thousands(case.peers));
            let what = format!("{rules} rules on one endpoint, {peers} peers");
            let outcomes = [&scaled.first, &scaled.more];
            let seconds = outcomes.map(|one| one.as_ref().map(|step| step.total().as_secs_f64()));
            let said = match seconds {
                [Ok(first), Ok(more)] => format!("{first:.2} s, one rule more {more:.2} s"),
                [Ok(first), Err(words)] => format!("{first:.2} s, one rule more refused: {words}"),
                [Err(words), _] => format!("refused: {words}"),
            };
            let (wanted, most) = match case.seconds_max {
                Some(most) => (format!("each at most {most} s to the kernel"), most),
                None => ("supported".to_owned(), f64::MAX),
            };
            let is_reached = seconds.into_iter().all(|one| one.is_ok_and(|took| took <= most));
            row(&what, &wanted, &said, is_reached)
        };
        self.scaled.iter().map(row_of).collect()
    }

    fn of_memory(&self) -> Vec<String> {
        let row_of = |what: &str, octets: u64| {
            let said = format!("{:.1} MB", octets as f64 / 1e6);
            row(what, "at most 20 MB", &said, octets <= MEMORY_MAX)
        };
        let [usual, suited] = self.memory.totals();
        vec![
            row_of("Maps of 110 pods of 20 workloads, 10,000 peers, usual sizes", usual),
            row_of("The same, sizes that suit the node", suited),
        ]
    }

    fn of_rates(&self) -> Vec<String> {
        let row_of = |rates: &Rates| {
            let least = least_ratio(rates.course)?;
            let [lowest, middle, highest] = rates.ratios();
            let said = format!("{middle:.3} ({lowest:.3} to {highest:.3})");
            let what = format!("TCP through two veths: {}", rates.words());
            let wanted = format!("at least {least} of the rate without programs");
            Some(row(&what, &wanted, &said, middle >= least))
        };
        self.rates.iter().filter_map(row_of).collect()
    }

    fn middle(&self) -> Whole {
        let mut whole = self.whole.clone();
        whole.sort();
        let none = Whole { time: Duration::ZERO, memory_kib: 0 };
        whole.get(whole.len() / 2).copied().unwrap_or(none)
    }

    fn rules_range(&self) -> (f64, f64) {
        let all = RULES.map(|rules| self.get(What::Rules, rules));
        (all.into_iter().fold(f64::MAX, f64::min), all.into_iter().fold(0.0, f64::max))
    }

    fn others(&self) -> [f64; 3] {
        let [identity, slots] = [What::Identity, What::Slots].map(|what| self.get(what, LARGEST));
        [identity, slots, self.get(What::Ordered, ORDERED[1])]
    }

    /// A copy that does not behave as its layout is known to is no rival.
    fn is_ahead(&self) -> bool {
        let (is_lpm, is_slots) = self.copies_count();
        is_lpm
            && is_slots
            && self.others().into_iter().all(|other| other > self.get(What::Peers, LARGEST))
    }

    fn ahead_words(&self) -> String {
        let times = self.others().map(|other| other / self.get(What::Peers, LARGEST));
        let [identity, slots, ordered] = times;
        format!(
            "identities {identity:.1} x, slots {slots:.1} x, 1,000 ordered rules {ordered:.0} x as long"
        )
    }
}

/// What is to be reached with programs, of the rate without.
fn least_ratio(course: Course) -> Option<f64> {
    match course {
        (Traffic::Stream, _) => Some(0.97),
        (Traffic::Requests, Place::Apart | Place::Together) => Some(0.95),
        (Traffic::Connections, _) => None,
    }
}
