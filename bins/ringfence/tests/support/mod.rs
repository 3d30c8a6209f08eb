//! What every test of the command line does: call it in a folder and hear what it says.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may crash, and each needs a part of this"
)]

use std::path::Path;
use std::process::{Command, Output};

/// Exit code, standard output and standard error.
pub(crate) type Said = (i32, String, String);

/// The command in `folder` with some words, and nothing to read.
pub(crate) fn ringfence(folder: &Path, words: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    said(command.current_dir(folder).args(words).output().unwrap())
}

/// What a command that ended has said.
pub(crate) fn said(output: Output) -> Said {
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}
