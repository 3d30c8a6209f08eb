//! The node's own hooks: programs at the sockets of its cgroup, and the record that switches them on.
//!
//! Where the kernel refuses them the pods' hooks work all the same, so whoever has a policy for a node
//! asks first whether it can be enforced.

use std::{
    fs::File,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use abi::{Event, INTERFACE_OF_NODE, Interface, interface_flags};
use aya::programs::{
    CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, TestRun, TestRunOptions, links::FdLink,
};

use crate::{
    AttachError, Direction, Instance, OpenError, Report, RunError, TableError,
    attribution::refused,
    instance::failed,
    link::{leads_to, pin_at, remove},
    sys,
};

/// The program where the node sends.
pub(crate) const HOST_EGRESS: &str = "ringfence_host_egress";
/// The program where the node receives.
pub(crate) const HOST_INGRESS: &str = "ringfence_host_ingress";

/// Both programs.
#[derive(Debug)]
pub(crate) struct Host {
    egress: CgroupSkb,
    ingress: CgroupSkb,
}

impl Host {
    pub(crate) fn from_pins(pin: impl Fn(&str) -> PathBuf) -> Result<Self, OpenError> {
        let open = |name, kind| {
            CgroupSkb::from_pin(pin(name), kind)
                .map_err(|source| OpenError::Program { program: name, source: Box::new(source) })
        };
        Ok(Self {
            egress: open(HOST_EGRESS, CgroupSkbAttachType::Egress)?,
            ingress: open(HOST_INGRESS, CgroupSkbAttachType::Ingress)?,
        })
    }

    fn program(&mut self, direction: Direction) -> (&'static str, &mut CgroupSkb) {
        let program = match direction {
            Direction::Egress => &mut self.egress,
            Direction::Ingress => &mut self.ingress,
        };
        (name_of(direction), program)
    }

    fn attach(
        &mut self,
        direction: Direction,
        cgroup: &File,
        path: &Path,
    ) -> Result<(), AttachError> {
        if leads_to(path, cgroup)? {
            return self.lead(direction, path);
        }
        let (name, program) = self.program(direction);
        let id = program
            .attach(cgroup, kind(direction), CgroupAttachMode::Single)
            .map_err(refused(name))?;
        let link = program.take_link(id).and_then(|link| Ok(FdLink::try_from(link)?));
        let link = link.map_err(refused(name))?;
        let unpinned = |source| AttachError::PinCgroup { program: name, source: Box::new(source) };
        pin_at(link, path, unpinned)
    }

    /// Leads the link that is pinned at `path` to these programs; there is no moment without one. A
    /// link whose cgroup is gone leads nowhere.
    pub(crate) fn lead(&mut self, direction: Direction, path: &Path) -> Result<(), AttachError> {
        let inspect = |source| AttachError::Inspect { path: path.to_owned(), source };
        let (name, program) = self.program(direction);
        let wanted = program.info().map_err(refused(name))?.id();
        let link = sys::open_pinned(path).map_err(inspect)?;
        let data = sys::link_data(link.as_fd()).map_err(inspect)?;
        if data.program == wanted || data.cgroup == 0 {
            return Ok(());
        }
        let program = program.fd().map_err(refused(name))?;
        sys::update_link(link.as_fd(), program.as_fd()).map_err(inspect)
    }
}

fn kind(direction: Direction) -> CgroupSkbAttachType {
    match direction {
        Direction::Egress => CgroupSkbAttachType::Egress,
        Direction::Ingress => CgroupSkbAttachType::Ingress,
    }
}

/// The kernel's number of a direction's hook: `BPF_CGROUP_INET_EGRESS` or `BPF_CGROUP_INET_INGRESS`.
fn hook(direction: Direction) -> u32 {
    match direction {
        Direction::Egress => 1,
        Direction::Ingress => 0,
    }
}

/// The program of a direction.
pub(crate) fn name_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => HOST_EGRESS,
        Direction::Ingress => HOST_INGRESS,
    }
}

impl Instance {
    /// Whether this kernel can enforce policies of the node itself (ruling N39).
    #[must_use]
    pub fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// Puts the node's own hooks on all sockets of the cgroup at `path` and below that are in the
    /// node's network namespace. Nothing is judged there before [`Instance::set_host`]. Without host
    /// programs this does nothing.
    ///
    /// Hooks of another version of the data types stay beside these, because a node without a record
    /// is open: they end with [`Instance::forget_others`], when ours judge the node.
    ///
    /// # Errors
    /// Where the cgroup cannot be opened or the kernel refuses a link.
    pub fn attach_host(&mut self, path: &Path) -> Result<(), AttachError> {
        let cgroup = File::open(path).map_err(failed("open", path))?;
        let pins = Direction::BOTH.map(|direction| (direction, self.host_pin(path, direction)));
        let Some(host) = &mut self.host else { return Ok(()) };
        pins.iter().try_for_each(|(direction, pin)| host.attach(*direction, &cgroup, pin))
    }

    /// Takes the node's own hooks away from the cgroup at `path`, which may be gone.
    ///
    /// # Errors
    /// Where a pin cannot be removed.
    pub fn detach_host(&mut self, path: &Path) -> Result<(), AttachError> {
        Direction::BOTH.iter().try_for_each(|direction| remove(&self.host_pin(path, *direction)))
    }

    /// From now on the words of `endpoint` say what the node may send and receive, and TCP of before
    /// goes on until `adopted_until_ns`, which counts when the node had no policy until now. The words
    /// must be there.
    ///
    /// # Errors
    /// Where the map cannot be read or written.
    pub fn set_host(&self, endpoint: u32, adopted_until_ns: u64) -> Result<(), AttachError> {
        let table = &self.tables.interfaces;
        let record = |adopted_until_ns| Interface {
            endpoint,
            // A lease that is not renewed would cut the node off.
            flags: interface_flags::DHCP,
            adopted_until_ns,
            ..Interface::default()
        };
        match table.get(&INTERFACE_OF_NODE)? {
            Some(known) if known == record(known.adopted_until_ns) => Ok(()),
            Some(_) | None => Ok(table.insert(&INTERFACE_OF_NODE, &record(adopted_until_ns))?),
        }
    }

    /// The node's record, if it has a policy: its endpoint's words say what the node may.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn host(&self) -> Result<Option<Interface>, AttachError> {
        Ok(self.tables.interfaces.get(&INTERFACE_OF_NODE)?)
    }

    /// The programs that stand on one of the node's hooks at the cgroup at `path`, whoever put them
    /// there, in their order.
    ///
    /// # Errors
    /// Where the cgroup cannot be opened or asked.
    pub fn host_company(path: &Path, direction: Direction) -> Result<Vec<u32>, AttachError> {
        let cgroup = File::open(path).map_err(failed("open", path))?;
        let programs = sys::programs_of_cgroup(cgroup.as_fd(), hook(direction));
        Ok(programs.map_err(failed("ask", path))?)
    }

    /// Nothing of the node is judged any more if its record leads to `endpoint`. Its connections are
    /// nobody's until it has a record again, and go with the next collection.
    ///
    /// # Errors
    /// Where the map cannot be read or written.
    pub fn open_host(&self, endpoint: u32) -> Result<(), TableError> {
        let table = &self.tables.interfaces;
        match table.get(&INTERFACE_OF_NODE)? {
            Some(record) if record.endpoint == endpoint => {
                table.remove(&INTERFACE_OF_NODE).map(drop)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Nothing of the node is judged any more; its connections are forgotten. Returns what ended.
    ///
    /// # Errors
    /// Where the map cannot be read or written.
    pub fn clear_host(&self, now_ns: u64) -> Result<Vec<Event>, AttachError> {
        let Some(record) = self.tables.interfaces.get(&INTERFACE_OF_NODE)? else {
            return Ok(Vec::new());
        };
        self.tables.interfaces.remove(&INTERFACE_OF_NODE)?;
        Ok(self.end_connections(&record, now_ns)?)
    }

    /// Runs one of the node's own hooks on a packet, from its Ethernet header on, in an instance for
    /// test runs. The verdict is 1 pass, 0 drop.
    ///
    /// # Errors
    /// Where the kernel refuses the packet, or has no such hooks.
    pub fn test_run_host(&mut self, direction: Direction, data: &[u8]) -> Result<Report, RunError> {
        let absent = || {
            let source = std::io::Error::from(std::io::ErrorKind::Unsupported);
            RunError(Box::new(aya::programs::ProgramError::IOError(source)))
        };
        let (_, program) = self.host.as_mut().ok_or_else(absent)?.program(direction);
        let mut left = data.to_vec();
        let options = TestRunOptions {
            data_in: Some(data),
            data_out: Some(&mut left),
            repeat: 1,
            ..TestRunOptions::default()
        };
        let result = program.test_run(options).map_err(|error| RunError(Box::new(error)))?;
        left.truncate(result.data_size_out as usize);
        let verdict = result.return_value.cast_signed();
        Ok(Report { verdict, data: left, duration: result.duration })
    }

    fn host_pin(&self, path: &Path, direction: Direction) -> PathBuf {
        self.cgroup_pin(path, name_of(direction))
    }
}
