//! The containers of a lab's node, found by their cgroups.
//!
//! Each has a cgroup of its name below its pod's, and that is below its node's.

use std::fs;
use std::path::{Path, PathBuf};

use enforce::{Container, FindContainers};

/// The cgroup of a node.
#[derive(Debug)]
pub(crate) struct NodeCgroup(pub(crate) PathBuf);

impl FindContainers for NodeCgroup {
    /// A cgroup that goes while it is looked at is none.
    fn find(&self) -> Vec<Container> {
        let containers = below(&self.0).into_iter().flat_map(|pod| below(&pod));
        containers.filter_map(container).collect()
    }
}

fn below(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn container(cgroup: PathBuf) -> Option<Container> {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    let pod = name(cgroup.parent()?)?.replacen('.', "/", 1);
    Some(Container { pod, name: name(&cgroup)?, cgroup })
}
