//! What is run on another kernel, and how it ended there.
//!
//! The list is here once: the host builds and packs what it names, the guest runs it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::process::{self, ProcessError};
use crate::suite;

/// The package with the tests.
const PACKAGE: &str = "ringfence-kernel";

/// The test programs of [`PACKAGE`] that run on every kernel: everything is loaded, the corpus is
/// judged, and real packets are sent.
const TESTS: [&str; 7] = ["golden", "clsact", "real", "verdict", "parser", "cut", "t2"];

/// What the guest is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// In this order.
    pub(crate) steps: Vec<Step>,
}

/// One test program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// As the test is called.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) program: PathBuf,
    /// The folder of its crate, where cargo would run it.
    pub(crate) folder: PathBuf,
}

/// How everything ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Closing {
    /// How many test programs ran.
    pub(crate) tests: u32,
    /// How many of them failed.
    pub(crate) failed: u32,
    /// How long they took.
    pub(crate) seconds: u64,
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "programs={} failed={} seconds={}", self.tests, self.failed, self.seconds)
    }
}

impl Closing {
    /// Begins the line by which the host knows it.
    pub(crate) const MARK: &'static str = "guest: ";

    /// From a line that the guest printed, which may end with a carriage return.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let fields = line.trim().strip_prefix(Self::MARK)?;
        let field = |name: &str| {
            let mut words = fields.split(' ').filter_map(|word| word.split_once('='));
            words.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let count = |name| u32::try_from(field(name)?).ok();
        Some(Self {
            tests: count("programs")?,
            failed: count("failed")?,
            seconds: field("seconds")?,
        })
    }
}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("cannot build the tests")]
    Build(#[from] ProcessError),
    #[error("{PACKAGE} has no test {name}")]
    Absent { name: &'static str },
}

/// Builds the tests as whoever we are, and no others.
pub(crate) fn build(root: &Path) -> Result<Plan, PlanError> {
    let mut cargo = process::command("cargo", root);
    cargo.args(["test", "--package", PACKAGE, "--no-run", "--quiet", "--message-format=json"]);
    cargo.args(TESTS.into_iter().flat_map(|name| ["--test", name]));
    let binaries = suite::binaries(&process::output(&mut cargo)?);
    let step = |name: &'static str| {
        let binary = binaries.iter().find(|binary| binary.name == name);
        let binary = binary.ok_or(PlanError::Absent { name })?;
        let (program, folder) = (binary.program.clone(), binary.folder.clone());
        Ok(Step { name: name.to_owned(), program, folder })
    };
    let steps: Result<_, PlanError> = TESTS.into_iter().map(step).collect();
    Ok(Plan { steps: steps? })
}

#[cfg(test)]
mod tests {
    use super::{Closing, TESTS};

    #[test]
    fn a_closing_line_is_read_back_and_other_lines_are_not() {
        let closing = Closing { tests: 12, failed: 1, seconds: 90 };
        let line = format!("{}{closing}\r", Closing::MARK);
        assert_eq!(Closing::read(&line), Some(closing));
        assert_eq!(Closing::read(&closing.to_string()), None);
        assert_eq!(Closing::read("guest: programs=12 failed=x seconds=1"), None);
    }

    #[test]
    fn every_test_that_is_named_is_there() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/kernel/tests");
        for name in TESTS {
            let file = std::path::Path::new(tests).join(name).with_extension("rs");
            assert!(file.exists(), "{}", file.display());
        }
    }
}
