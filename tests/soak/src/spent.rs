//! Where the control's time goes. A run that does not reach its numbers has to say why.

use std::time::{Duration, Instant};

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Making and removing veths.
    Veths,
    /// Attaching and detaching hooks.
    Hooks,
    /// Compiling, planning and writing.
    Changes,
    /// Starting and ending the pods' sockets.
    Sockets,
    /// Asking the oracle.
    Oracle,
}

const KINDS: [(Work, &str); 5] = [
    (Work::Veths, "making and removing veths"),
    (Work::Hooks, "attaching and detaching hooks"),
    (Work::Changes, "following changes"),
    (Work::Sockets, "starting and ending sockets"),
    (Work::Oracle, "asking the oracle"),
];

/// How long each kind took, restarts of agents included where they fell.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent([Duration; KINDS.len()]);

impl Spent {
    /// Adds what began at `since`.
    #[expect(clippy::indexing_slicing, reason = "there is a place for each kind")]
    pub(crate) fn add(&mut self, work: Work, since: Instant) {
        self.0[work as usize] += since.elapsed();
    }

    /// In one line, the longest first.
    pub(crate) fn describe(&self) -> String {
        let mut all: Vec<_> = self.0.iter().zip(KINDS).collect();
        all.sort_by_key(|(time, _)| std::cmp::Reverse(**time));
        let words =
            all.iter().map(|(time, (_, word))| format!("{word} {:.1} s", time.as_secs_f64()));
        words.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottleneck_comes_first() {
        let mut spent = Spent::default();
        let now = Instant::now();
        spent.add(Work::Changes, now.checked_sub(Duration::from_secs(3)).unwrap_or(now));
        assert!(spent.describe().starts_with("following changes"), "{}", spent.describe());
    }
}
