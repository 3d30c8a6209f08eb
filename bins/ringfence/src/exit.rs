//! Exit codes, the same for every command.
//!
//! Scripts and CI depend on them, so no command invents its own.

use std::process::ExitCode;

use report::Header;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is good.
    Good,
    /// The answer is bad: a difference, a finding, a failed expectation.
    Bad,
    /// There is no full answer: incomplete input or a set-up that failed.
    Incomplete,
}

impl Exit {
    /// How a command ends whose answer was written, or could not be.
    pub(crate) fn of<E: std::fmt::Display>(written: Result<(), E>) -> Self {
        match written {
            Ok(()) => Self::Good,
            Err(error) => {
                eprintln!("error: {error}");
                Self::Incomplete
            }
        }
    }

    /// This, unless it is good and the answer is not.
    pub(crate) fn unless_bad(self, is_bad: bool) -> Self {
        if self == Self::Good && is_bad { Self::Bad } else { self }
    }

    /// This, unless an object was not understood: then there is no full answer, whatever the rest
    /// said (ruling E4).
    pub(crate) fn unless_incomplete(self, header: &Header) -> Self {
        match header.warning() {
            Some(warning) => {
                eprintln!("{warning}");
                Self::Incomplete
            }
            None => self,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::SUCCESS,
            Exit::Bad => Self::from(1),
            Exit::Incomplete => Self::from(2),
        }
    }
}

/// 64 for a call that makes no sense; help and version are no mistake.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's choice, not a failure of ours.
    drop(error.print());
    if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS }
}
