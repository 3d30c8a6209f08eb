//! `cargo xtask fuzz-parser`: the programs' parser and its twin on as many packets as one likes.
//!
//! It is the test that runs with all others, with another number of packets.

use std::path::Path;

use crate::process::{self, ProcessError};
use crate::suite;
use crate::{Ended, cli};

const WHY_ROOT: &str = "to load the parser into the kernel";

/// Builds as whoever we are and runs as root.
pub(crate) fn run(root: &Path, options: &cli::FuzzParser) -> Result<Ended, ProcessError> {
    let mut cargo = process::command("cargo", root);
    cargo.args(["test", "--package", "ringfence-kernel", "--test", "twin", "--no-run"]);
    cargo.args(["--quiet", "--message-format=json"]);
    for binary in suite::binaries(&process::output(&mut cargo)?) {
        let mut command = process::command(root.join("scripts/setup.sh"), root);
        command.args(["root", WHY_ROOT]).arg(&binary.program).args(["generated", "--nocapture"]);
        command.env("RINGFENCE_PACKETS", options.packets.to_string());
        command.env("RINGFENCE_REQUIRE_KERNEL", "1");
        if !process::succeeds(&mut command, None)? {
            return Ok(Ended::Badly);
        }
    }
    Ok(Ended::Well)
}
