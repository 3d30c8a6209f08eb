//! Tells the kernel which processes of a node's containers rules name.
//!
//! Containers and their files come and go without a word, so this is said again and again.

use std::collections::BTreeMap;

use compile::Compiled;
use datapath::{Instance, TableError};
use model::World;

use crate::container::Containers;

/// Says it of everybody who is there now.
pub(crate) fn tell(
    instance: &Instance,
    compiled: &Compiled,
    containers: &mut Containers,
    world: &World,
) -> Result<(), TableError> {
    containers.look();
    let mut processes = BTreeMap::new();
    for (id, container) in containers.iter() {
        let named = container.pod.split_once('/');
        let pod = named.and_then(|(namespace, name)| world.find_pod(namespace, name));
        let Some(pod) = pod else { continue };
        let file = |path: &str| container.file(path);
        processes.extend(compiled.subjects.processes(pod, &container.name, id, file));
    }
    instance.set_processes(&processes)
}
