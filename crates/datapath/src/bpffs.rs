//! The BPF file system, where maps, programs and links outlive the process.
//!
//! What is pinned there keeps enforcing when the process that made it is gone.

use std::{ffi::CStr, io, path::Path};

use thiserror::Error;

/// The BPF file system is not there and could not be mounted.
#[derive(Debug, Error)]
#[error("cannot mount the BPF file system at {}", path.display())]
pub struct BpffsError {
    /// Where.
    pub path: std::path::PathBuf,
    /// Why not.
    pub source: io::Error,
}

const PATH: &CStr = c"/sys/fs/bpf";

/// Mounts the BPF file system at `/sys/fs/bpf` unless it is mounted.
///
/// # Errors
/// Where it is not mounted and the kernel refuses.
pub fn ensure_bpffs() -> Result<(), BpffsError> {
    let failed = |source| BpffsError { path: "/sys/fs/bpf".into(), source };
    if is_bpffs(Path::new("/sys/fs/bpf")).map_err(failed)? {
        return Ok(());
    }
    crate::sys::mount_bpffs(PATH).map_err(failed)
}

/// Whether it is mounted there.
///
/// # Errors
/// Where that cannot be read.
pub fn has_bpffs() -> io::Result<bool> {
    is_bpffs(Path::new("/sys/fs/bpf"))
}

fn is_bpffs(path: &Path) -> io::Result<bool> {
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let found = mounts.lines().any(|line| {
        let mut words = line.split(' ').skip(1);
        words.next().map(Path::new) == Some(path) && words.next() == Some("bpf")
    });
    Ok(found)
}
