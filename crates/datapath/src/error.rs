//! What can go wrong, one enum per operation.
//!
//! Each names the step that failed, so that a message says what was tried.

use std::{io, path::PathBuf};

use plan::Op;
use thiserror::Error;

use crate::FilterError;

/// A file of the BPF file system could not be made, read or removed.
#[derive(Debug, Error)]
#[error("cannot {action} {}", path.display())]
pub struct FileError {
    /// What was tried.
    pub action: &'static str,
    /// With which file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// A map could not be read or written.
#[derive(Debug, Error)]
#[error("cannot {action} the map `{map}`")]
pub struct TableError {
    /// What was tried.
    pub action: &'static str,
    /// With which map.
    pub map: &'static str,
    /// Why not.
    pub source: io::Error,
}

/// An instance could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A pin.
    #[error(transparent)]
    File(#[from] FileError),
    /// The maps could not be made, or those that are pinned have another shape.
    #[error("cannot create or re-open the maps")]
    Maps(#[source] Box<aya::EbpfError>),
    /// A program was refused; the verifier's log is part of the cause.
    #[error("the kernel refuses the program `{program}`")]
    Program {
        /// Which.
        program: &'static str,
        /// The cause.
        source: Box<aya::programs::ProgramError>,
    },
    /// A program could not be pinned.
    #[error("cannot pin the program `{program}`")]
    Pin {
        /// Which.
        program: &'static str,
        /// The cause.
        source: Box<aya::pin::PinError>,
    },
    /// The object lacks something that its own build must contain.
    #[error("the object has no `{name}`")]
    Absent {
        /// What.
        name: &'static str,
    },
    /// A pinned map has another capacity than the configuration.
    #[error("the pinned map `{map}` holds {found} entries where {wanted} are configured")]
    Capacity {
        /// Which.
        map: &'static str,
        /// As pinned.
        found: u32,
        /// As configured.
        wanted: u32,
    },
    /// The instance is attached by other means, which the configuration does not permit to change.
    #[error("its programs are attached by {found}, and {wanted} is configured")]
    Hooks {
        /// By what.
        found: &'static str,
        /// As configured.
        wanted: &'static str,
    },
    /// A growth of the tables was cut off, and cannot be undone.
    #[error("hooks cannot be led back from larger tables")]
    Growth(#[source] Box<GrowError>),
    /// A map.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// The maps could not be read back.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A pin.
    #[error(transparent)]
    File(#[from] FileError),
    /// A map.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The number of processors is not known.
    #[error("cannot read the number of processors")]
    Processors(#[source] io::Error),
}

/// A write of a plan failed; those before it were made, those after it were not.
#[derive(Debug, Error)]
#[error("cannot perform write {index} of the plan, {op:?}")]
pub struct PerformError {
    /// Its place in the plan.
    pub index: usize,
    /// The write.
    pub op: Box<Op>,
    /// The cause.
    pub source: TableError,
}

/// Tables could not be made larger.
#[derive(Debug, Error)]
pub enum GrowError {
    /// A pin.
    #[error(transparent)]
    File(#[from] FileError),
    /// The larger tables, or the programs for them.
    #[error("the larger tables cannot be made")]
    Open(#[from] OpenError),
    /// A hook could not be led to the programs that use them.
    #[error("a hook cannot be led to the larger tables")]
    Attach(#[from] AttachError),
    /// An entry could not be copied.
    #[error("the larger tables cannot be filled")]
    Table(#[from] TableError),
    /// The node's own hooks would go on with tables that nobody writes any more.
    #[error("the kernel refuses the node's own programs for the larger tables")]
    NoHost,
    /// The kernel cannot say when the programs of before have ended.
    #[error("programs that are running cannot be waited for")]
    Await(#[source] io::Error),
    /// This map does not grow.
    #[error("the map `{map}` cannot grow")]
    Fixed {
        /// Which.
        map: &'static str,
    },
}

/// An interface could not be attached or detached.
#[derive(Debug, Error)]
pub enum AttachError {
    /// A pin.
    #[error(transparent)]
    File(#[from] FileError),
    /// The kernel refused the link.
    #[error("cannot attach to interface {interface}")]
    Link {
        /// Its index.
        interface: u32,
        /// The cause.
        source: Box<aya::programs::ProgramError>,
    },
    /// A filter could not be read, put or removed.
    #[error("cannot see to the filters of interface {interface}")]
    Filter {
        /// Its index.
        interface: u32,
        /// The cause.
        source: FilterError,
    },
    /// A link could not be pinned.
    #[error("cannot pin the link to interface {interface}")]
    Pin {
        /// Its index.
        interface: u32,
        /// The cause.
        source: Box<aya::pin::PinError>,
    },
    /// The programs of a hook could not be listed.
    #[error("cannot read who is attached to interface {interface}")]
    Query {
        /// Its index.
        interface: u32,
        /// The cause.
        source: Box<aya::programs::ProgramError>,
    },
    /// The program that takes over while a link changes its place could not be loaded.
    #[error("cannot load a copy of the program for interface {interface}")]
    Copy {
        /// Its index.
        interface: u32,
        /// The cause.
        source: Box<OpenError>,
    },
    /// The kernel refused a link to a cgroup.
    #[error("cannot attach `{program}` to the cgroup")]
    Cgroup {
        /// Which program.
        program: &'static str,
        /// The cause.
        source: Box<aya::programs::ProgramError>,
    },
    /// A link to a cgroup could not be pinned.
    #[error("cannot pin the link of `{program}`")]
    PinCgroup {
        /// Which program.
        program: &'static str,
        /// The cause.
        source: Box<aya::pin::PinError>,
    },
    /// A pinned link could not be read.
    #[error("cannot read the link {}", path.display())]
    Inspect {
        /// Its pin.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A map.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Events could not be read.
#[derive(Debug, Error)]
pub enum EventsError {
    /// The ring could not be opened.
    #[error("cannot open the ring of events")]
    Open(#[source] Box<aya::maps::MapError>),
    /// A record has another size than an event.
    #[error("an event of {found} octets where {wanted} are expected")]
    Size {
        /// As found.
        found: usize,
        /// An event's.
        wanted: usize,
    },
}

/// An instance could not be removed.
#[derive(Debug, Error)]
pub enum RemoveError {
    /// A pin.
    #[error(transparent)]
    File(#[from] FileError),
    /// A filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
}

/// A test run could not be made.
#[derive(Debug, Error)]
#[error("the kernel refuses the test run")]
pub struct RunError(#[source] pub Box<aya::programs::ProgramError>);
