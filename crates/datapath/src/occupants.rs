//! Who stands on the hooks of an interface, asked without an instance: before there is one.

use aya::programs::SchedClassifier;

use crate::clsact::listed;
use crate::{AttachError, Direction, Hooks, Occupant};

/// How the names of our programs begin.
const OURS: &str = "ringfence_";

/// Everybody on both hooks of an interface, by links and by filters, in the calling thread's network
/// namespace. Ours are known by their names alone.
///
/// # Errors
/// Where the hooks cannot be read.
pub fn occupants(interface: u32) -> Result<Vec<(Direction, Occupant)>, AttachError> {
    let mut found = Vec::new();
    for direction in Direction::BOTH {
        if Hooks::of_this_kernel() == Hooks::Tcx {
            let query = |source| AttachError::Query { interface, source: Box::new(source) };
            let (_, programs) =
                SchedClassifier::query_tcx(interface, direction.hook()).map_err(query)?;
            found.extend(programs.iter().map(|program| {
                let name = String::from_utf8_lossy(program.name()).into_owned();
                (direction, occupant(program.id(), name))
            }));
        }
        let filters = listed(interface, direction)?;
        found.extend(filters.into_iter().map(|(id, name)| (direction, occupant(id, name))));
    }
    Ok(found)
}

fn occupant(id: u32, name: String) -> Occupant {
    let is_ours = name.starts_with(OURS);
    Occupant { id, name, is_ours }
}
