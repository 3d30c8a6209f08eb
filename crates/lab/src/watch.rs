//! Waits for manifests to change.
//!
//! Editors write a file in several steps, so a change counts when nothing has happened for a
//! moment; the time of the file itself says when the person saved it.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};

use notify::{Event, RecursiveMode, Watcher};

/// How long nothing must happen before a change counts.
const QUIET: Duration = Duration::from_millis(30);

/// Why files cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system does not tell about changes.
    #[error("the manifests cannot be watched")]
    Watch(#[from] notify::Error),
    /// The watcher has ended.
    #[error("the watcher has ended")]
    Ended,
}

/// Calls `changed` after every change below `paths`, with the time of the newest file that changed.
///
/// # Errors
/// Where a path cannot be watched.
pub fn watch(
    paths: &[PathBuf],
    mut changed: impl FnMut(SystemTime) -> ControlFlow<()>,
) -> Result<(), WatchError> {
    let (sender, events) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event {
            // A receiver that is gone ends the watcher next.
            drop(sender.send(event));
        }
    })?;
    for path in paths {
        // A file is often replaced by another of its name, so its directory is watched.
        let at = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let at = at.filter(|at| !at.as_os_str().is_empty()).unwrap_or(Path::new("."));
        watcher.watch(at, RecursiveMode::Recursive)?;
    }
    loop {
        let saved = next_change(&events)?;
        if let Some(saved) = saved
            && changed(saved).is_break()
        {
            return Ok(());
        }
    }
}

/// Collects events until it is quiet; nothing where no file was written or removed.
fn next_change(events: &Receiver<Event>) -> Result<Option<SystemTime>, WatchError> {
    let mut newest = None;
    let mut event = events.recv().map_err(|_| WatchError::Ended)?;
    loop {
        newest = newest.max(saved_at(&event));
        match events.recv_timeout(QUIET) {
            Ok(next) => event = next,
            Err(mpsc::RecvTimeoutError::Timeout) => return Ok(newest),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Err(WatchError::Ended),
        }
    }
}

/// When the event's files were written; now, where one was removed.
fn saved_at(event: &Event) -> Option<SystemTime> {
    let written = event.kind.is_create() || event.kind.is_modify() || event.kind.is_remove();
    let time = |path: &PathBuf| {
        let modified = fs::metadata(path).and_then(|file| file.modified());
        modified.unwrap_or_else(|_| SystemTime::now())
    };
    event.paths.iter().filter(|_| written).map(time).max()
}
