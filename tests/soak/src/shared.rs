//! What the control and the traffic have in common: one ledger and one clock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Clock, Nanoseconds};
use crate::ledger::Ledger;

/// The ledger, and the clock that its entries have their times from.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    ledger: Arc<Mutex<Ledger>>,
    clock: Clock,
}

impl Shared {
    /// An empty ledger and a new clock.
    pub(crate) fn new() -> Self {
        Self { ledger: Arc::default(), clock: Clock::start() }
    }

    /// The ledger, for a moment.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Nanoseconds {
        self.clock.now()
    }

    /// Says what is being done.
    pub(crate) fn note(&self, what: impl Into<String>) {
        let now = self.now();
        self.ledger().note(now, what);
    }
}
