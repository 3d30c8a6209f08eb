//! What this machine lacks, in words for people.
//!
//! Found out before anything is made, so that a refusal leaves nothing behind.

use std::{fmt, path::Path};

/// Something without which no instance can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Not root.
    Root,
    /// No type information of the kernel.
    TypeInformation,
    /// Older than what is tested.
    Kernel,
    /// No BPF file system.
    Bpffs,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "loading BPF programs needs root",
            Self::TypeInformation => {
                "the kernel has no /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)"
            }
            Self::Kernel => "the kernel is older than 6.1, the oldest that is tested",
            Self::Bpffs => "there is no /sys/fs/bpf to mount the BPF file system on",
        })
    }
}

/// Everything that is missing; empty where an instance can be opened.
#[must_use]
pub fn probe() -> Vec<Missing> {
    [
        (crate::sys::is_root(), Missing::Root),
        (Path::new("/sys/kernel/btf/vmlinux").exists(), Missing::TypeInformation),
        (kernel_version().is_some_and(|version| version >= OLDEST), Missing::Kernel),
        (Path::new("/sys/fs/bpf").is_dir(), Missing::Bpffs),
    ]
    .into_iter()
    .filter(|(present, _)| !present)
    .map(|(_, missing)| missing)
    .collect()
}

/// The oldest kernel on which everything is tested.
const OLDEST: (u32, u32) = (6, 1);

fn kernel_version() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
