//! The few system calls that have no safe wrapper: map access by key and in batches, links' data
//! and pins, and the cookie of a network namespace.
//!
//! Each function takes slices whose sizes it checks against the map's, so that the kernel cannot be
//! made to read or write past them.

use std::{
    ffi::CString,
    io,
    mem::size_of,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use crate::plain::Plain;

const MAP_CREATE: u32 = 0;
const MAP_LOOKUP: u32 = 1;
const MAP_UPDATE: u32 = 2;
const MAP_DELETE: u32 = 3;
const OBJECT_PIN: u32 = 6;
const OBJECT_GET: u32 = 7;
const INFO_BY_FD: u32 = 15;
const PROGRAM_QUERY: u32 = 16;
const MAP_LOOKUP_AND_DELETE: u32 = 21;
const MAP_LOOKUP_BATCH: u32 = 24;
const MAP_UPDATE_BATCH: u32 = 26;
const LINK_UPDATE: u32 = 29;
const LINK_DETACH: u32 = 34;
/// The kernel may answer with more than is known here; it never reads more than it is given.
const ATTRIBUTES: usize = 16;

/// `union bpf_attr` as words; commands lay their fields over it.
type Attributes = [u64; ATTRIBUTES];

fn bpf(command: u32, attributes: &mut Attributes) -> io::Result<i32> {
    // SAFETY: the attributes outlive the call and the size given is theirs. Pointers in them are
    // made by the callers below from slices and places that outlive the call too.
    let result = unsafe {
        libc::syscall(libc::SYS_bpf, command, attributes.as_mut_ptr(), size_of::<Attributes>())
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
}

fn file(fd: BorrowedFd<'_>) -> u64 {
    u64::from(fd.as_raw_fd() as u32)
}

fn element(map: BorrowedFd<'_>, key: *const u8, value: *mut u8) -> Attributes {
    let mut attributes = [0; ATTRIBUTES];
    attributes[..3].copy_from_slice(&[file(map), key as u64, value as u64]);
    attributes
}

/// The value of `key`. `V` must be the map's value type.
pub(crate) fn lookup<K: Plain, V: Plain>(map: BorrowedFd<'_>, key: &K) -> io::Result<Option<V>> {
    read_element(MAP_LOOKUP, map, key)
}

/// The value of `key`, which is removed in the same step.
pub(crate) fn take<K: Plain, V: Plain>(map: BorrowedFd<'_>, key: &K) -> io::Result<Option<V>> {
    read_element(MAP_LOOKUP_AND_DELETE, map, key)
}

fn read_element<K: Plain, V: Plain>(
    command: u32,
    map: BorrowedFd<'_>,
    key: &K,
) -> io::Result<Option<V>> {
    let mut value = V::ZERO;
    let mut attributes =
        element(map, std::ptr::from_ref(key).cast(), std::ptr::from_mut(&mut value).cast());
    present(bpf(command, &mut attributes)).map(|found| found.map(|_| value))
}

/// All processors' values of `key` in a per-processor map; `values` has one place for each.
pub(crate) fn lookup_each(map: BorrowedFd<'_>, key: u32, values: &mut [u64]) -> io::Result<()> {
    let mut attributes = element(map, std::ptr::from_ref(&key).cast(), values.as_mut_ptr().cast());
    bpf(MAP_LOOKUP, &mut attributes).map(drop)
}

/// As [`lookup_each`], writing.
pub(crate) fn update_each(map: BorrowedFd<'_>, key: u32, values: &[u64]) -> io::Result<()> {
    let value = values.as_ptr().cast_mut();
    let mut attributes = element(map, std::ptr::from_ref(&key).cast(), value.cast());
    bpf(MAP_UPDATE, &mut attributes).map(drop)
}

/// Writes one entry.
pub(crate) fn update<K: Plain, V: Plain>(
    map: BorrowedFd<'_>,
    key: &K,
    value: &V,
) -> io::Result<()> {
    let mut attributes =
        element(map, std::ptr::from_ref(key).cast(), std::ptr::from_ref(value).cast_mut().cast());
    bpf(MAP_UPDATE, &mut attributes).map(drop)
}

/// Writes one entry that is not there. Returns whether it was not.
pub(crate) fn add<K: Plain, V: Plain>(map: BorrowedFd<'_>, key: &K, value: &V) -> io::Result<bool> {
    const NO_EXIST: u64 = 1;
    let mut attributes =
        element(map, std::ptr::from_ref(key).cast(), std::ptr::from_ref(value).cast_mut().cast());
    attributes[3] = NO_EXIST;
    match bpf(MAP_UPDATE, &mut attributes) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes one entry that is there. Returns whether it was.
pub(crate) fn replace<K: Plain, V: Plain>(
    map: BorrowedFd<'_>,
    key: &K,
    value: &V,
) -> io::Result<bool> {
    const EXIST: u64 = 2;
    let mut attributes =
        element(map, std::ptr::from_ref(key).cast(), std::ptr::from_ref(value).cast_mut().cast());
    attributes[3] = EXIST;
    present(bpf(MAP_UPDATE, &mut attributes)).map(|written| written.is_some())
}

/// Waits until every program that runs at this moment has ended. The kernel promises this to whoever
/// changes a map of maps, so one is made for it.
pub(crate) fn await_programs() -> io::Result<()> {
    const ARRAY: u64 = 2;
    const ARRAY_OF_MAPS: u64 = 12;
    const WORD: u64 = size_of::<u32>() as u64;
    let map = |kind: u64, inner: u64| {
        let mut attributes = [0; ATTRIBUTES];
        attributes[..3].copy_from_slice(&[kind | WORD << 32, WORD | 1 << 32, inner << 32]);
        let fd = bpf(MAP_CREATE, &mut attributes)?;
        // SAFETY: the kernel has just made this descriptor for us.
        Ok::<_, io::Error>(unsafe { OwnedFd::from_raw_fd(fd) })
    };
    let inner = map(ARRAY, 0)?;
    let outer = map(ARRAY_OF_MAPS, file(inner.as_fd()))?;
    update(outer.as_fd(), &0_u32, &(inner.as_raw_fd() as u32))
}

/// Removes one entry. Returns whether it was there.
pub(crate) fn delete<K: Plain>(map: BorrowedFd<'_>, key: &K) -> io::Result<bool> {
    let mut attributes = element(map, std::ptr::from_ref(key).cast(), std::ptr::null_mut());
    present(bpf(MAP_DELETE, &mut attributes)).map(|found| found.is_some())
}

fn present(result: io::Result<i32>) -> io::Result<Option<i32>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A batch that failed.
pub(crate) struct BatchError {
    /// How many entries were written before.
    pub(crate) done: usize,
    /// Why no more.
    pub(crate) source: io::Error,
}

/// Writes all entries in order.
pub(crate) fn update_batch<K: Plain, V: Plain>(
    map: BorrowedFd<'_>,
    keys: &[K],
    values: &[V],
) -> Result<(), BatchError> {
    let count = keys.len().min(values.len());
    let mut attributes = [0; ATTRIBUTES];
    attributes[2] = keys.as_ptr() as u64;
    attributes[3] = values.as_ptr() as u64;
    attributes[4] = count as u64 | file(map) << 32;
    bpf(MAP_UPDATE_BATCH, &mut attributes)
        .map(drop)
        .map_err(|source| BatchError { done: (attributes[4] as u32 as usize).min(count), source })
}

/// Where a reading of a whole map stands. It is as large as the largest key.
pub(crate) struct Position {
    at: [u64; 8],
    started: bool,
}

impl Position {
    pub(crate) fn start() -> Self {
        Self { at: [0; 8], started: false }
    }
}

/// Reads the next entries into `keys` and `values`.
///
/// Returns how many, and whether there may be more.
pub(crate) fn lookup_batch<K: Plain, V: Plain>(
    map: BorrowedFd<'_>,
    position: &mut Position,
    keys: &mut [K],
    values: &mut [V],
) -> io::Result<(usize, bool)> {
    const { assert!(size_of::<K>() <= size_of::<[u64; 8]>()) };
    let room = keys.len().min(values.len());
    let mut next = [0_u64; 8];
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = if position.started { position.at.as_ptr() as u64 } else { 0 };
    attributes[1] = next.as_mut_ptr() as u64;
    attributes[2] = keys.as_mut_ptr() as u64;
    attributes[3] = values.as_mut_ptr() as u64;
    attributes[4] = room as u64 | file(map) << 32;
    let more = present(bpf(MAP_LOOKUP_BATCH, &mut attributes))?.is_some();
    *position = Position { at: next, started: true };
    Ok(((attributes[4] as u32 as usize).min(room), more))
}

/// Opens a pinned map, program or link.
pub(crate) fn open_pinned(path: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = path.as_ptr() as u64;
    let fd = bpf(OBJECT_GET, &mut attributes)?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Pins what `object` describes at `path`, where nothing may be.
pub(crate) fn pin(object: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = path.as_ptr() as u64;
    attributes[1] = file(object);
    bpf(OBJECT_PIN, &mut attributes).map(drop)
}

/// Puts another program in the place of a link's, without a moment between them.
pub(crate) fn update_link(link: BorrowedFd<'_>, program: BorrowedFd<'_>) -> io::Result<()> {
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = file(link) | file(program) << 32;
    bpf(LINK_UPDATE, &mut attributes).map(drop)
}

/// Takes a link off its hook, whoever else holds it.
pub(crate) fn detach_link(link: BorrowedFd<'_>) -> io::Result<()> {
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = file(link);
    bpf(LINK_DETACH, &mut attributes).map(drop)
}

/// What a link of tcx or of a cgroup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkData {
    /// Which kind of link.
    pub(crate) kind: u32,
    /// Its own number.
    pub(crate) id: u32,
    /// The program's id.
    pub(crate) program: u32,
    /// Of tcx: the interface, or 0 once it is gone.
    pub(crate) interface: u32,
    /// Of a cgroup: its number, or 0 once it is gone.
    pub(crate) cgroup: u64,
}

/// Reads a link.
pub(crate) fn link_data(link: BorrowedFd<'_>) -> io::Result<LinkData> {
    // `struct bpf_link_info`: type, id, program, then for tcx the interface and for cgroups the number.
    let mut info = [0_u32; 64];
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = file(link) | (size_of::<[u32; 64]>() as u64) << 32;
    attributes[1] = info.as_mut_ptr() as u64;
    bpf(INFO_BY_FD, &mut attributes)?;
    let cgroup = u64::from(info[4]) | u64::from(info[5]) << 32;
    Ok(LinkData { kind: info[0], id: info[1], program: info[2], interface: info[4], cgroup })
}

/// The programs that run at a hook of a cgroup, its own alone, in their order. `hook` is the kernel's
/// number of it.
pub(crate) fn programs_of_cgroup(cgroup: BorrowedFd<'_>, hook: u32) -> io::Result<Vec<u32>> {
    let mut programs = [0_u32; 64];
    let mut attributes = [0; ATTRIBUTES];
    attributes[0] = file(cgroup) | u64::from(hook) << 32;
    attributes[2] = programs.as_mut_ptr() as u64;
    attributes[3] = programs.len() as u64;
    bpf(PROGRAM_QUERY, &mut attributes)?;
    let count = attributes[3] as u32 as usize;
    Ok(programs.into_iter().take(count).collect())
}

/// The cookie of the calling thread's network namespace.
///
/// # Errors
/// Where no socket can be made or the kernel is older than 5.14.
pub fn netns_cookie() -> io::Result<u64> {
    /// `SO_NETNS_COOKIE` of asm-generic.
    const NETNS_COOKIE: i32 = 71;
    // SAFETY: no pointers are passed; the result is checked.
    let fd = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is ours alone.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut cookie = 0_u64;
    let mut size = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the place and its size belong together and outlive the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            NETNS_COOKIE,
            std::ptr::from_mut(&mut cookie).cast(),
            &raw mut size,
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(cookie) }
}

/// Gives two paths each other's names in one step.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    const EXCHANGE: u32 = 2;
    let name = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other);
    let (one, other) = (name(one)?, name(other)?);
    let here = libc::AT_FDCWD;
    // SAFETY: both names end with a zero and outlive the call.
    let result = unsafe {
        libc::syscall(libc::SYS_renameat2, here, one.as_ptr(), here, other.as_ptr(), EXCHANGE)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Mounts a BPF file system.
pub(crate) fn mount_bpffs(path: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: all strings are terminated and outlive the call.
    let result = unsafe {
        libc::mount(c"bpf".as_ptr(), path.as_ptr(), c"bpf".as_ptr(), 0, std::ptr::null())
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
