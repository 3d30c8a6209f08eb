//! Nanoseconds of lookups and of whole packets, by size.
//!
//! A copy of a layout that does not grow as the layout is known to is void, and said to be.

use crate::field::{CONNECTIONS, KINDS, ORDERED, PEERS, PREFIXES, RULES};
use crate::race::What;
use crate::report::{LARGEST, Measured, head, table, thousands};

impl Measured {
    pub(super) fn costs(&self) -> String {
        [self.lookups(), self.tables(), self.packets()].join("\n\n")
    }

    /// How much slower identities by LPM get from the fewest peers to the most, and slots than a
    /// dense row.
    fn ratios(&self) -> (f64, f64) {
        let growth = self.get(What::Identity, LARGEST) / self.get(What::Identity, PEERS[0]);
        (growth, self.get(What::Slots, LARGEST) / self.get(What::Dense, LARGEST))
    }

    /// Whether the copies by LPM, and that of the slots, behave as the layouts are known to.
    pub(super) fn copies_count(&self) -> (bool, bool) {
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
        let head = head("Nanoseconds of one lookup by the number of peers:", "layout", &PEERS);
        format!(
            "{}\n\nWhat a copy must show to count: identities by LPM at 100,000 over those at 100 \
             between 6 and 14 (here {growth:.1}); 24 slots over the dense row above 5 at 100,000 (here {slots:.1}).",
            table(&head, &rows)
        )
    }

    fn tables(&self) -> String {
        let list = |what, sizes: &[u32]| {
            let one = |size: &u32| format!("{}: {:.0}", thousands(*size), self.get(what, *size));
            sizes.iter().map(one).collect::<Vec<_>>().join("; ")
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
        let of = |what, sizes: &[u32]| {
            let one = |size: &u32| format!("{:.0}", self.get(what, *size));
            sizes.iter().map(one).collect::<Vec<_>>().join(" | ")
        };
        let established = [
            format!("| established packet | {} |", of(What::Established, &CONNECTIONS)),
            format!("| bare LRU lookup | {} |", of(What::Lru, &CONNECTIONS)),
        ];
        let opening = "first packet of a flow, with the insert and its event";
        let by_peers = [format!("| {opening} | {} |", of(What::Opening, &PEERS))];
        let by_rules = [format!("| {opening} | {} |", of(What::OpeningAmong, &RULES))];
        let of_packet = "Nanoseconds of a whole packet in the real program";
        [
            table(&head(&format!("{of_packet}, by connections:"), "", &CONNECTIONS), &established),
            table(&head(&format!("{of_packet}, by peers:"), "", &PEERS), &by_peers),
            table(&head("The same, by rules about 10,000 peers:", "", &RULES), &by_rules),
            self.verified_words(),
        ]
        .join("\n\n")
    }

    fn verified_words(&self) -> String {
        let verified = self.verified.map(|count| count.map_or("?".to_owned(), thousands));
        let [egress, ingress] = verified;
        format!(
            "The verifier looked at {egress} instructions of the egress program and {ingress} of the ingress program."
        )
    }
}
