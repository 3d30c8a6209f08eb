//! Versions that take over from each other, and what follows for packets meanwhile and after.
//!
//! What the one knew of connections, the other does not. That excuses some packets, and every excuse is
//! as narrow as it can be told.

use std::collections::HashMap;

use crate::clock::Nanoseconds;
use crate::pod::Life;

/// Opener, responder, and the port by its place.
pub(crate) type Flow = (Life, Life, u8);

/// A time in which another version took over.
#[derive(Clone, Copy, Debug)]
struct Switch {
    from: Nanoseconds,
    /// Nothing while it takes over.
    to: Option<Nanoseconds>,
    /// Which one takes over.
    by: Version,
}

/// Whose agent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The one before: it cannot adopt connections that nobody saw opened.
    Before,
    /// Ours: it can.
    Ours,
}

/// All that took over, in order.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    switches: Vec<Switch>,
    /// How often a datagram of each flow was excused.
    excused: HashMap<Flow, u8>,
}

impl Versions {
    /// Another version begins to take over.
    pub(crate) fn switching(&mut self, now: Nanoseconds, by: Version) {
        self.switches.push(Switch { from: now, to: None, by });
    }

    /// It has taken over.
    pub(crate) fn switched(&mut self, now: Nanoseconds) {
        if let Some(switch) = self.switches.last_mut() {
            switch.to = Some(now);
        }
    }

    /// Who enforced at that time, in words.
    pub(crate) fn describe(&self, at: Nanoseconds) -> &'static str {
        let last = self.switches.iter().rev().find(|one| one.from <= at);
        match last {
            None => "the first version",
            Some(one) if one.to.is_none_or(|end| at <= end) => "a version that takes over",
            Some(Switch { by: Version::Ours, .. }) => "our version",
            Some(Switch { by: Version::Before, .. }) => "the version before",
        }
    }

    /// Whether a flow of datagrams may have been taken over in its middle, whose ends are both there
    /// since `born`. Nothing in a datagram tells who asked first: where the first one that a hook saw
    /// was an answer, that end takes the answerer for the opener.
    pub(crate) fn is_taken_over(&self, born: Nanoseconds) -> bool {
        self.switches.iter().any(|one| one.to.is_none_or(|end| born <= end))
    }

    /// Excuses the loss of a datagram of such a flow: an end that took it the wrong way round cuts it
    /// when that way is denied, and takes it the right way with the next one. Each end does so once.
    pub(crate) fn excuse(&mut self, flow: Flow) -> bool {
        let times = self.excused.entry(flow).or_default();
        *times = times.saturating_add(1);
        *times <= 2
    }

    /// Whether a version took over between `from` and `to` that could not know what an answer belongs
    /// to: what goes on with a connection, which only ours adopts, or answers a datagram, which nobody
    /// can.
    pub(crate) fn is_unknown(
        &self,
        opened: Option<Nanoseconds>,
        from: Nanoseconds,
        to: Nanoseconds,
    ) -> bool {
        let meets = |one: &&Switch| one.from <= to && one.to.is_none_or(|end| end >= from);
        let mut switches = self.switches.iter().filter(meets);
        switches.any(|one| opened.is_none() || one.by == Version::Before)
    }

    /// Whether ours took a connection over without knowing who opened it: it lives while either end
    /// may have.
    pub(crate) fn is_adopted(&self, opened: Nanoseconds) -> bool {
        let mut adopting = self.switches.iter().filter(|one| one.by == Version::Ours);
        adopting.any(|one| one.to.is_none_or(|end| opened <= end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_unknown_while_a_version_takes_over_and_neither_before_nor_after() {
        let mut versions = Versions::default();
        versions.switching(10, Version::Ours);
        assert!(!versions.is_unknown(None, 5, 9));
        assert!(versions.is_unknown(None, 5, 12), "it goes on");
        assert!(!versions.is_unknown(Some(1), 5, 12), "ours adopts connections");
        assert_eq!(versions.describe(12), "a version that takes over");
        versions.switched(20);
        assert_eq!([9, 21].map(|at| versions.describe(at)), ["the first version", "our version"]);
        assert!(versions.is_unknown(None, 20, 30) && !versions.is_unknown(None, 21, 30));
        assert!(versions.is_adopted(20) && !versions.is_adopted(21));
        versions.switching(30, Version::Before);
        assert!(versions.is_unknown(Some(1), 29, 30), "the one before does not");
        assert!(!versions.is_adopted(25));
    }

    #[test]
    fn flows_that_a_version_took_over_are_excused_once_for_each_end_and_younger_ones_never() {
        let mut versions = Versions::default();
        assert!(!versions.is_taken_over(1));
        versions.switching(5, Version::Ours);
        versions.switched(6);
        assert!(versions.is_taken_over(6) && !versions.is_taken_over(7));
        assert_eq!([(); 3].map(|()| versions.excuse((1, 2, 0))), [true, true, false]);
        assert!(versions.excuse((2, 1, 0)), "another flow");
    }
}
