//! TCP through two veths with their programs attached, and through the same veths without.
//!
//! The two take turns, and what counts is the ratio of neighbours: whatever slows the machine down for
//! a while slows down both. Which of the two goes first alternates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use datapath::{Events, EventsError};

use crate::net::{Net, NetError};
use crate::race::median;
use crate::traffic::{Place, Traffic, TrafficError, rate};

/// How often whoever reads events looks for them.
const READ_EVERY: Duration = Duration::from_millis(10);

/// What is measured: a name for it would say the same.
pub(crate) type Course = (Traffic, Place);

/// Apart, an end often waits for a processor to wake up, which takes longer than a packet does and
/// hides what packets cost. Together, all that is done for them adds up.
pub(crate) const COURSES: [Course; 6] = [
    (Traffic::Stream, Place::Apart),
    (Traffic::Stream, Place::Together),
    (Traffic::Requests, Place::Apart),
    (Traffic::Requests, Place::Together),
    (Traffic::Connections, Place::Apart),
    (Traffic::Connections, Place::Together),
];

/// Rates could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RatesError {
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Traffic(#[from] TrafficError),
    #[error("cannot read events")]
    Events(#[from] EventsError),
    #[error("the thread that reads events is gone")]
    Thread,
    #[error("nothing came through in the time of one sample")]
    Nothing,
    #[error(
        "attached: {attached}, connections known to the programs: {known}; this measures nothing"
    )]
    NotInTheWay { attached: bool, known: bool },
}

/// Neighbours of one round, each a second's rate.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pair {
    pub(crate) without: f64,
    pub(crate) with: f64,
}

/// All rounds of one course.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rates {
    pub(crate) course: Course,
    pub(crate) pairs: Vec<Pair>,
}

impl Rates {
    fn median_of(&self, of: impl Fn(&Pair) -> f64) -> f64 {
        median(self.pairs.iter().map(of).collect())
    }

    /// With programs, of the rate without: lowest, median, highest.
    pub(crate) fn ratios(&self) -> [f64; 3] {
        let ratio = |pair: &Pair| pair.with / pair.without;
        let all = || self.pairs.iter().map(ratio);
        [all().fold(f64::MAX, f64::min), self.median_of(ratio), all().fold(0.0, f64::max)]
    }

    /// The medians without and with programs.
    pub(crate) fn medians(&self) -> [f64; 2] {
        [self.median_of(|pair| pair.without), self.median_of(|pair| pair.with)]
    }
}

/// So many rounds of every course, each rate measured for `time`.
pub(crate) fn run(rounds: usize, time: Duration) -> Result<Vec<Rates>, RatesError> {
    let net = Net::new()?;
    let events = net.bench.instance().events().map_err(NetError::from)?;
    let ended = Arc::new(AtomicBool::new(false));
    let reader = thread::spawn({
        let ended = Arc::clone(&ended);
        move || read_events(events, &ended)
    });
    let rates = measured(&net, rounds, time);
    ended.store(true, Ordering::Relaxed);
    reader.join().map_err(|_| RatesError::Thread)??;
    rates
}

/// As an agent does, so that telling costs what it costs in life.
fn read_events(mut events: Events, ended: &AtomicBool) -> Result<(), EventsError> {
    while !ended.load(Ordering::Relaxed) {
        events.drain(drop)?;
        thread::sleep(READ_EVERY);
    }
    Ok(())
}

fn measured(net: &Net, rounds: usize, time: Duration) -> Result<Vec<Rates>, RatesError> {
    let mut all = COURSES.map(|course| Rates { course, pairs: Vec::new() });
    for round in 0..rounds {
        for rates in &mut all {
            rates.pairs.push(pair(net, rates.course, round.is_multiple_of(2), time)?);
        }
    }
    Ok(all.into())
}

fn pair(
    net: &Net,
    course: Course,
    is_with_first: bool,
    time: Duration,
) -> Result<Pair, RatesError> {
    let one = sample(net, course, is_with_first, time)?;
    let other = sample(net, course, !is_with_first, time)?;
    Ok(match is_with_first {
        true => Pair { with: one, without: other },
        false => Pair { with: other, without: one },
    })
}

fn sample(
    net: &Net,
    (traffic, place): Course,
    attached: bool,
    time: Duration,
) -> Result<f64, RatesError> {
    net.switch(attached)?;
    let rate = rate(net, traffic, place, time)?;
    let known = net.knows_connections()?;
    if known != attached {
        return Err(RatesError::NotInTheWay { attached, known });
    }
    if rate <= 0.0 {
        return Err(RatesError::Nothing);
    }
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::{COURSES, Pair, Rates};

    #[test]
    fn what_counts_is_the_ratio_of_neighbours() {
        let pair = |without, with| Pair { without, with };
        // The machine became three times as slow; the programs always cost a tenth.
        let pairs = vec![pair(300.0, 270.0), pair(100.0, 90.0), pair(110.0, 99.0)];
        let [course, ..] = COURSES;
        let rates = Rates { course, pairs };
        assert_eq!(rates.ratios().map(|ratio| (ratio * 100.0).round()), [90.0; 3]);
        assert_eq!(rates.medians(), [110.0, 99.0]);
    }
}
