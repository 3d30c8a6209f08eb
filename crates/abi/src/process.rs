//! Processes: who made a socket, which executables there are, and which of them rules name.

/// Ids of subjects that no rule names; those of others are greater.
pub mod subject {
    /// Nobody knows the process.
    pub const UNKNOWN: u32 = 0;
    /// It is known, and no rule names it or its container.
    pub const OTHER: u32 = 1;
}

/// Value of `makers`, which the kernel keeps with each socket: the process that made the socket, or
/// last opened a connection with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Maker {
    /// The inode of its executable; 0 where it is not known.
    pub inode: u64,
    /// When it started, nanoseconds since boot.
    pub started_ns: u64,
    /// The device of `inode`: 12 bits of major number above 20 bits of minor.
    pub device: u32,
    /// Its process id, in the machine's own namespace.
    pub process: u32,
}

/// Key of `executables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ExecutableKey {
    /// Its inode.
    pub inode: u64,
    /// See [`Maker::device`].
    pub device: u32,
    /// Zero.
    pub pad: u32,
}

/// Value of `executables`: as what it was last executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct ExecutableValue {
    /// Ended by a zero; cut off where it is longer.
    pub path: [u8; 256],
}

/// Key of `processes`, whose value is the id of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct ProcessKey {
    /// The cgroup id of its container.
    pub container: u64,
    /// The inode of its executable; 0 for every one of the container that has no entry of its own.
    pub inode: u64,
    /// See [`Maker::device`].
    pub device: u32,
    /// Zero.
    pub pad: u32,
}

/// Key of `subjects`, whose value is an index of `endpoints`: the words of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct SubjectKey {
    /// The endpoint of the pod.
    pub endpoint: u32,
    /// See [`subject`].
    pub subject: u32,
}

const _: () = assert!(size_of::<Maker>() == 24 && size_of::<ProcessKey>() == 24);
