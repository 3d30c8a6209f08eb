//! The oracle at both ends: what was sent, what arrived, and what should have.
//!
//! A packet that arrives must be allowed by a world that may have been in force on its way. One that
//! does not arrive must be denied by one, or an end of it must have stopped.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::{Nanoseconds, nanoseconds, seconds};
use crate::message::Message;
use crate::pod::{Life, Pod};
use crate::timeline::Timeline;
use crate::verdicts::Port;
use crate::versions::Versions;

/// How long a datagram may take before it counts as dropped.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many failures are told in full.
const TOLD_MAX: u64 = 20;
/// How much of what the agent did is remembered.
const JOURNAL_MAX: usize = 2000;
/// How far before a packet its agent's doings are of interest.
const BEFORE: Duration = Duration::from_millis(300);

/// A pod that is or was there.
#[derive(Clone, Copy, Debug)]
struct Known {
    pod: Pod,
    born: Nanoseconds,
    stopping: Option<Nanoseconds>,
}

/// One way of one flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Who opened.
    pub(crate) opener: Life,
    /// Who answers.
    pub(crate) responder: Life,
    /// The responder's port, by its place.
    pub(crate) port: u8,
    /// Whether it is the way back.
    pub(crate) is_reply: bool,
    /// When its connection was opened, if it belongs to one.
    pub(crate) opened: Option<Nanoseconds>,
}

/// What came of all packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were sent: datagrams, attempts to connect, turns of connections.
    pub packets: u64,
    /// Arrived, as they might.
    pub delivered: u64,
    /// Did not arrive, and no world allowed them.
    pub denied: u64,
    /// Did not arrive while something changed.
    pub undecided: u64,
    /// Did not arrive because another version took over that did not know what they belonged to.
    pub ended: u64,
    /// Arrived though no world allowed them.
    pub forbidden: u64,
    /// Did not arrive though every world allowed them.
    pub wrongly_dropped: u64,
    /// Arrived when they had been given up; not dropped, but late.
    pub late: u64,
    /// Turns of connections that took as long as if a packet of theirs had been sent twice.
    pub slow: u64,
}

/// Everything that both ends and the control know.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) timeline: Timeline,
    pub(crate) counts: Counts,
    pub(crate) versions: Versions,
    pods: HashMap<Life, Known>,
    waiting: HashMap<u64, Message>,
    order: VecDeque<(Nanoseconds, u64)>,
    /// Given up as wrongly dropped.
    given_up: HashMap<u64, String>,
    journal: VecDeque<(Nanoseconds, String)>,
    told: u64,
    next: u64,
}

impl Ledger {
    /// A pod is about to be there.
    pub(crate) fn begins(&mut self, pod: Pod, now: Nanoseconds) {
        self.pods.insert(pod.life, Known { pod, born: now, stopping: None });
    }

    /// A pod is about to go.
    pub(crate) fn stopping(&mut self, life: Life, now: Nanoseconds) {
        if let Some(known) = self.pods.get_mut(&life) {
            known.stopping = Some(now);
        }
    }

    /// Says what is being done, for whoever wonders about a packet later.
    pub(crate) fn note(&mut self, now: Nanoseconds, what: impl Into<String>) {
        self.journal.push_back((now, what.into()));
        if self.journal.len() > JOURNAL_MAX {
            self.journal.pop_front();
        }
    }

    /// A number for a message.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A datagram is about to be sent.
    pub(crate) fn sent(&mut self, message: Message) {
        self.counts.packets += 1;
        self.waiting.insert(message.id, message);
        self.order.push_back((message.sent + nanoseconds(PATIENCE), message.id));
    }

    /// A connection or a turn of one is about to be tried.
    pub(crate) fn tried(&mut self) {
        self.counts.packets += 1;
    }

    /// A turn took longer than a packet that is not lost.
    pub(crate) fn slow(&mut self) {
        self.counts.slow += 1;
    }

    /// It could not be sent after all.
    pub(crate) fn unsent(&mut self, id: u64) {
        if self.waiting.remove(&id).is_some() {
            self.counts.packets -= 1;
        }
    }

    /// A datagram arrived at `receiver`, whoever was meant.
    pub(crate) fn arrived(&mut self, message: &Message, receiver: Life, now: Nanoseconds) {
        let way = way(message);
        let way = match message.is_reply {
            true => Way { opener: receiver, ..way },
            false => Way { responder: receiver, ..way },
        };
        if self.waiting.remove(&message.id).is_none()
            && let Some(story) = self.given_up.remove(&message.id)
        {
            self.counts.wrongly_dropped -= 1;
            self.counts.late += 1;
            eprintln!("late, not dropped: {story}");
        }
        self.delivered(way, message.sent, now);
    }

    /// Something was delivered that was sent at `sent`.
    pub(crate) fn delivered(&mut self, way: Way, sent: Nanoseconds, now: Nanoseconds) {
        if self.looked_at(way, sent, now) {
            self.counts.delivered += 1;
        }
    }

    /// The same on its way, without counting it. Returns whether it may be there.
    pub(crate) fn looked_at(&mut self, way: Way, sent: Nanoseconds, now: Nanoseconds) -> bool {
        let Some((opener, responder)) = self.ends(way) else { return false };
        let forth = (&opener, &responder, Port::Served(usize::from(way.port)));
        let back = (&responder, &opener, Port::Other);
        let adopted = (&opener, &responder, Port::Adopted(usize::from(way.port)));
        let may = self.timeline.said(forth, sent, now).by_one
            || way.is_reply && self.timeline.said(back, sent, now).by_one
            || self.is_adopted(way) && self.timeline.said(adopted, sent, now).by_one;
        if !may {
            self.counts.forbidden += 1;
            self.tell("FORBIDDEN", "denied", way, sent, now);
        }
        may
    }

    /// Something did not arrive between `from` and `to`. Returns what to say if it should have.
    pub(crate) fn missing(
        &mut self,
        way: Way,
        from: Nanoseconds,
        to: Nanoseconds,
    ) -> Option<String> {
        let (opener, responder) = self.ends(way)?;
        let forth = (&opener, &responder, Port::Served(usize::from(way.port)));
        let said = self.timeline.said(forth, from, to);
        let stays = [opener.life, responder.life].into_iter().all(|life| {
            self.pods.get(&life).is_some_and(|known| known.stopping.is_none_or(|at| at > to))
        });
        if !said.by_one {
            self.counts.denied += 1;
        } else if way.is_reply && self.versions.is_unknown(way.opened, from, to)
            || said.by_all && stays && self.is_excused(way, from, to)
        {
            self.counts.ended += 1;
        } else if said.by_all && stays {
            self.counts.wrongly_dropped += 1;
            return Some(self.tell("WRONGLY DROPPED", "allowed", way, from, to));
        } else {
            self.counts.undecided += 1;
        }
        None
    }

    /// Gives up datagrams that took too long. To be called when everything that has arrived was read.
    pub(crate) fn expire(&mut self, now: Nanoseconds) {
        while let Some((deadline, id)) = self.order.front().copied()
            && deadline <= now
        {
            self.order.pop_front();
            let Some(message) = self.waiting.remove(&id) else { continue };
            // An answer needs what its question made.
            let from = if message.is_reply { message.asked } else { message.sent };
            if let Some(story) = self.missing(way(&message), from, now) {
                self.given_up.insert(id, story);
            }
        }
    }

    /// Whether a version took this over without knowing who opened it: each end lets it live where
    /// either end may have.
    fn is_adopted(&self, way: Way) -> bool {
        way.opened.map_or_else(
            || self.born(way).is_some_and(|born| self.versions.is_taken_over(born)),
            |opened| self.versions.is_adopted(opened),
        )
    }

    /// Since when both ends are there.
    fn born(&self, way: Way) -> Option<Nanoseconds> {
        let born = |life| self.pods.get(&life).map(|known| known.born);
        Some(born(way.opener)?.max(born(way.responder)?))
    }

    /// Whether a lost datagram may be the one by which an end finds out who opened the flow.
    fn is_excused(&mut self, way: Way, from: Nanoseconds, to: Nanoseconds) -> bool {
        let Some((opener, responder)) = self.ends(way) else { return false };
        let back = self.timeline.said((&responder, &opener, Port::Other), from, to);
        way.opened.is_none()
            && self.is_adopted(way)
            && !back.by_all
            && self.versions.excuse((way.opener, way.responder, way.port))
    }

    fn ends(&self, way: Way) -> Option<(Pod, Pod)> {
        Some((self.pods.get(&way.opener)?.pod, self.pods.get(&way.responder)?.pod))
    }

    fn tell(
        &mut self,
        what: &str,
        expected: &str,
        way: Way,
        from: Nanoseconds,
        to: Nanoseconds,
    ) -> String {
        let Some((opener, responder)) = self.ends(way) else { return String::new() };
        let flow = (&opener, &responder, Port::Served(usize::from(way.port)));
        let (from_name, to_name) = (opener.name(), responder.name());
        let answer = if way.is_reply { "answer of " } else { "" };
        let carrier = way.opened.map_or("a datagram".to_owned(), |opened| {
            format!("a connection opened at {}", seconds(opened))
        });
        let story = format!(
            "{what} by {} between {} and {}: {carrier}, {answer}{from_name} (app{}) to {to_name} (app{}) on port {}, expected: {expected}; {}",
            self.versions.describe(from),
            seconds(from),
            seconds(to),
            opener.app,
            responder.app,
            crate::policies::PORTS.get(usize::from(way.port)).copied().unwrap_or(0),
            self.timeline.describe(flow, from, to),
        );
        self.complain(&story, (from, to));
        story
    }

    /// Tells a failure that happened between two moments, with what was done before and meanwhile.
    pub(crate) fn complain(&mut self, story: &str, (from, to): (Nanoseconds, Nanoseconds)) {
        self.told += 1;
        if self.told <= TOLD_MAX {
            eprintln!("{story}");
            let since = from.saturating_sub(nanoseconds(BEFORE));
            let doings = self.journal.iter().filter(|(at, _)| (since..=to).contains(at));
            doings.for_each(|(at, what)| eprintln!("    {}: {what}", seconds(*at)));
        }
    }
}

fn way(message: &Message) -> Way {
    let Message { opener, responder, port, is_reply, .. } = *message;
    Way { opener, responder, port, is_reply, opened: None }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::*;
    use crate::policies::Policies;
    use crate::verdicts::Verdicts;

    const SECOND: Nanoseconds = 1_000_000_000;

    fn pod(life: Life) -> Pod {
        Pod { life, place: life as usize, app: 0, address: life as u16 }
    }

    fn message(id: u64, sent: Nanoseconds) -> Message {
        Message { id, is_reply: false, opener: 1, responder: 2, port: 0, sent, asked: sent }
    }

    /// Two pods that may talk from the first second to the tenth.
    fn ledger() -> Ledger {
        let open = Arc::new(Verdicts::of(&Policies::none()).unwrap());
        let mut ledger = Ledger::default();
        [1, 2].map(pod).into_iter().for_each(|pod| ledger.begins(pod, 0));
        ledger.timeline.begin(SECOND, HashSet::from([1, 2]), Arc::clone(&open));
        ledger.timeline.done(SECOND);
        ledger.timeline.begin(10 * SECOND, HashSet::from([1]), open);
        ledger.timeline.done(10 * SECOND);
        ledger
    }

    #[test]
    fn what_arrives_while_it_is_allowed_is_well_and_what_does_not_is_wrongly_dropped() {
        let mut ledger = ledger();
        ledger.sent(message(1, 2 * SECOND));
        ledger.sent(message(2, 2 * SECOND));
        ledger.arrived(&message(1, 2 * SECOND), 2, 2 * SECOND + 1);
        ledger.expire(3 * SECOND);
        let wanted = Counts { packets: 2, delivered: 1, wrongly_dropped: 1, ..Counts::default() };
        assert_eq!(ledger.counts, wanted);
        ledger.arrived(&message(2, 2 * SECOND), 2, 4 * SECOND);
        let wanted = Counts { packets: 2, delivered: 2, late: 1, ..Counts::default() };
        assert_eq!(ledger.counts, wanted);
    }

    #[test]
    fn what_arrives_while_it_is_denied_is_forbidden_and_what_does_not_is_denied() {
        let mut ledger = ledger();
        ledger.sent(message(1, 12 * SECOND));
        ledger.sent(message(2, 12 * SECOND));
        ledger.arrived(&message(1, 12 * SECOND), 2, 12 * SECOND + 1);
        ledger.expire(14 * SECOND);
        let wanted = Counts { packets: 2, forbidden: 1, denied: 1, ..Counts::default() };
        assert_eq!(ledger.counts, wanted);
    }

    #[test]
    fn what_does_not_arrive_during_a_change_or_from_a_pod_that_stops_is_undecided() {
        let mut ledger = ledger();
        ledger.sent(message(1, 10 * SECOND - 5));
        ledger.expire(11 * SECOND);
        assert_eq!(ledger.counts.undecided, 1);
        let mut ledger = self::ledger();
        ledger.sent(message(1, 5 * SECOND));
        ledger.stopping(2, 5 * SECOND + 1);
        ledger.expire(6 * SECOND);
        assert_eq!((ledger.counts.undecided, ledger.counts.wrongly_dropped), (1, 0));
    }

    #[test]
    fn a_packet_for_a_pod_whose_address_another_has_now_is_judged_as_the_others() {
        let mut ledger = ledger();
        ledger.begins(pod(3), 0);
        ledger.sent(message(1, 5 * SECOND));
        ledger.arrived(&message(1, 5 * SECOND), 3, 5 * SECOND + 1);
        assert_eq!(ledger.counts.forbidden, 1, "no world knows the third pod");
    }
}
