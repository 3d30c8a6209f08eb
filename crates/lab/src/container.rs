//! Which container a cgroup is: the kernel knows senders by the number of their cgroup.
//!
//! A cgroup's number is its inode's. Each container has a cgroup below its pod's, and that below its
//! node's.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use abi::Event;

/// The containers of a node, found when somebody asks.
#[derive(Debug)]
pub(crate) struct Containers {
    group: PathBuf,
    names: BTreeMap<u64, String>,
}

impl Containers {
    /// Those below the node's cgroup.
    pub(crate) fn below(group: &Path) -> Self {
        Self { group: group.to_owned(), names: BTreeMap::new() }
    }

    /// Looks for the containers of `events` that are not known yet.
    pub(crate) fn know(&mut self, events: &[Event]) {
        let is_new = |id: u64| id != 0 && !self.names.contains_key(&id);
        if events.iter().any(|event| is_new(event.container)) {
            self.names = found(&self.group);
        }
    }

    /// The name of the container whose cgroup has this number.
    pub(crate) fn name(&self, id: u64) -> Option<String> {
        self.names.get(&id).cloned()
    }
}

/// A cgroup that goes while it is looked at is none.
fn found(group: &Path) -> BTreeMap<u64, String> {
    let below = |group: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(group).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    let containers = below(group).into_iter().flat_map(|pod| below(&pod));
    containers
        .filter_map(|path| {
            let id = fs::metadata(&path).ok()?.ino();
            Some((id, path.file_name()?.to_string_lossy().into_owned()))
        })
        .collect()
}
