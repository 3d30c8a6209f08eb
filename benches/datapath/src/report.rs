//! The page that people read: measured figures beside the figures to reach.
//!
//! Everything between two markers of the document is replaced; the text around them is written by
//! people.

use std::time::Duration;

use crate::change::percentile;
use crate::field::{CONNECTIONS, KINDS, ORDERED, PEERS, PREFIXES, RULES};
use crate::race::{Results, What};
use crate::whole::Whole;

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";
const LARGEST: u32 = 100_000;

/// All that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) machine: String,
    pub(crate) results: Results,
    pub(crate) verified: [Option<u32>; 2],
    pub(crate) changes: Vec<Duration>,
    pub(crate) whole: Vec<Whole>,
}

/// `document` with the new figures, or nothing if it has no place for them.
pub(crate) fn replace(document: &str, measured: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{measured}\n{END}{after}"))
}

impl Measured {
    /// As Markdown.
    pub(crate) fn page(&self) -> String {
        [
            format!("Machine: {}.", self.machine),
            self.targets(),
            self.lookups(),
            self.tables(),
            self.packets(),
        ]
        .join("\n\n")
    }

    fn get(&self, what: What, size: u32) -> f64 {
        self.results.get(&(what, size)).copied().unwrap_or(f64::NAN)
    }

    fn targets(&self) -> String {
        let peers = self.get(What::Peers, LARGEST);
        let factor = peers / self.get(What::Address, LARGEST);
        let (least, most) = self.rules_range();
        let established = CONNECTIONS.map(|count| self.get(What::Established, count));
        let above_lru = established[1] - self.get(What::Lru, LARGEST);
        let ms = |percent| percentile(&self.changes, percent).as_secs_f64() * 1e3;
        let middle = self.middle();
        let (seconds, memory) = (middle.time.as_secs_f64(), middle.memory_kib / 1024);
        let rows = [
            row(
                "New flow, 100,000 peers",
                "at most 2 bare hash lookups of that size",
                &format!("{factor:.2} ({peers:.0} ns)"),
                factor <= 2.0,
            ),
            row(
                "New flow, 1 to 10,000 rules about 1,000 kinds of peers",
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
            row(
                "Policy change to kernel, 110 pods",
                "p99 at most 20 ms",
                &format!("p50 {:.1} ms, p99 {:.1} ms", ms(50), ms(99)),
                ms(99) <= 20.0,
            ),
            row(
                "Compile, 25k namespaces, 75k policies, 100k pods",
                "at most 1.5 s",
                &format!("{seconds:.2} s"),
                seconds <= 1.5,
            ),
            row("The same, memory", "at most 400 MB", &format!("{memory} MB"), memory <= 400),
        ];
        table("| figure | to reach | measured | |\n|---|---|---|---|", &rows)
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

    /// How much slower identities by LPM get from the fewest peers to the most, and slots than a
    /// dense row.
    fn ratios(&self) -> (f64, f64) {
        let growth = self.get(What::Identity, LARGEST) / self.get(What::Identity, PEERS[0]);
        (growth, self.get(What::Slots, LARGEST) / self.get(What::Dense, LARGEST))
    }

    /// Whether the copies by LPM, and that of the slots, behave as the layouts are known to.
    fn copies_count(&self) -> (bool, bool) {
        let (growth, slots) = self.ratios();
        let is_lpm = (6.0..=14.0).contains(&growth);
        (is_lpm, is_lpm && slots > 5.0)
    }

    /// Void where our copy does not behave as the layout is known to.
    fn lookups(&self) -> String {
        let (growth, slots) = self.ratios();
        let (is_lpm, is_slots) = self.copies_count();
        let by_peers = |name: &str, what, is_valid| {
            let times = PEERS.map(|count| format!("{:.0}", self.get(what, count)));
            let void = if is_valid { "" } else { " **void**" };
            format!("| {name}{void} | {} |", times.join(" | "))
        };
        let rows = [
            by_peers("this project's table", What::Peers, true),
            by_peers("identities by LPM", What::Identity, is_lpm),
            by_peers("24 slots by LPM", What::Slots, is_slots),
            by_peers("bare LPM", What::Prefix, true),
            by_peers("bare hash of 16 octets", What::Address, true),
            by_peers("bare hash of 4 octets", What::Hash, true),
            by_peers("hash of 4 octets and a dense row", What::Dense, true),
        ];
        let head = "Nanoseconds of one lookup by the number of peers:\n\n| layout | 100 | 1,000 | 10,000 | 100,000 |\n|---|---|---|---|---|";
        format!(
            "{}\n\nWhat a copy must show to count: identities by LPM at 100,000 over those at 100 \
             between 6 and 14 (here {growth:.1}); 24 slots over the dense row above 5 at 100,000 (here {slots:.1}).",
            table(head, &rows)
        )
    }

    fn tables(&self) -> String {
        let list = |what, sizes: &[u32]| {
            let one = |size: &u32| format!("{size}: {:.0}", self.get(what, *size));
            sizes.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let rows = [
            format!(
                "| this project's table, by rules of one endpoint, 10,000 peers of at most 1,000 kinds | {} |",
                list(What::Rules, &RULES)
            ),
            format!(
                "| the same, each of the 10,000 peers told apart by a rule of its own | {} |",
                list(What::Kinds, &[KINDS])
            ),
            format!(
                "| this project's table, by external prefixes (LPM) | {} |",
                list(What::External, &PREFIXES)
            ),
            format!("| rules tested in order, by rules | {} |", list(What::Ordered, &ORDERED)),
        ];
        table("| nanoseconds of one lookup | |\n|---|---|", &rows)
    }

    fn packets(&self) -> String {
        let list = |what| {
            let one = |count| format!("{:.0}", self.get(what, count));
            CONNECTIONS.map(one).join(" | ")
        };
        let verified = self.verified.map(|count| count.map_or("?".to_owned(), |n| n.to_string()));
        let rows = [
            format!("| established packet | {} |", list(What::Established)),
            format!("| bare LRU lookup | {} |", list(What::Lru)),
            format!(
                "| first packet of a flow, with the insert and its event, 100,000 peers | | {:.0} |",
                self.get(What::Opening, LARGEST)
            ),
        ];
        let head = "Nanoseconds of a whole packet in the real program:\n\n| | 10,000 | 100,000 |\n|---|---|---|";
        let [egress, ingress] = verified;
        format!(
            "{}\n\nThe verifier looked at {egress} instructions of the egress program and {ingress} of the ingress program.",
            table(head, &rows)
        )
    }
}

fn row(what: &str, target: &str, measured: &str, is_reached: bool) -> String {
    let word = if is_reached { "reached" } else { "**missed**" };
    format!("| {what} | {target} | {measured} | {word} |")
}

fn table(head: &str, rows: &[String]) -> String {
    format!("{head}\n{}", rows.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replace};

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let page = format!("# A\n{BEGIN}old\n{END}tail\n");
        let expected = format!("# A\n{BEGIN}\nnew\n{END}tail\n");
        assert_eq!(replace(&page, "new"), Some(expected));
        assert_eq!(replace("# A\n", "new"), None);
    }
}
