//! From manifests to a world whose every pod has an address and a node.
//!
//! What changes a machine must not start from half an answer, so incomplete input ends here.

use lab::{HelperProgram, LabError, LabName, Settings};
use model::{AddressPlan, Rules, World};

use crate::input;
use crate::lab::arguments::Making;

/// The world and its rules; nothing where an object was not understood, for a lab of half the
/// manifests would prove nothing (ruling E4). Why is printed already.
pub(crate) fn load(making: &Making) -> Option<(World, Rules)> {
    let Making { input, replicas_max, .. } = making;
    let read = input::load_replicas(input.all_paths(), &input.reading, *replicas_max).ok()?.told();
    if !read.is_complete {
        eprintln!("error: the manifests are incomplete, and a lab is not made of half of them");
        return None;
    }
    let mut parts = read.parts;
    let assigned = parts.assign(AddressPlan { nodes: making.nodes });
    let assigned = assigned.map_err(|error| eprintln!("error: {error}"));
    assigned.ok()?;
    let world = World::new(parts).map_err(|error| eprintln!("error: {error}"));
    Some((world.ok()?, read.rules))
}

/// What the lab is called and made with.
///
/// # Errors
/// Where the name is no lab's.
pub(crate) fn settings(making: &Making) -> Result<Settings, LabError> {
    let name = LabName::new(&making.name)?;
    let host = making.host.settings();
    Ok(Settings { name, helper: HelperProgram::own()?, outside: making.outside.clone(), host })
}
