//! Time since the driver began. Both ends of every packet and the control are judged by one clock.

use std::time::{Duration, Instant};

/// Nanoseconds since the driver began.
pub(crate) type Nanoseconds = u64;

/// The driver's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time now.
    pub(crate) fn now(&self) -> Nanoseconds {
        nanoseconds(self.0.elapsed())
    }
}

/// Lets time pass: what happens meanwhile is the test.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + time).await;
}

/// A length of time in the same unit.
pub(crate) fn nanoseconds(time: Duration) -> Nanoseconds {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// As people read it.
pub(crate) fn seconds(time: Nanoseconds) -> String {
    let time = Duration::from_nanos(time);
    format!("{}.{:06} s", time.as_secs(), time.subsec_micros())
}
