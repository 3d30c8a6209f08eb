//! Which file a path is in a process's own view: as the kernel's programs know it, by inode and device.
//!
//! What `stat` says is not that. The layers of an overlay, and subvolumes, show devices that no file
//! system has in the kernel; and a link must lead where the process would follow it, not where we would.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

/// The inode and device of the file that `process` knows by `path`, while both are there.
pub(crate) fn identity(process: u32, path: &str) -> Option<(u64, u32)> {
    let file = open(process, path)?;
    let facts = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).ok()?;
    let fact = |name: &str| facts.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).ok()?;
    Some((fact("ino:")?.parse().ok()?, device(&mounts, fact("mnt_id:")?)?))
}

/// Opens nothing but the name; the root of the process is where links end.
fn open(process: u32, path: &str) -> Option<OwnedFd> {
    let root = File::open(format!("/proc/{process}/root")).ok()?;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT);
    openat2(root, path, how).ok()
}

/// The kernel's number for the device of a mount.
fn device(mounts: &str, mount: &str) -> Option<u32> {
    let mut mounts = mounts.lines().map(|line| line.split(' '));
    let number = mounts.find_map(|mut words| (words.next()? == mount).then(|| words.nth(1))?)?;
    let (major, minor) = number.split_once(':')?;
    Some(major.parse::<u32>().ok()? << 20 | minor.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_has_the_kernels_device() {
        let mounts = "36 35 98:5 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n\
                      37 35 0:44 / /merged rw - overlay overlay rw\n";
        assert_eq!(device(mounts, "36"), Some(98 << 20 | 5));
        assert_eq!(device(mounts, "37"), Some(44));
        assert_eq!(device(mounts, "35"), None);
    }

    #[test]
    fn the_own_executable_is_found_and_no_other_name_is() {
        let path = std::env::current_exe().unwrap_or_default();
        let own = identity(std::process::id(), &path.to_string_lossy());
        assert!(own.is_some());
        assert_eq!(identity(std::process::id(), &format!("{}-no", path.display())), None);
    }
}
