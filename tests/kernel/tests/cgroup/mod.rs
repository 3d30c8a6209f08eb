//! A cgroup for tests: what the kernel knows a container by.
//!
//! It holds the whole process, so a test file that uses it has no other test that minds.

#![allow(clippy::unwrap_used, reason = "a failed test may say so in any way")]

use std::path::{Path, PathBuf};

/// A cgroup that holds this process until it is dropped.
pub(crate) struct Cgroup {
    pub(crate) path: PathBuf,
    before: PathBuf,
}

impl Cgroup {
    pub(crate) fn enter(name: &str) -> Self {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let root = mounts.lines().find(|line| line.starts_with("cgroup2 ")).unwrap();
        let root = Path::new(root.split(' ').nth(1).unwrap());
        let own = std::fs::read_to_string("/proc/self/cgroup").unwrap();
        let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap().to_owned();
        let path = root.join(format!("ringfence-test-{}-{name}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        let cgroup = Self { path, before: root.join(own) };
        join(&cgroup.path);
        cgroup
    }
}

fn join(cgroup: &Path) {
    std::fs::write(cgroup.join("cgroup.procs"), std::process::id().to_string()).unwrap();
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        join(&self.before);
        std::fs::remove_dir(&self.path).unwrap();
    }
}
