//! Compiles rules and a world into the verdict table, and is the executable model of the programs.
//!
//! One node's table answers every flow that its endpoints take part in with at most four exact
//! look-ups: peer class, port column, row, cell. Start at [`compile`] and [`Image::lookup`].
//!
//! **Invariant:** `compile` never sees `policy`: their agreement on every flow is the proof of both.
//! **Invariant:** no IO, no clock, no randomness; equal inputs give equal images, down to every id.

mod atom;
mod axes;
mod canvas;
mod capacity;
mod class;
mod column;
mod decide;
mod draft;
mod endpoint;
mod image;
mod lookup;
mod name;
mod paint;
mod process;
mod region;
mod row;
mod service;
mod set;
mod slot;
mod subject_index;
mod tables;

use std::collections::BTreeMap;

use model::{NodeId, PodId, Reason, Rules, World};

pub use capacity::{Capacities, Counts, Shortage};
pub use decide::Untranslated;
pub use draft::Draft;
pub use endpoint::EndpointSets;
pub use image::Image;
pub use lookup::Answer;
pub use name::Names;
pub use paint::{Because, Said};
pub use process::Subjects;
pub use set::PolicySet;
pub use slot::{Scope, Slots};
pub use tables::{
    AddressRange, Answers, Assigned, Complete, Condition, Contrast, Found, Member, PeerRows,
    Region, Roster, SetId, Space, Span, Table, Tables, Who, Witness, Workbench, assigned, number,
    partition, port_parts, set_for, tables,
};

/// A table and what its numbers mean.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The content of the kernel's maps.
    pub image: Image,
    /// What each rule id means.
    pub names: Names,
    /// The slot of each endpoint.
    pub slots: BTreeMap<PodId, u32>,
    /// The slot of each node that rules speak for, staged ones too.
    pub hosts: BTreeMap<NodeId, u32>,
    /// The processes that rules name.
    pub subjects: Subjects,
    /// Why nothing is staged in this table although policies are: with it a map would overflow.
    pub unstaged: Option<CompileError>,
}

/// Why a table cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A map of the kernel would overflow; nothing is programmed.
    #[error(transparent)]
    Capacity(#[from] Shortage),
}

/// Compiles the table of the endpoints in `slots`, for tables of the usual capacities.
///
/// # Errors
/// As [`compile_within`].
pub fn compile(world: &World, rules: &Rules, slots: &Slots) -> Result<Compiled, CompileError> {
    compile_within(world, rules, slots, &Capacities::default())
}

/// As [`compile`], for tables of these capacities. What is staged is left out where there is no room for
/// it, because it must not keep what is enforced from being programmed (ruling N37).
///
/// # Errors
/// Where a map would overflow. Capacity is counted before anything is committed.
pub fn compile_within(
    world: &World,
    rules: &Rules,
    slots: &Slots,
    capacities: &Capacities,
) -> Result<Compiled, CompileError> {
    match Draft::new(world, rules, slots).compile(capacities) {
        Err(error) if rules.has_staged() => {
            let enforced = Draft::new(world, &rules.without_staged(), slots).compile(capacities)?;
            Ok(Compiled { unstaged: Some(error), ..enforced })
        }
        compiled => compiled,
    }
}

impl Compiled {
    /// What a rule id means, or nothing for an id that this table does not use.
    #[must_use]
    pub fn reason(&self, rule: u32) -> Option<&Reason> {
        self.names.reason(rule)
    }
}
