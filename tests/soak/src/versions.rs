//! Versions that take over from each other, and what follows for packets meanwhile and after.
//!
//! What the one knew of connections, the other does not; and the version before ours has a fault of
//! its own that is known, for which ours must not be blamed and nothing else excused.

use crate::clock::Nanoseconds;

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
    /// From when to when connections may outlive what denies them.
    outliving: Vec<(Nanoseconds, Option<Nanoseconds>)>,
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
        for (_, end) in self.outliving.iter_mut().filter(|(_, end)| end.is_none()) {
            *end = Some(now);
        }
    }

    /// An agent was killed while it followed a change. The version before did not say in the tables
    /// that a plan was under way (ours does since commit 8effb13): the next one found endpoints that
    /// had what they were to have, and had no connection judged again.
    pub(crate) fn cut_off(&mut self, now: Nanoseconds) {
        if self.switches.last().is_some_and(|last| last.by == Version::Before) {
            self.outliving.push((now, None));
        }
    }

    /// Who enforced at that time, in words.
    pub(crate) fn describe(&self, at: Nanoseconds) -> &'static str {
        let last = self.switches.iter().rev().find(|one| one.from <= at);
        match last {
            None => "our version",
            Some(one) if one.to.is_none_or(|end| at <= end) => "a version that takes over",
            Some(Switch { by: Version::Ours, .. }) => "our version",
            Some(Switch { by: Version::Before, .. }) => "the version before",
        }
    }

    /// Whether what was sent then may belong to a connection that outlived a plan that was cut off.
    pub(crate) fn outlives(&self, sent: Nanoseconds) -> bool {
        let covers = |(from, to): &(Nanoseconds, Option<Nanoseconds>)| {
            *from <= sent && to.is_none_or(|to| sent <= to)
        };
        self.outliving.iter().any(covers)
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
        assert_eq!([9, 21].map(|at| versions.describe(at)), ["our version"; 2]);
        assert!(versions.is_unknown(None, 20, 30) && !versions.is_unknown(None, 21, 30));
        assert!(versions.is_adopted(20) && !versions.is_adopted(21));
        versions.switching(30, Version::Before);
        assert!(versions.is_unknown(Some(1), 29, 30), "the one before does not");
        assert!(!versions.is_adopted(25));
    }

    #[test]
    fn connections_outlive_plans_of_the_version_before_that_were_cut_off_and_no_other() {
        let mut versions = Versions::default();
        versions.cut_off(1);
        assert!(!versions.outlives(2), "nobody took over, so it is ours");
        versions.switching(5, Version::Before);
        versions.switched(6);
        assert!(!versions.outlives(7), "nothing was cut off");
        versions.cut_off(8);
        assert!(!versions.outlives(7) && versions.outlives(8) && versions.outlives(90));
        versions.switching(100, Version::Ours);
        versions.cut_off(101);
        assert!(versions.outlives(105), "until every hook is led to ours");
        versions.switched(110);
        versions.cut_off(111);
        assert!(!versions.outlives(112));
    }
}
