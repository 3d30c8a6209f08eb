//! A bench: an instance whose programs are run on packets instead of attached.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use abi::{Event, Interface, interface_flags};
use datapath::{
    AttachError, BpffsError, Capacities, Config, Direction, Events, EventsError, GrowError,
    Instance, OpenError, PerformError, Programs, RunError, TestPacket,
};
use plan::Op;
use thiserror::Error;

/// Where a packet came from, as the hook would have derived it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Another device of the node.
    Elsewhere,
    /// A socket of the node, as far as device and socket tell.
    LocalSocket,
    /// No device and no socket, as what is put together again on the way looks.
    Nowhere,
    /// The pod's own device.
    Itself,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether it went to the next program.
    pub allowed: bool,
    /// The packet as it left.
    pub packet: Vec<u8>,
    /// The events it made.
    pub events: Vec<Event>,
}

/// A pod of the bench; its interface's index is its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its endpoint.
    pub endpoint: u32,
    /// Its IPv4 address.
    pub ipv4: Option<Ipv4Addr>,
    /// Its IPv6 address.
    pub ipv6: Option<Ipv6Addr>,
    /// Its link-layer address.
    pub mac: [u8; 6],
    /// Whether it has its address by DHCP.
    pub dhcp: bool,
}

impl Pod {
    /// The record that leads to it.
    #[must_use]
    pub fn interface(&self) -> Interface {
        let address = |address: Option<IpAddr>| address.map(Into::into).unwrap_or_default();
        let flag = |set, flag| if set { flag } else { 0 };
        Interface {
            endpoint: self.endpoint,
            flags: flag(self.ipv4.is_some(), interface_flags::IPV4)
                | flag(self.ipv6.is_some(), interface_flags::IPV6)
                | flag(self.dhcp, interface_flags::DHCP),
            ipv4: address(self.ipv4.map(IpAddr::V4)),
            ipv6: address(self.ipv6.map(IpAddr::V6)),
            mac: self.mac,
            pad: [0; 2],
            adopted_until_ns: 0,
        }
    }
}

/// A bench could not be used.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The BPF file system.
    #[error(transparent)]
    Bpffs(#[from] BpffsError),
    /// The instance.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Larger tables.
    #[error(transparent)]
    Grow(#[from] GrowError),
    /// The ring.
    #[error(transparent)]
    Events(#[from] EventsError),
    /// A pod.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// A table.
    #[error(transparent)]
    Perform(#[from] PerformError),
    /// A packet.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// An instance on the bench; its pins go when it goes.
#[derive(Debug)]
pub struct Bench {
    instance: Instance,
    events: Events,
    directory: PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);
const OTHER_DEVICE: u32 = u32::MAX;

impl Bench {
    /// A new bench with empty tables.
    ///
    /// # Errors
    /// Where the kernel refuses it.
    pub fn new() -> Result<Self, BenchError> {
        Self::with(|_| ())
    }

    /// A new bench whose configuration `change` may change.
    ///
    /// # Errors
    /// Where the kernel refuses it.
    pub fn with(change: impl FnOnce(&mut Config)) -> Result<Self, BenchError> {
        datapath::ensure_bpffs()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory =
            PathBuf::from(format!("/sys/fs/bpf/ringfence-bench-{}-{number}", std::process::id()));
        let mut config = Config::new(directory.clone());
        config.programs = Programs::TestRuns;
        change(&mut config);
        let opened = Instance::open(&config).map_err(BenchError::from).and_then(|instance| {
            let events = instance.events()?;
            Ok(Self { instance, events, directory: directory.clone() })
        });
        if opened.is_err() {
            drop(datapath::remove_pins(&directory));
        }
        opened
    }

    /// The instance, for all that does not concern packets.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Makes tables larger; see [`Instance::grow`].
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub fn grow(&mut self, capacities: &Capacities) -> Result<bool, BenchError> {
        Ok(self.instance.grow(capacities)?)
    }

    /// Makes a pod known.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn add(&self, pod: &Pod) -> Result<(), BenchError> {
        Ok(self.instance.set_interface(pod.endpoint, pod.interface())?)
    }

    /// Performs the writes of a plan.
    ///
    /// # Errors
    /// Where a write fails.
    pub fn perform(&self, ops: &[Op]) -> Result<(), BenchError> {
        Ok(self.instance.perform(ops)?)
    }

    /// Runs one packet at one endpoint's hook.
    ///
    /// # Errors
    /// Where the kernel refuses the packet, as it does with less than an IP header.
    pub fn run(
        &mut self,
        direction: Direction,
        endpoint: u32,
        origin: Origin,
        packet: &[u8],
    ) -> Result<Outcome, BenchError> {
        self.run_by(direction, endpoint, origin, 0, packet)
    }

    /// As [`Bench::run`], sent from the cgroup `container` by the maker that
    /// [`Instance::set_test_maker`] said.
    ///
    /// # Errors
    /// See [`Bench::run`].
    pub fn run_by(
        &mut self,
        direction: Direction,
        endpoint: u32,
        origin: Origin,
        container: u32,
        packet: &[u8],
    ) -> Result<Outcome, BenchError> {
        let report = self.instance.test_run(&TestPacket {
            data: packet,
            direction,
            interface: endpoint,
            incoming: match origin {
                Origin::Elsewhere => OTHER_DEVICE,
                Origin::LocalSocket | Origin::Nowhere => 0,
                Origin::Itself => endpoint,
            },
            local_socket: origin == Origin::LocalSocket,
            container,
            repeat: 1,
        })?;
        self.outcome(report.verdict == -1, report.data)
    }

    /// Runs one packet at the hook of the node itself, whose endpoint is `endpoint`.
    ///
    /// # Errors
    /// See [`Bench::run`].
    pub fn run_host(
        &mut self,
        direction: Direction,
        endpoint: u32,
        packet: &[u8],
    ) -> Result<Outcome, BenchError> {
        self.instance.set_host(endpoint, 0)?;
        let report = self.instance.test_run_host(direction, packet)?;
        self.outcome(report.verdict == 1, report.data)
    }

    fn outcome(&mut self, allowed: bool, packet: Vec<u8>) -> Result<Outcome, BenchError> {
        let mut events = Vec::new();
        self.events.drain(|event| events.push(event))?;
        Ok(Outcome { allowed, packet, events })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = datapath::remove_pins(&self.directory) {
            eprintln!("{error}");
        }
    }
}
