//! Empties a node's ring of events all the time, so that none is lost while probes are under way.
//!
//! The ring is small and a probe run is not; a thread of its own waits for the ring to fill.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use abi::Event;
use datapath::{Events, EventsError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, OwnedFd};

/// How long an idle thread waits before it looks whether it should end, milliseconds.
const IDLE_MS: u16 = 50;

#[derive(Debug)]
struct Heard {
    events: Events,
    waiting: Vec<Event>,
    failed: Option<EventsError>,
}

impl Heard {
    fn drain(&mut self) {
        let Self { events, waiting, failed } = self;
        if let Err(error) = events.drain(|event| waiting.push(event)) {
            *failed = Some(error);
        }
    }
}

/// A thread that listens until this is dropped.
#[derive(Debug)]
pub(crate) struct Listening {
    heard: Arc<Mutex<Heard>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listening {
    /// Listens from now on.
    pub(crate) fn start(events: Events) -> Self {
        let ready = events.as_fd().try_clone_to_owned();
        let heard = Arc::new(Mutex::new(Heard { events, waiting: Vec::new(), failed: None }));
        let ended = Arc::new(AtomicBool::new(false));
        let (shared, end) = (Arc::clone(&heard), Arc::clone(&ended));
        let thread =
            ready.ok().map(|ready| std::thread::spawn(move || listen(&ready, &shared, &end)));
        Self { heard, ended, thread }
    }

    /// Everything that was said since the last call.
    ///
    /// # Errors
    /// Where the ring held something that is no event.
    pub(crate) fn heard(&self) -> Result<Vec<Event>, EventsError> {
        let mut heard = lock(&self.heard);
        heard.drain();
        match heard.failed.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut heard.waiting)),
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A listener that crashed has nothing left to end.
            drop(thread.join());
        }
    }
}

fn listen(ready: &OwnedFd, heard: &Mutex<Heard>, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        let mut wait = [PollFd::new(ready.as_fd(), PollFlags::POLLIN)];
        if poll(&mut wait, PollTimeout::from(IDLE_MS)).is_ok_and(|ready| ready > 0) {
            lock(heard).drain();
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
