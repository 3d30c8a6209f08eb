//! Boots a kernel in an emulator, lets everybody read what it says, and finds how it ended.
//!
//! The processor is emulated too, so that it works inside of virtual machines, as in most CI.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use super::Closing;
use super::package::Kernel;
use crate::process;

/// After how long a guest is ended that does not end by itself.
const SECONDS_MAX: u32 = 1800;
const MEMORY: &str = "3G";
/// Says nothing that is no warning, ends with the first panic, and starts our own first process.
const COMMAND_LINE: &str = "console=ttyS0 quiet panic=-1 rdinit=/init -- guest";

/// Why nothing is known of a guest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootError {
    #[error("cannot start the emulator")]
    Start(#[source] io::Error),
    #[error("cannot hear what the guest says")]
    Hear(#[source] io::Error),
    #[error(
        "the guest ended without saying how its tests ended, or took more than {SECONDS_MAX} s"
    )]
    Silent,
}

/// Boots and waits for the end.
pub(crate) fn boot(kernel: &Kernel, disk: &Path) -> Result<Closing, BootError> {
    let mut command = process::command("timeout", Path::new("/"));
    command.args(["--kill-after=10", &SECONDS_MAX.to_string(), "qemu-system-x86_64"]);
    command.args(["-machine", "q35", "-accel", "tcg,thread=multi"]);
    command.args(["-cpu", "max", "-smp", "2", "-m", MEMORY, "-nodefaults", "-no-user-config"]);
    command.args(["-display", "none", "-serial", "stdio", "-no-reboot"]);
    command.arg("-kernel").arg(kernel.image()).arg("-initrd").arg(disk);
    command.args(["-append", COMMAND_LINE]);
    let mut guest = command.stdout(Stdio::piped()).spawn().map_err(BootError::Start)?;
    let said = guest.stdout.take().map(|said| closing(BufReader::new(said)));
    guest.wait().map_err(BootError::Start)?;
    said.transpose().map_err(BootError::Hear)?.flatten().ok_or(BootError::Silent)
}

/// Repeats every line and returns the closing one, if it comes.
fn closing(said: impl BufRead) -> io::Result<Option<Closing>> {
    let mut found = None;
    for line in said.split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{}", line.trim_end());
        found = Closing::read(&line).or(found);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Closing, closing};

    #[test]
    fn a_guest_that_only_panics_said_nothing() {
        let heard = |said: &str| closing(said.as_bytes()).unwrap();
        assert_eq!(heard("Kernel panic - not syncing\r\n"), None);
        let told = Closing { tests: 2, failed: 0, seconds: 7 };
        assert_eq!(heard(&format!("a\r\n{}{told}\r\nreboot\r\n", Closing::MARK)), Some(told));
    }
}
