//! Which worlds may have been in force at a moment.
//!
//! A world may be in force from the moment its change is asked for until the next one is done. While a
//! change is made, and as long as it is cut off, that is two of them.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::clock::Nanoseconds;
use crate::pod::{Life, Pod};
use crate::verdicts::{Port, Verdicts};

/// How long a world is kept that ended.
const KEPT: Nanoseconds = 120_000_000_000;

/// A world and when it may have been in force.
#[derive(Clone, Debug)]
struct Span {
    number: u64,
    begin: Nanoseconds,
    end: Option<Nanoseconds>,
    pods: HashSet<Life>,
    verdicts: Arc<Verdicts>,
}

impl Span {
    fn allows(&self, source: &Pod, destination: &Pod, port: Port) -> bool {
        let has = |pod: &Pod| self.pods.contains(&pod.life);
        has(source) && has(destination) && self.verdicts.allows(source.app, destination.app, port)
    }

    fn meets(&self, from: Nanoseconds, to: Nanoseconds) -> bool {
        self.begin <= to && self.end.is_none_or(|end| end >= from)
    }
}

/// What worlds say of a flow over some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// One of them allows it.
    pub(crate) by_one: bool,
    /// All of them do, and there is one.
    pub(crate) by_all: bool,
}

/// All worlds in their order.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    spans: VecDeque<Span>,
    number: u64,
}

impl Timeline {
    /// A change was asked for.
    pub(crate) fn begin(
        &mut self,
        now: Nanoseconds,
        pods: HashSet<Life>,
        verdicts: Arc<Verdicts>,
    ) -> u64 {
        self.number += 1;
        let (number, begin) = (self.number, now);
        self.spans.push_back(Span { number, begin, end: None, pods, verdicts });
        self.spans.retain(|span| span.end.is_none_or(|end| end + KEPT > now));
        number
    }

    /// It is done: what was before is over.
    pub(crate) fn done(&mut self, now: Nanoseconds) {
        let newest = self.number;
        let over = self.spans.iter_mut().filter(|span| span.number != newest && span.end.is_none());
        over.for_each(|span| span.end = Some(now));
    }

    /// What the worlds say that may have been in force between `from` and `to`.
    pub(crate) fn said(
        &self,
        (source, destination, port): (&Pod, &Pod, Port),
        from: Nanoseconds,
        to: Nanoseconds,
    ) -> Said {
        let mut said = self
            .spans
            .iter()
            .rev()
            .filter(|span| span.meets(from, to))
            .map(|span| span.allows(source, destination, port));
        let Some(first) = said.next() else { return Said { by_one: false, by_all: false } };
        let seed = Said { by_one: first, by_all: first };
        said.fold(seed, |so_far, allows| Said {
            by_one: so_far.by_one || allows,
            by_all: so_far.by_all && allows,
        })
    }

    /// The worlds of that time, as people read them.
    pub(crate) fn describe(
        &self,
        (source, destination, port): (&Pod, &Pod, Port),
        from: Nanoseconds,
        to: Nanoseconds,
    ) -> String {
        let spans = self.spans.iter().filter(|span| span.meets(from, to));
        let words = spans.map(|span| {
            let verdict = if span.allows(source, destination, port) { "allows" } else { "denies" };
            let end = span.end.map_or("now".to_owned(), crate::clock::seconds);
            let knows = |pod: &Pod| if span.pods.contains(&pod.life) { "known" } else { "unknown" };
            let ends = format!("source {}, destination {}", knows(source), knows(destination));
            let begin = crate::clock::seconds(span.begin);
            format!("world {} from {begin} to {end} {verdict} ({ends})", span.number)
        });
        words.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;
    use crate::policies::Policies;

    fn pod(life: Life) -> Pod {
        Pod { life, place: life as usize, app: 0, address: life as u16 }
    }

    #[test]
    fn a_change_may_be_in_force_as_soon_as_it_is_asked_for_and_the_old_world_until_it_is_done() {
        let open = Arc::new(Verdicts::of(&Policies::none()).unwrap());
        let (one, other) = (pod(1), pod(2));
        let flow = (&one, &other, Port::Served(0));
        let mut timeline = Timeline::default();
        assert!(!timeline.said(flow, 0, 5).by_one, "nothing is in force before the first world");
        timeline.begin(10, HashSet::from([1, 2]), Arc::clone(&open));
        timeline.done(20);
        assert_eq!(timeline.said(flow, 12, 30), Said { by_one: true, by_all: true });
        timeline.begin(30, HashSet::from([1]), open);
        assert_eq!(timeline.said(flow, 31, 32), Said { by_one: true, by_all: false });
        timeline.done(40);
        assert_eq!(timeline.said(flow, 39, 50), Said { by_one: true, by_all: false });
        assert_eq!(timeline.said(flow, 41, 50), Said { by_one: false, by_all: false });
        assert_eq!(timeline.said(flow, 21, 29), Said { by_one: true, by_all: true });
    }
}
