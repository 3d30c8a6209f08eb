//! The containers of a cluster's node, found by their cgroups.
//!
//! Runtimes name a container's cgroup after its id, in one way or another, and the pod's status says which
//! container has that id.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use enforce::{Container, FindContainers};
use serde_json::Value;

/// How far below the root of pods a container's cgroup is: class, pod, container.
const DEPTH: usize = 4;

/// Pod and container by the container's id.
type Names = BTreeMap<String, (String, String)>;

/// The containers of this node's pods, by their ids, as far as their status says them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerNames(Arc<Mutex<Names>>);

impl ContainerNames {
    /// Learns them anew.
    pub(crate) fn learn<'a>(&self, pods: impl Iterator<Item = (String, &'a str)>) {
        let all = pods.flat_map(|(pod, text)| of_pod(&pod, text)).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all;
    }

    fn get(&self, id: &str) -> Option<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

fn of_pod(pod: &str, text: &str) -> Vec<(String, (String, String))> {
    let object: Value = serde_json::from_str(text).unwrap_or_default();
    let lists = ["containerStatuses", "initContainerStatuses"].into_iter().filter_map(|list| {
        object.get("status").and_then(|status| status.get(list)).and_then(Value::as_array)
    });
    let named = lists.flatten().filter_map(|status| {
        // With the runtime's name before it, as in `containerd://`.
        let (_, id) = status.get("containerID")?.as_str()?.split_once("://")?;
        let name = status.get("name")?.as_str()?;
        Some((id.to_owned(), (pod.to_owned(), name.to_owned())))
    });
    named.collect()
}

/// The cgroups of pods below a node's.
#[derive(Debug)]
pub(crate) struct Kubepods {
    /// The node's cgroup.
    pub(crate) root: PathBuf,
    /// What their containers are called.
    pub(crate) names: ContainerNames,
}

impl FindContainers for Kubepods {
    fn find(&self) -> Vec<Container> {
        let mut found = Vec::new();
        for top in below(&self.root).filter(|path| is_of_pods(path)) {
            self.walk(&top, DEPTH, &mut found);
        }
        found
    }
}

impl Kubepods {
    fn walk(&self, group: &Path, depth: usize, found: &mut Vec<Container>) {
        for path in below(group) {
            match container_id(&path).and_then(|id| self.names.get(id)) {
                Some((pod, name)) => found.push(Container { pod, name, cgroup: path }),
                None if depth > 1 => self.walk(&path, depth - 1, found),
                None => {}
            }
        }
    }
}

/// The kubelet's own folder, by either of its drivers.
fn is_of_pods(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name == "kubepods" || name == "kubepods.slice")
}

/// A cgroup that goes while it is looked at is none.
fn below(group: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir())
}

/// `ID`, or `RUNTIME-ID.scope` where systemd keeps it.
fn container_id(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    match name.strip_suffix(".scope") {
        Some(scope) => scope.rsplit_once('-').map(|(_, id)| id),
        None => Some(name),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    #[test]
    fn containers_are_found_by_their_ids_under_either_driver_and_strangers_are_not() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| fs::create_dir_all(root.path().join(path)).unwrap();
        make("kubepods/burstable/podu1/aaa");
        make("kubepods/podu2/bbb");
        make("kubepods.slice/kubepods-pod3.slice/cri-containerd-ccc.scope");
        make("kubepods/podu2/stranger");
        make("system.slice/ddd");
        let names = ContainerNames::default();
        let status = |name: &str, id: &str| {
            format!(
                r#"{{"status":{{"containerStatuses":[{{"name":"{name}","containerID":"containerd://{id}"}}]}}}}"#
            )
        };
        let texts = [("s/one", "aaa"), ("s/two", "bbb"), ("s/three", "ccc"), ("s/four", "ddd")];
        let texts = texts.map(|(pod, id)| (pod.to_owned(), status("main", id)));
        names.learn(texts.iter().map(|(pod, text)| (pod.clone(), text.as_str())));
        let mut found = Kubepods { root: root.path().to_owned(), names }.find();
        found.sort_by(|one, other| one.pod.cmp(&other.pod));
        let pods: Vec<&str> = found.iter().map(|container| container.pod.as_str()).collect();
        assert_eq!(pods, ["s/one", "s/three", "s/two"]);
    }
}
