//! Service translation at the socket calls of a cgroup, and whose sockets they are.
//!
//! The address has to change before there is a packet, so these programs sit on sockets and not on
//! devices.

use std::{
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use abi::{Interface, TranslationKey, TranslationValue};
use aya::programs::{
    CgroupAttachMode, CgroupSockAddr, CgroupSockAddrAttachType as Call, ProgramError,
    cgroup_sock_addr::CgroupSockAddrLink, links::FdLink,
};

use crate::{
    AttachError, Instance, OpenError, TableError,
    attribution::{EXEC, SOCK_CREATE},
    instance::failed,
    link::{existing, leads_to, pin_at, remove},
};

/// The programs and the socket calls at which they stand.
pub(crate) const CALLS: [(&str, Call); 8] = [
    ("ringfence_connect4", Call::Connect4),
    ("ringfence_connect6", Call::Connect6),
    ("ringfence_sendmsg4", Call::UDPSendMsg4),
    ("ringfence_sendmsg6", Call::UDPSendMsg6),
    ("ringfence_recvmsg4", Call::UDPRecvMsg4),
    ("ringfence_recvmsg6", Call::UDPRecvMsg6),
    ("ringfence_getpeername4", Call::GetPeerName4),
    ("ringfence_getpeername6", Call::GetPeerName6),
];

/// One program of a socket call.
#[derive(Debug)]
pub(crate) struct CallProgram {
    name: &'static str,
    program: CgroupSockAddr,
}

impl CallProgram {
    pub(crate) fn from_pin(name: &'static str, call: Call, path: &Path) -> Result<Self, OpenError> {
        let program = CgroupSockAddr::from_pin(path, call)
            .map_err(|source| OpenError::Program { program: name, source: Box::new(source) })?;
        Ok(Self { name, program })
    }

    fn attach(&mut self, cgroup: &File, path: &Path) -> Result<(), AttachError> {
        let name = self.name;
        let refused = |source| AttachError::Cgroup { program: name, source: Box::new(source) };
        if leads_to(path, cgroup)? {
            return self.lead(name, path);
        }
        let link = self.connect(cgroup).map_err(refused)?;
        pin_at(link, path, |source| AttachError::PinCgroup {
            program: name,
            source: Box::new(source),
        })
    }

    /// Leads what is pinned at `path` here, if its name says that it is this call's.
    pub(crate) fn lead(&mut self, name: &str, path: &Path) -> Result<(), AttachError> {
        let refused = |program, source| AttachError::Cgroup { program, source: Box::new(source) };
        if !name.ends_with(self.name) {
            return Ok(());
        }
        let wanted = self.program.info().map_err(|source| refused(self.name, source))?.id();
        match existing(path)? {
            // Its cgroup is gone, or it leads here already.
            Some((_, data)) if data.cgroup == 0 || data.program == wanted => Ok(()),
            Some((link, _)) => self.update(link).map_err(|source| refused(self.name, source)),
            None => Ok(()),
        }
    }

    fn connect(&mut self, cgroup: &File) -> Result<FdLink, ProgramError> {
        // A link is one of several by its nature; the kernel refuses to be told so.
        let id = self.program.attach(cgroup, CgroupAttachMode::Single)?;
        Ok(self.program.take_link(id)?.try_into()?)
    }

    fn update(&mut self, link: FdLink) -> Result<(), ProgramError> {
        let id = self.program.attach_to_link(CgroupSockAddrLink::try_from(link)?)?;
        drop(self.program.take_link(id)?);
        Ok(())
    }
}

impl Instance {
    /// Translates Services for all sockets of the cgroup at `path` and below, and notes who makes them.
    ///
    /// # Errors
    /// Where the cgroup cannot be opened or the kernel refuses a link.
    pub fn attach_cgroup(&mut self, path: &Path) -> Result<(), AttachError> {
        let cgroup = File::open(path).map_err(failed("open", path))?;
        let pins: Vec<PathBuf> = self.cgroup_pins(path);
        self.calls.iter_mut().zip(pins).try_for_each(|(call, pin)| call.attach(&cgroup, &pin))?;
        let (sock_create, exec) = (self.cgroup_pin(path, SOCK_CREATE), self.pins.links.join(EXEC));
        self.attribution.iter_mut().try_for_each(|attribution| {
            attribution.attach_cgroup(&cgroup, &sock_create)?;
            attribution.attach_exec(&exec)
        })
    }

    /// Ends the translation for the cgroup at `path`, which may be gone.
    ///
    /// # Errors
    /// Where a pin cannot be removed.
    pub fn detach_cgroup(&mut self, path: &Path) -> Result<(), AttachError> {
        let pins = self.cgroup_pins(path).into_iter();
        pins.chain([self.cgroup_pin(path, SOCK_CREATE)]).try_for_each(|pin| remove(&pin))
    }

    /// Says which pod the sockets of a network namespace belong to, for the pod that reaches itself
    /// through a Service (ruling N14). The cookie is [`crate::netns_cookie`]'s in that namespace.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn set_pod(&self, netns_cookie: u64, record: Interface) -> Result<(), TableError> {
        match self.tables.pods.get(&netns_cookie)? {
            Some(found) if found == record => Ok(()),
            Some(_) | None => self.tables.pods.insert(&netns_cookie, &record),
        }
    }

    /// Forgets a network namespace.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn remove_pod(&self, netns_cookie: u64) -> Result<(), TableError> {
        self.tables.pods.remove(&netns_cookie).map(drop)
    }

    /// Every socket that was led to a backend, and the Service that it named.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn translations(&self) -> Result<Vec<(TranslationKey, TranslationValue)>, TableError> {
        self.tables.translations.entries()
    }

    /// Forgets that a socket was led to a backend.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn forget_translation(&self, key: &TranslationKey) -> Result<(), TableError> {
        self.tables.translations.remove(key).map(drop)
    }

    fn cgroup_pins(&self, path: &Path) -> Vec<PathBuf> {
        CALLS.iter().map(|(name, _)| self.cgroup_pin(path, name)).collect()
    }

    pub(crate) fn cgroup_pin(&self, path: &Path, program: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        let cgroup = hasher.finish();
        self.pins.links.join(format!("{OF_CGROUP}{cgroup:016x}-{program}"))
    }
}

/// Begins the name of the pin of every link to a cgroup.
const OF_CGROUP: &str = "cgroup-";

pub(crate) fn is_of_cgroup(path: &Path) -> bool {
    let name = path.file_name().and_then(std::ffi::OsStr::to_str);
    name.is_some_and(|name| name.starts_with(OF_CGROUP))
}
