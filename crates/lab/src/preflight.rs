//! Says what the machine lacks before anything is made.
//!
//! A lab needs root for namespaces and programs, and a kernel with the programs' features.

use std::path::Path;

use crate::{LabError, cgroup};

/// Whether this machine can hold a lab.
///
/// # Errors
/// Names the first thing that is missing and what to do about it.
pub fn check() -> Result<(), LabError> {
    if !nix::unistd::geteuid().is_root() {
        return Err(missing(
            "root: it makes network namespaces and loads BPF programs",
            "run it with sudo; it never touches the machine's own network",
        ));
    }
    if cgroup::root().is_err() {
        return Err(missing(
            "a cgroup2 hierarchy, and none is mounted",
            "mount -t cgroup2 none /sys/fs/cgroup/unified",
        ));
    }
    if !Path::new("/proc/sys/net/ipv6").exists() {
        return Err(missing(
            "IPv6 in the kernel",
            "load the module ipv6 or boot without ipv6.disable=1",
        ));
    }
    match datapath::probe().first() {
        Some(lack) => Err(missing(
            &format!("what this machine lacks: {lack}"),
            "use a kernel of 6.1 or newer with CONFIG_DEBUG_INFO_BTF and BPF; before 6.6, clsact too",
        )),
        None => Ok(()),
    }
}

fn missing(what: &str, hint: &str) -> LabError {
    LabError::Missing { what: what.to_owned(), hint: hint.to_owned() }
}
