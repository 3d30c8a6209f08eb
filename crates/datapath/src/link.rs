//! Attaching to the host side of a pod's veth.
//!
//! Links are pinned, so they hold without a process; whoever attached holds them too, so they hold
//! without their pins. Our programs stand at the head of their chains and let later ones run, see
//! `company`. A link whose veth is gone is kept by its pin with interface 0: it is garbage and makes
//! room for the veth that has the index now.

use std::{
    fs::File,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::MetadataExt,
    },
    path::{Path, PathBuf},
    time::Duration,
};

use abi::{Event, Interface};
use aya::{
    pin::PinError,
    programs::{
        LinkOrder, ProgramError, SchedClassifier, TcAttachType,
        links::FdLink,
        tc::{SchedClassifierLink, TcAttach},
    },
};

use crate::{AttachError, Hooks, Instance, TableError, instance::failed, sys, tc::TrafficControl};

/// How long after it was first attached a pod with connections is being adopted. Whatever lives
/// sends within this time; what is still silent then has to open anew.
pub const ADOPTION: Duration = Duration::from_secs(60);

/// Which side of a pod's traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// What the pod sends: tcx ingress of the host side.
    Egress,
    /// What the pod receives: tcx egress of the host side.
    Ingress,
}

impl Direction {
    pub(crate) const BOTH: [Self; 2] = [Self::Egress, Self::Ingress];

    /// In one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        }
    }

    pub(crate) fn hook(self) -> TcAttachType {
        match self {
            Self::Egress => TcAttachType::Ingress,
            Self::Ingress => TcAttachType::Egress,
        }
    }
}

impl Instance {
    /// Attaches both hooks to the interface with this index in the calling thread's network
    /// namespace. The interface's record is written first, so the hooks never meet an unknown one.
    ///
    /// `record` may say until when the pod is being adopted, see [`crate::ADOPTION`]. That counts
    /// when its interface is first known: attaching again neither prolongs nor ends it.
    ///
    /// # Errors
    /// Where a map or link cannot be written.
    pub fn attach(&mut self, interface: u32, record: Interface) -> Result<(), AttachError> {
        let known = self.tables.interfaces.get(&interface)?;
        let same =
            known.filter(|known| (known.endpoint, known.mac) == (record.endpoint, record.mac));
        let adopted_until_ns = same.unwrap_or(record).adopted_until_ns;
        let record = Interface { adopted_until_ns, ..record };
        if known != Some(record) {
            self.tables.interfaces.insert(&interface, &record)?;
        }
        let hooks = self.config.hooks;
        Direction::BOTH.into_iter().try_for_each(|direction| match hooks {
            Hooks::Tcx => self.link(interface, direction),
            Hooks::Clsact => self.filter(interface, direction),
        })
    }

    /// Detaches both hooks, in the calling thread's network namespace, and, unless another interface
    /// leads to its endpoint, clears that for whoever has it next: no sets, which is quarantine, and
    /// no connection (rulings N24, N27). Returns what ended. The pins go last, so that
    /// [`Instance::stale_interfaces`] finds whatever is cut off here.
    ///
    /// # Errors
    /// Where a map or pin cannot be changed.
    pub fn detach(&self, interface: u32, now_ns: u64) -> Result<Vec<Event>, AttachError> {
        let record = self.tables.interfaces.get(&interface)?;
        let only =
            record.map_or(Ok(None), |record| self.only_of_its_endpoint(interface, record))?;
        if let Some(record) = only {
            self.tables.endpoints.retire(record.endpoint)?;
        }
        for direction in Direction::BOTH {
            self.held.release(interface, direction);
            match self.config.hooks {
                Hooks::Tcx => take_off(&self.link_path(interface, direction))?,
                Hooks::Clsact => self.unfilter(interface, direction)?,
            }
        }
        let ended = only.map_or(Ok(Vec::new()), |record| self.end_connections(&record, now_ns))?;
        self.tables.interfaces.remove(&interface)?;
        for direction in Direction::BOTH {
            let path = self.link_path(interface, direction);
            remove(&unnamed(&path))?;
            remove(&path)?;
        }
        Ok(ended)
    }

    /// Clears an interface's endpoint as [`Instance::detach`] does, and leaves the hooks where they
    /// are: for a veth that another pod has next, whose record [`Instance::attach`] writes. Returns
    /// what ended.
    ///
    /// # Errors
    /// Where a map cannot be changed.
    pub fn vacate(&self, interface: u32, now_ns: u64) -> Result<Vec<Event>, AttachError> {
        let Some(record) = self.tables.interfaces.get(&interface)? else { return Ok(Vec::new()) };
        let Some(only) = self.only_of_its_endpoint(interface, record)? else {
            return Ok(Vec::new());
        };
        self.tables.endpoints.retire(only.endpoint)?;
        Ok(self.end_connections(&only, now_ns)?)
    }

    /// The record, if no other interface leads to the same endpoint.
    fn only_of_its_endpoint(
        &self,
        interface: u32,
        record: Interface,
    ) -> Result<Option<Interface>, TableError> {
        let entries = self.tables.interfaces.entries()?;
        let is_shared = entries
            .iter()
            .any(|(index, other)| *index != interface && other.endpoint == record.endpoint);
        Ok((!is_shared).then_some(record))
    }

    /// Writes an interface's record without attaching: for test runs, which name the interface.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn set_interface(&self, interface: u32, record: Interface) -> Result<(), AttachError> {
        Ok(self.tables.interfaces.insert(&interface, &record)?)
    }

    /// What the programs are told of an interface, if they know it.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn interface(&self, interface: u32) -> Result<Option<Interface>, TableError> {
        self.tables.interfaces.get(&interface)
    }

    /// The interfaces that are gone from the calling thread's network namespace though the pins of
    /// their hooks are there; [`Instance::detach`] removes them.
    ///
    /// # Errors
    /// Where the links cannot be read.
    pub fn stale_interfaces(&self) -> Result<Vec<u32>, AttachError> {
        let directory = &self.pins.links;
        let mut stale = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(directory).map_err(failed("read", directory))? {
            let path = entry.map_err(failed("read", directory))?.path();
            if let Some(pinned) = pinned_name(&path)
                && self.is_stale(&path, pinned)?
            {
                stale.insert(pinned.interface);
            }
        }
        Ok(stale.into_iter().collect())
    }

    fn is_stale(&self, path: &Path, pinned: Pinned) -> Result<bool, AttachError> {
        match pinned.hooks {
            Hooks::Tcx => Ok(existing(path)?.is_some_and(|(_, data)| data.interface == 0)),
            Hooks::Clsact => {
                let interface = pinned.interface;
                let is_there = TrafficControl::open().and_then(|mut tc| tc.is_there(interface));
                let is_there =
                    is_there.map_err(|source| AttachError::Filter { interface, source })?;
                Ok(!is_there)
            }
        }
    }

    pub(crate) fn link_path(&self, interface: u32, direction: Direction) -> PathBuf {
        let name = match self.config.hooks {
            Hooks::Tcx => format!("{interface}-{}", direction.word()),
            Hooks::Clsact => format!("{interface}-{}{FILTER}", direction.word()),
        };
        self.pins.links.join(name)
    }

    pub(crate) fn program(&mut self, direction: Direction) -> &mut SchedClassifier {
        match direction {
            Direction::Egress => &mut self.egress,
            Direction::Ingress => &mut self.ingress,
        }
    }

    fn link(&mut self, interface: u32, direction: Direction) -> Result<(), AttachError> {
        let path = self.link_path(interface, direction);
        self.inherit(interface, direction)?;
        name(&path, interface)?;
        let program = self.program(direction);
        let refused = |source| AttachError::Link { interface, source: Box::new(source) };
        let wanted = program.info().map_err(refused)?.id();
        match existing(&path)? {
            Some((_, data)) if data.interface == interface && data.program == wanted => {}
            Some((link, data)) if data.interface == interface => {
                update(program, link).map_err(refused)?;
            }
            Some(_) | None => create(program, interface, direction, &path)?,
        }
        self.hold(interface, direction)?;
        self.release_heirlooms(interface, direction)
    }

    /// Holds the link that is pinned.
    pub(crate) fn hold(&self, interface: u32, direction: Direction) -> Result<(), AttachError> {
        let path = self.link_path(interface, direction);
        let link =
            sys::open_pinned(&path).map_err(|source| AttachError::Inspect { path, source })?;
        self.held.hold(interface, direction, link);
        Ok(())
    }
}

/// Ends the name of a pin that stands for a filter: what is pinned is its program.
const FILTER: &str = "-filter";

/// What the name of a pin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) interface: u32,
    pub(crate) direction: Direction,
    pub(crate) hooks: Hooks,
}

/// Nothing where the pin is not of an interface's hook.
pub(crate) fn pinned_name(path: &Path) -> Option<Pinned> {
    let name = path.file_name()?.to_str()?;
    let (name, hooks) = match name.strip_suffix(FILTER) {
        Some(name) => (name, Hooks::Clsact),
        None => (name, Hooks::Tcx),
    };
    let (interface, word) = name.split_once('-')?;
    let direction = Direction::BOTH.into_iter().find(|direction| direction.word() == word)?;
    Some(Pinned { interface: interface.parse().ok()?, direction, hooks })
}

pub(crate) fn existing(path: &Path) -> Result<Option<(FdLink, sys::LinkData)>, AttachError> {
    use aya::programs::links::PinnedLink;
    let inspect = |source| AttachError::Inspect { path: path.to_owned(), source };
    if !path.exists() {
        return Ok(None);
    }
    let fd = sys::open_pinned(path).map_err(inspect)?;
    let data = sys::link_data(fd.as_fd()).map_err(inspect)?;
    let link = PinnedLink::from_pin(path).map_err(|error| inspect(std::io::Error::other(error)))?;
    Ok(Some((link.into(), data)))
}

/// Whether a link to this cgroup is pinned at `path`. One that was made anew where another was has
/// none, whatever is pinned.
pub(crate) fn leads_to(path: &Path, cgroup: &File) -> Result<bool, AttachError> {
    let inspect = |source| AttachError::Inspect { path: path.to_owned(), source };
    let number = cgroup.metadata().map_err(inspect)?.ino();
    Ok(existing(path)?.is_some_and(|(_, data)| data.cgroup == number))
}

/// Takes a pinned link off its hook at once. Where only its pin is removed, the kernel does that a
/// little later, and who attaches again meanwhile is told that the program is there already.
pub(crate) fn take_off(path: &Path) -> Result<(), AttachError> {
    if !path.exists() {
        return Ok(());
    }
    let inspect = |source| AttachError::Inspect { path: path.to_owned(), source };
    let link = sys::open_pinned(path).map_err(inspect)?;
    sys::detach_link(link.as_fd()).map_err(inspect)
}

/// Another build's program is replaced in place: there is no moment without one.
pub(crate) fn update(program: &mut SchedClassifier, link: FdLink) -> Result<(), ProgramError> {
    let link = SchedClassifierLink::try_from(link)?;
    let id = program.attach_to_link(link)?;
    // The pin keeps the link; the descriptor alone is dropped.
    drop(program.take_link(id)?);
    Ok(())
}

/// Attaches at the head and pins, in place of whatever is pinned there.
pub(crate) fn create(
    program: &mut SchedClassifier,
    interface: u32,
    direction: Direction,
    path: &Path,
) -> Result<(), AttachError> {
    let link = connect(program, interface, direction)
        .map_err(|source| AttachError::Link { interface, source: Box::new(source) })?;
    pin_at(link, path, |source| AttachError::Pin { interface, source: Box::new(source) })
}

/// Pins a new link in place of whatever is pinned there.
pub(crate) fn pin_at(
    link: FdLink,
    path: &Path,
    refused: impl FnOnce(PinError) -> AttachError,
) -> Result<(), AttachError> {
    let unnamed = unnamed(path);
    remove(&unnamed)?;
    link.pin(&unnamed).map_err(refused)?;
    Ok(std::fs::rename(&unnamed, path).map_err(failed("name", path))?)
}

/// Pins a link that is held, in place of whatever is pinned there.
pub(crate) fn pin(link: BorrowedFd<'_>, path: &Path) -> Result<(), AttachError> {
    let unnamed = unnamed(path);
    remove(&unnamed)?;
    sys::pin(link, &unnamed).map_err(failed("pin", path))?;
    Ok(std::fs::rename(&unnamed, path).map_err(failed("name", path))?)
}

/// Gives a link its name that was pinned when somebody was cut off: it stands on the hook already,
/// and a second one with its program would be refused.
fn name(path: &Path, interface: u32) -> Result<(), AttachError> {
    let is_live = |path: &Path| {
        let found = existing(path)?;
        Ok::<_, AttachError>(found.is_some_and(|(_, data)| data.interface == interface))
    };
    let unnamed = unnamed(path);
    if is_live(&unnamed)? && !is_live(path)? {
        std::fs::rename(&unnamed, path).map_err(failed("name", path))?;
    }
    Ok(())
}

/// Where a link is pinned until it has its place. The file system takes no dots.
fn unnamed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-new");
    name.into()
}

fn connect(
    program: &mut SchedClassifier,
    interface: u32,
    direction: Direction,
) -> Result<FdLink, ProgramError> {
    let attach = TcAttach::Tcx { attach_type: direction.hook(), order: LinkOrder::first() };
    let id = program.attach(interface, attach)?;
    Ok(program.take_link(id)?.try_into()?)
}

pub(crate) fn remove(path: &Path) -> Result<(), AttachError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("remove", path)(error).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
