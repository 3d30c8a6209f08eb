//! Who made a socket: the programs that note it, and what is known of executables.
//!
//! A packet leads to its socket, a socket to the process that made it, and its executable's inode to
//! the path by which it was executed.

use std::{
    collections::BTreeMap,
    ffi::CStr,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use abi::{ExecutableKey, Maker, ProcessKey};
use aya::programs::{
    BtfTracePoint, CgroupAttachMode, CgroupSock, CgroupSockAttachType, ProgramError, links::FdLink,
};

use crate::{
    AttachError, Instance, OpenError, TableError,
    link::{existing, leads_to, pin_at, remove},
};

/// The program where a socket is created.
pub(crate) const SOCK_CREATE: &str = "ringfence_sock_create";
/// The program where a process becomes an executable.
pub(crate) const EXEC: &str = "ringfence_exec";
/// What [`EXEC`] stands on.
pub(crate) const EXEC_POINT: &str = "sched_process_exec";

/// Both programs.
#[derive(Debug)]
pub(crate) struct Attribution {
    sock_create: CgroupSock,
    exec: BtfTracePoint,
}

impl Attribution {
    pub(crate) fn from_pins(pin: impl Fn(&str) -> PathBuf) -> Result<Self, OpenError> {
        let failed =
            |program| move |source| OpenError::Program { program, source: Box::new(source) };
        let kind = CgroupSockAttachType::SockCreate;
        let sock_create = CgroupSock::from_pin(pin(SOCK_CREATE), kind);
        Ok(Self {
            sock_create: sock_create.map_err(failed(SOCK_CREATE))?,
            exec: BtfTracePoint::from_pin(pin(EXEC)).map_err(failed(EXEC))?,
        })
    }

    /// Names the makers of all sockets that are created in the cgroup from now on.
    pub(crate) fn attach_cgroup(&mut self, cgroup: &File, path: &Path) -> Result<(), AttachError> {
        if !leads_to(path, cgroup)? {
            remove(path)?;
        }
        let program = &mut self.sock_create;
        let wanted = program.info().map_err(refused(SOCK_CREATE))?.id();
        attach(SOCK_CREATE, wanted, path, || {
            let id = program.attach(cgroup, CgroupAttachMode::Single)?;
            Ok(program.take_link(id)?.try_into()?)
        })
    }

    /// Remembers the paths of whatever is executed on this machine from now on.
    pub(crate) fn attach_exec(&mut self, path: &Path) -> Result<(), AttachError> {
        let program = &mut self.exec;
        let wanted = program.info().map_err(refused(EXEC))?.id();
        attach(EXEC, wanted, path, || {
            let id = program.attach()?;
            Ok(program.take_link(id)?.into())
        })
    }
}

pub(crate) fn refused(program: &'static str) -> impl Fn(ProgramError) -> AttachError {
    move |source| AttachError::Cgroup { program, source: Box::new(source) }
}

/// A link of another build's program gives way to one of ours. For a moment there are both, which
/// note the same.
fn attach(
    program: &'static str,
    wanted: u32,
    path: &Path,
    connect: impl FnOnce() -> Result<FdLink, ProgramError>,
) -> Result<(), AttachError> {
    match existing(path)? {
        Some((_, data)) if data.program == wanted => Ok(()),
        Some(_) | None => {
            let link = connect().map_err(refused(program))?;
            pin_at(link, path, |source| AttachError::PinCgroup {
                program,
                source: Box::new(source),
            })
        }
    }
}

impl Instance {
    /// The path by which an executable was last executed, as far as the kernel remembers.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn executable(&self, inode: u64, device: u32) -> Result<Option<PathBuf>, TableError> {
        let key = ExecutableKey { inode, device, pad: 0 };
        let Some(table) = &self.tables.executables else { return Ok(None) };
        let value = table.get(&key)?;
        let path = |octets: &[u8]| {
            Some(PathBuf::from(CStr::from_bytes_until_nul(octets).ok()?.to_str().ok()?))
        };
        Ok(value.and_then(|value| path(&value.path)))
    }

    /// Says which subjects the processes of containers are. What is not named any more goes.
    ///
    /// # Errors
    /// Where the map cannot be read or written.
    pub fn set_processes(&self, wanted: &BTreeMap<ProcessKey, u32>) -> Result<(), TableError> {
        let table = &self.tables.processes;
        let known: BTreeMap<ProcessKey, u32> = table.entries()?.into_iter().collect();
        for (key, subject) in wanted.iter().filter(|(key, id)| known.get(key) != Some(id)) {
            table.insert(key, subject)?;
        }
        let gone = known.keys().filter(|key| !wanted.contains_key(key));
        gone.into_iter().try_for_each(|key| table.remove(key).map(drop))
    }

    /// What test runs are told of the process that made the packet's socket.
    ///
    /// # Errors
    /// Where the map cannot be written, as in an instance that is not for test runs.
    pub fn set_test_maker(&self, maker: Maker) -> Result<(), TableError> {
        match &self.tables.test_maker {
            Some(table) => table.insert(&0, &maker),
            None => Err(TableError {
                action: "write",
                map: "test_maker",
                source: io::ErrorKind::NotFound.into(),
            }),
        }
    }
}
