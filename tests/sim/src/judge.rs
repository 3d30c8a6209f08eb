//! Watches the kernel while it is written: after every single write, some flows are asked.
//!
//! Each must fare as before the change or as after it, and none may pass that both deny. A connection
//! that both allow must not be cut.

use std::collections::BTreeSet;

use compile::Image;
use model::Verdict;
use plan::Op;

use crate::ask::Ask;
use crate::clock::Clock;
use crate::connection::{Connections, Fate};

/// How many ends, flows and connections are asked after each write.
const ENDS: usize = 12;
const FLOWS: usize = 8;

/// One end of a flow and what it may say.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) ask: Ask,
    /// What the kernel said before.
    pub(crate) before: Verdict,
    /// What it may say after: as wanted, or where room is short, as the last good policies have it.
    pub(crate) after: Vec<Verdict>,
    /// There may be no room for the endpoint, so that it is in quarantine; or it is asked about a
    /// Service, whose backends may change together with the endpoint's set.
    pub(crate) may_be_denied: bool,
    /// It was denied on the way, though it was allowed before and may be after.
    pub(crate) was_interrupted: bool,
}

/// What is asked during one change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judge {
    pub(crate) cases: Vec<Case>,
    /// Egress of one pod and ingress of another, about the same traffic.
    pub(crate) flows: Vec<(usize, usize)>,
    pub(crate) violations: Vec<String>,
    pub(crate) asked: u64,
    pub(crate) packets: u64,
    /// The ports that are asked about.
    ports: BTreeSet<u32>,
    turn: usize,
}

impl Case {
    fn allows(&self) -> bool {
        self.before == Verdict::Allow || self.after.contains(&Verdict::Allow)
    }

    fn denies(&self) -> bool {
        self.before == Verdict::Deny || self.may_deny_after()
    }

    fn may_allow_after(&self) -> bool {
        self.after.contains(&Verdict::Allow)
    }

    fn may_deny_after(&self) -> bool {
        self.may_be_denied || self.after.contains(&Verdict::Deny)
    }

    fn permits(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Allow => self.allows(),
            Verdict::Deny => self.denies(),
        }
    }
}

impl Judge {
    /// Notes what must not be.
    pub(crate) fn report(&mut self, what: String) {
        self.violations.push(what);
    }

    /// What is asked from now on.
    pub(crate) fn expect(&mut self, cases: Vec<Case>, flows: Vec<(usize, usize)>) {
        self.ports = cases.iter().filter_map(|case| abi::port_slot(case.ask.traffic)).collect();
        self.cases = cases;
        self.flows = flows;
    }

    /// Asks after a write.
    pub(crate) fn after(
        &mut self,
        op: &Op,
        image: &Image,
        connections: &mut Connections,
        clock: &Clock,
    ) {
        if self.cases.is_empty() || self.is_silent(op) {
            return;
        }
        self.turn += 1;
        self.ends(op, image);
        self.pairs(op, image);
        self.connection(op, image, connections, clock);
    }

    /// Thousands of ports may move one by one; only those that are asked about can change an answer.
    fn is_silent(&self, op: &Op) -> bool {
        matches!(op, Op::Port { slot, .. } if !self.ports.contains(slot))
    }

    fn ends(&mut self, op: &Op, image: &Image) {
        let Self { cases, violations, asked, turn, .. } = self;
        let count = cases.len();
        for at in (0..count).cycle().skip(*turn * ENDS % count).take(ENDS.min(count)) {
            let Some(case) = cases.get_mut(at) else { continue };
            let verdict = case.ask.verdict(image);
            *asked += 1;
            if !case.permits(verdict) {
                violations.push(format!("after {op:?}: {verdict}, {case:?}"));
            }
            case.was_interrupted |= verdict == Verdict::Deny
                && case.before == Verdict::Allow
                && case.after.iter().all(|after| *after == Verdict::Allow);
        }
    }

    fn pairs(&mut self, op: &Op, image: &Image) {
        let Self { cases, flows, violations, asked, turn, .. } = self;
        let count = flows.len().max(1);
        for (from, to) in
            flows.iter().cycle().skip(*turn * FLOWS % count).take(FLOWS.min(flows.len()))
        {
            let (Some(from), Some(to)) = (cases.get(*from), cases.get(*to)) else { continue };
            let passes = [from, to].map(|end| end.ask.verdict(image)) == [Verdict::Allow; 2];
            *asked += 1;
            let passed = [from, to].iter().all(|end| end.before == Verdict::Allow);
            let is_permitted = match passes {
                true => passed || from.may_allow_after() && to.may_allow_after(),
                false => !passed || from.may_deny_after() || to.may_deny_after(),
            };
            if !is_permitted {
                violations.push(format!("after {op:?}: passes: {passes}, {from:?} -> {to:?}"));
            }
        }
    }

    /// One packet of one connection, so that some are judged by each generation on the way.
    fn connection(&mut self, op: &Op, image: &Image, connections: &mut Connections, clock: &Clock) {
        let Some(case) = self.cases.get(self.turn % self.cases.len()) else { return };
        let fate = connections.packet(case.ask, image, clock);
        self.packets += u64::from(fate != Fate::Unknown);
        if fate == Fate::Cut && !case.denies() {
            self.violations.push(format!("after {op:?}: a connection was cut: {case:?}"));
        }
    }
}
