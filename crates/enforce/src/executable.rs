//! What the executable of a process is called.
//!
//! The process itself knows best, while it lives and is still the one that was meant; after it, what
//! the kernel remembers of the last time that this file was executed.

use std::fs;
use std::path::PathBuf;

use abi::Event;
use datapath::Instance;

/// Nanoseconds of a tick in which `/proc` tells when a process started.
const TICK_NS: u64 = 10_000_000;
/// The place of the start among the words after a process's name.
const START: usize = 19;

/// The path of the executable that made the event's socket, where anybody knows.
pub(crate) fn path(instance: &Instance, event: &Event) -> Option<String> {
    if event.inode == 0 {
        return None;
    }
    let path = running(event).or_else(|| instance.executable(event.inode, event.device).ok()?);
    Some(path?.to_string_lossy().into_owned())
}

/// A number of a process may be another's by now, but not with the same start.
fn running(event: &Event) -> Option<PathBuf> {
    let words = fs::read_to_string(format!("/proc/{}/stat", event.process)).ok()?;
    let (_, words) = words.rsplit_once(") ")?;
    let start: u64 = words.split(' ').nth(START)?.parse().ok()?;
    let is_same = start == event.started_ns / TICK_NS;
    is_same.then(|| fs::read_link(format!("/proc/{}/exe", event.process)).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_this_process() -> Option<u64> {
        let words = fs::read_to_string("/proc/self/stat").ok()?;
        let (_, words) = words.rsplit_once(") ")?;
        Some(words.split(' ').nth(START)?.parse::<u64>().ok()? * TICK_NS)
    }

    #[test]
    fn a_process_is_asked_only_if_it_is_the_one_that_was_meant() {
        let started_ns = of_this_process().unwrap_or_default();
        let own = Event { process: std::process::id(), started_ns, ..Event::default() };
        assert_eq!(running(&own), std::env::current_exe().ok());
        let reused = Event { started_ns: started_ns + TICK_NS, ..own };
        assert_eq!(running(&reused), None, "another process has its number");
    }
}
