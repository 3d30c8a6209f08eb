//! Which container a cgroup is, and which file an executable is in it.
//!
//! The kernel knows senders by the number of their cgroup, which is its inode's, and by the inode of
//! their executable. Where cgroups are and what they are called is a matter of whoever makes them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use abi::Event;

use crate::file;

/// A container of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its pod, `NAMESPACE/NAME`.
    pub pod: String,
    /// Its name in the pod.
    pub name: String,
    /// Of its processes.
    pub cgroup: PathBuf,
}

impl Container {
    /// The number by which the kernel knows its processes; nothing where its cgroup is gone.
    fn number(&self) -> Option<u64> {
        Some(fs::metadata(&self.cgroup).ok()?.ino())
    }

    /// The inode and device of the file that its processes know by `path`, as far as one runs.
    pub(crate) fn file(&self, path: &str) -> Option<(u64, u32)> {
        let processes = fs::read_to_string(self.cgroup.join("cgroup.procs")).ok()?;
        file::identity(processes.lines().next()?.parse().ok()?, path)
    }
}

/// Finds the containers that there are now.
pub trait FindContainers: fmt::Debug + Send {
    /// All of them; one that goes meanwhile is none.
    fn find(&self) -> Vec<Container>;
}

/// The containers of a node, found when somebody asks.
#[derive(Debug)]
pub struct Containers {
    finder: Box<dyn FindContainers>,
    found: BTreeMap<u64, Container>,
}

impl Containers {
    /// Those that `finder` finds; nobody before somebody looks.
    #[must_use]
    pub fn new(finder: Box<dyn FindContainers>) -> Self {
        Self { finder, found: BTreeMap::new() }
    }

    /// Looks for the containers of `events` that are not known yet.
    pub fn know(&mut self, events: &[Event]) {
        let is_new = |id: u64| id != 0 && !self.found.contains_key(&id);
        if events.iter().any(|event| is_new(event.container)) {
            self.look();
        }
    }

    /// Looks who is there.
    pub fn look(&mut self) {
        let found = self.finder.find().into_iter();
        self.found = found.filter_map(|one| Some((one.number()?, one))).collect();
    }

    /// Everybody who was there at the last look, by the number of their cgroup.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Container)> {
        self.found.iter().map(|(id, container)| (*id, container))
    }

    /// The name of the container whose cgroup has this number.
    #[must_use]
    pub fn name(&self, id: u64) -> Option<String> {
        self.found.get(&id).map(|container| container.name.clone())
    }
}
