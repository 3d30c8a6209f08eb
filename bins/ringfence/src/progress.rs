//! What a person sees while something takes long: a line on standard error, gone when it is done.
//!
//! Nothing is drawn where nobody looks on: in a pipe, in a file, in CI.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that counts what came so far, gone when it is dropped.
pub(crate) struct Counter {
    line: ProgressBar,
    what: String,
}

impl Counter {
    /// Begins to say what is done.
    pub(crate) fn begin(what: &str) -> Self {
        let line = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos} {elapsed}") {
            line.set_style(style);
        }
        line.enable_steady_tick(TICK);
        Self { line, what: what.to_owned() }
    }

    /// So many more came of `part`.
    pub(crate) fn count(&self, part: &str, more: usize) {
        self.line.set_message(format!("{}: {part}", self.what));
        self.line.inc(more as u64);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

const TICK: Duration = Duration::from_millis(100);

/// Does `work`, saying what it is and for how long it has gone on.
pub(crate) fn during<T>(what: &'static str, work: impl FnOnce() -> T) -> T {
    // Hidden by the library where standard error is no terminal.
    let line = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        line.set_style(style);
    }
    line.enable_steady_tick(TICK);
    let done = work();
    line.finish_and_clear();
    done
}
