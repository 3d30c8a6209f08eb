//! The cgroups of a lab's containers: who sent a packet, and whom to end.
//!
//! Every container has a cgroup of its own under `ringfence/<lab>/<pod>/<container>`, so that the
//! kernel can tell containers apart and one write ends everything that a lab started.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::LabName;

/// The root of the cgroup2 hierarchy.
///
/// # Errors
/// Where none is mounted.
pub(crate) fn root() -> io::Result<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts")?;
    mounted_at(&mounts)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no cgroup2 hierarchy is mounted"))
}

fn mounted_at(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind) = (fields.next()?, fields.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(at))
    })
}

/// The cgroup of everything that a lab runs.
///
/// # Errors
/// Where no cgroup2 hierarchy is mounted.
pub(crate) fn of_lab(lab: &LabName) -> io::Result<PathBuf> {
    Ok(root()?.join("ringfence").join(lab.as_str()))
}

/// Ends every process below `group` and removes it; absent is fine.
///
/// # Errors
/// Where processes remain or the kernel refuses.
pub(crate) fn remove(group: &Path) -> io::Result<()> {
    if !group.exists() {
        return Ok(());
    }
    fs::write(group.join("cgroup.kill"), "1")?;
    remove_tree(group)
}

fn remove_tree(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    remove_empty(group)
}

/// A killed process leaves its cgroup a little later than the kill; the kernel says when by
/// writing `populated 0` to `cgroup.events`.
fn remove_empty(group: &Path) -> io::Result<()> {
    use nix::poll::{PollFd, PollFlags, poll};
    use std::io::{Read, Seek};
    use std::os::fd::AsFd;

    let mut events = fs::File::open(group.join("cgroup.events"))?;
    for _ in 0..50 {
        let mut text = String::new();
        events.rewind()?;
        events.read_to_string(&mut text)?;
        if text.lines().any(|line| line == "populated 0") {
            return fs::remove_dir(group);
        }
        let mut wait = [PollFd::new(events.as_fd(), PollFlags::POLLPRI)];
        match poll(&mut wait, 100_u16) {
            // A signal, say of a child that has just ended, is a reason to look again.
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    fs::remove_dir(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_is_found_wherever_it_is_mounted() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n\
                      cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(mounted_at(mounts), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mounted_at("tmpfs /run tmpfs rw 0 0\n"), None);
    }
}
