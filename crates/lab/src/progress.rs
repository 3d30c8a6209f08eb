//! What a person sees while a lab works: a line per stage on a terminal, nothing in a pipe.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Somebody who wants to know how far a lab is.
pub trait Progress {
    /// A stage of `total` steps begins, which ends the one before.
    fn stage(&mut self, name: &str, total: u64);
    /// One step of the stage is done.
    fn advance(&mut self);
    /// Everything is done.
    fn finish(&mut self);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn stage(&mut self, _: &str, _: u64) {}
    fn advance(&mut self) {}
    fn finish(&mut self) {}
}

/// A bar on standard error.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Progress for Bar {
    fn stage(&mut self, name: &str, total: u64) {
        self.0.reset();
        self.0.set_length(total);
        self.0.set_message(name.to_owned());
    }

    fn advance(&mut self) {
        self.0.inc(1);
    }

    fn finish(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar where standard error is a terminal, else silence.
#[must_use]
pub fn for_standard_error() -> Box<dyn Progress> {
    if !std::io::stderr().is_terminal() {
        return Box::new(Quiet);
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:<24} {bar:30} {pos}/{len}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    Box::new(Bar(bar))
}
