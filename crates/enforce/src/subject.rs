//! Tells the kernel which processes of a node's containers rules name.
//!
//! Containers and their files come and go without a word, so this is said again and again.

use std::collections::BTreeMap;

use compile::{Slots, Subjects};
use datapath::{Instance, TableError};
use model::World;

use crate::container::Containers;

/// Whose processes they are.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) world: &'a World,
    pub(crate) slots: &'a Slots,
}

/// Says it of everybody who is there now.
pub(crate) fn tell(
    instance: &Instance,
    subjects: &Subjects,
    containers: &mut Containers,
    Whose { world, slots }: Whose<'_>,
) -> Result<(), TableError> {
    containers.look();
    let mut processes = BTreeMap::new();
    for (id, container) in containers.iter() {
        let named = container.pod.split_once('/');
        let pod = named.and_then(|(namespace, name)| world.find_pod(namespace, name));
        let Some(slot) = pod.and_then(|pod| slots.get(world.pod(pod))) else { continue };
        let file = |path: &str| container.file(path);
        processes.extend(subjects.processes(slot, &container.name, id, file));
    }
    instance.set_processes(&processes)
}
