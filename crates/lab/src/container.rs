//! Which container a cgroup is, and which file an executable is in it.
//!
//! The kernel knows senders by the number of their cgroup, which is its inode's, and by the inode of
//! their executable. Each container has a cgroup below its pod's, and that below its node's.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use abi::Event;

use crate::file;

/// A container of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    /// Its pod, `NAMESPACE/NAME`.
    pub(crate) pod: String,
    pub(crate) name: String,
    cgroup: PathBuf,
}

impl Container {
    /// The inode and device of the file that its processes know by `path`, as far as one runs.
    pub(crate) fn file(&self, path: &str) -> Option<(u64, u32)> {
        let processes = fs::read_to_string(self.cgroup.join("cgroup.procs")).ok()?;
        file::identity(processes.lines().next()?.parse().ok()?, path)
    }
}

/// The containers of a node, found when somebody asks.
#[derive(Debug)]
pub(crate) struct Containers {
    group: PathBuf,
    found: BTreeMap<u64, Container>,
}

impl Containers {
    /// Those below the node's cgroup.
    pub(crate) fn below(group: &Path) -> Self {
        Self { group: group.to_owned(), found: BTreeMap::new() }
    }

    /// Looks for the containers of `events` that are not known yet.
    pub(crate) fn know(&mut self, events: &[Event]) {
        let is_new = |id: u64| id != 0 && !self.found.contains_key(&id);
        if events.iter().any(|event| is_new(event.container)) {
            self.look();
        }
    }

    /// Looks who is there.
    pub(crate) fn look(&mut self) {
        self.found = found(&self.group);
    }

    /// Everybody who was there at the last look, by the number of their cgroup.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Container)> {
        self.found.iter().map(|(id, container)| (*id, container))
    }

    /// The name of the container whose cgroup has this number.
    pub(crate) fn name(&self, id: u64) -> Option<String> {
        self.found.get(&id).map(|container| container.name.clone())
    }
}

/// A cgroup that goes while it is looked at is none.
fn found(group: &Path) -> BTreeMap<u64, Container> {
    let below = |group: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(group).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    let containers = below(group).into_iter().flat_map(|pod| below(&pod));
    containers
        .filter_map(|cgroup| {
            let id = fs::metadata(&cgroup).ok()?.ino();
            let pod = name(cgroup.parent()?)?.replacen('.', "/", 1);
            Some((id, Container { pod, name: name(&cgroup)?, cgroup }))
        })
        .collect()
}
