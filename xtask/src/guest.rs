//! The first process of a guest, see `kernels`: mounts what tests need, runs them, and switches off.
//!
//! It never returns: a kernel whose first process ends panics.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Instant;

use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};

use crate::kernels::{Closing, Plan, Step};

/// File systems in the order in which they are needed: type and place.
const MOUNTS: [(&str, &str); 5] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("bpf", "/sys/fs/bpf"),
    ("cgroup2", "/sys/fs/cgroup"),
];
/// Of the corpus and of random worlds one in so many is judged, because an emulator is slow.
const SHARE: &str = "8";
/// What a node that runs pods has loaded before we come.
const LOADED: [&str; 2] = ["nf_conntrack", "br_netfilter"];

/// Why the tests could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GuestError {
    #[error("cannot mount {place}")]
    Mount { place: &'static str, source: nix::Error },
    #[error("cannot read the plan")]
    Read(#[source] io::Error),
    #[error("cannot understand the plan")]
    Plan(#[from] serde_json::Error),
    #[error("cannot start {program}")]
    Start { program: String, source: io::Error },
    #[error("cannot switch off")]
    Off(#[source] nix::Error),
}

/// Runs everything, says how it ended, and switches the machine off.
pub(crate) fn run() -> Result<(), GuestError> {
    match tests() {
        Ok(closing) => println!("{}{closing}", Closing::MARK),
        Err(error) => println!("guest failed: {error}: {:?}", std::error::Error::source(&error)),
    }
    // It returns only where it fails.
    match reboot(RebootMode::RB_POWER_OFF) {
        Err(error) => Err(GuestError::Off(error)),
    }
}

fn tests() -> Result<Closing, GuestError> {
    for (kind, place) in MOUNTS {
        let failed = |source| GuestError::Mount { place, source };
        mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>).map_err(failed)?;
    }
    for module in LOADED {
        start(Command::new("/sbin/modprobe").arg(module))?;
    }
    let plan: Plan = serde_json::from_slice(&fs::read("/plan").map_err(GuestError::Read)?)?;
    let begun = Instant::now();
    let mut closing = Closing::default();
    for step in &plan.steps {
        closing.tests += 1;
        closing.failed += u32::from(!passes(step)?);
    }
    closing.seconds = begun.elapsed().as_secs();
    Ok(closing)
}

fn passes(step: &Step) -> Result<bool, GuestError> {
    let begun = Instant::now();
    println!("=== {}", step.name);
    let mut command = Command::new(&step.program);
    command.current_dir(Path::new(&step.folder)).arg("--show-output");
    command.env("PATH", "/bin:/sbin").env("RINGFENCE_REQUIRE_KERNEL", "1");
    command.env("RINGFENCE_T2_SHARE", SHARE);
    command.env("CARGO_MANIFEST_DIR", &step.folder).env("INSTA_UPDATE", "no");
    let status = start(&mut command)?;
    println!("=== {} took {:.1} s: {status}", step.name, begun.elapsed().as_secs_f32());
    Ok(status.success())
}

fn start(command: &mut Command) -> Result<ExitStatus, GuestError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.status().map_err(|source| GuestError::Start { program, source })
}
