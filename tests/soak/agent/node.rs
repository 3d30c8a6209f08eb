//! A node as its agent sees it: one instance, and the order in which things are done to it.
//!
//! Tables come before links where programs are replaced, and links before tables where a pod is new,
//! because a new pod waits in quarantine and an old one must not.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use abi::{Interface, interface_flags};
use compile::Slots;
use datapath::{Config, Events, Instance};
use manifest::{Document, Options};
use model::{World, WorldError};
use nix::time::{ClockId, clock_gettime};
use plan::Op;
use thiserror::Error;

use crate::protocol::{Attachment, Documents, Request};
use crate::{Sabotage, heritage, seats};

/// As many cells as these pods and policies need.
const CELLS: u32 = 16_384;

/// Why an agent could not do what it was told.
#[derive(Debug, Error)]
pub(crate) enum AgentError {
    /// The BPF file system.
    #[error(transparent)]
    Bpffs(#[from] datapath::BpffsError),
    /// The instance.
    #[error("the instance cannot be opened")]
    Open(#[from] datapath::OpenError),
    /// The node's namespace has no cookie.
    #[error("the namespace's cookie cannot be read")]
    Cookie(#[from] std::io::Error),
    /// A link.
    #[error("a pod cannot be attached or detached")]
    Attach(#[from] datapath::AttachError),
    /// The ring.
    #[error(transparent)]
    Events(#[from] datapath::EventsError),
    /// A map.
    #[error(transparent)]
    Table(#[from] datapath::TableError),
    /// The documents are not those of a world.
    #[error("the documents have {problems} problems, first: {first}")]
    Documents {
        /// How many.
        problems: usize,
        /// The first.
        first: String,
    },
    /// The pods are not those of a world.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A pod did not get the endpoint that it has.
    #[error("pod {pod} is to have the endpoint {seat:?}, not {got:?}")]
    Seat {
        /// Which.
        pod: String,
        /// The endpoint it has.
        seat: Option<u32>,
        /// The one it got.
        got: Option<u32>,
    },
    /// The table.
    #[error("the table cannot be compiled")]
    Compile(#[from] compile::CompileError),
    /// Reading the maps.
    #[error("the maps cannot be read back")]
    Read(#[from] datapath::ReadError),
    /// The way to the table.
    #[error("the change cannot be planned")]
    Plan(#[from] plan::PlanError),
    /// A write.
    #[error("a write failed")]
    Perform(#[from] datapath::PerformError),
}

/// The node.
pub(crate) struct Node {
    instance: Instance,
    events: Events,
    sabotage: Sabotage,
    /// The pods that are attached, by interface.
    attached: BTreeMap<u32, Attachment>,
}

impl Node {
    /// Opens what is pinned under `pins`. Agents that differ in `report_interval` have other programs.
    pub(crate) fn open(
        pins: PathBuf,
        report_interval: Duration,
        sabotage: Sabotage,
    ) -> Result<Self, AgentError> {
        datapath::ensure_bpffs()?;
        let mut config = Config::new(pins);
        config.node_namespace = Some(datapath::netns_cookie()?);
        config.lifetimes.report_interval = report_interval;
        // A change reads every map, and only what is there has to be there.
        config.capacities.cells = CELLS;
        let instance = Instance::open(&config)?;
        let events = instance.events()?;
        Ok(Self { instance, events, sabotage, attached: BTreeMap::new() })
    }

    /// Does what it is told. Returns the writes of the plan that this took.
    pub(crate) fn handle(&mut self, request: &Request) -> Result<Vec<Op>, AgentError> {
        let none = |()| Vec::new();
        match request {
            Request::Resume { pods, documents } => self.resume(pods, documents.as_ref()),
            Request::Attach { pod } => self.attach(pod).map(none),
            Request::Detach { interface } => self.detach(*interface).map(none),
            Request::Replace { pod } => self.replace(pod).map(none),
            Request::Change { documents } => self.change(documents),
            Request::Collect => self.collect().map(none),
        }
    }

    fn resume(
        &mut self,
        pods: &[Attachment],
        documents: Option<&Documents>,
    ) -> Result<Vec<Op>, AgentError> {
        match self.sabotage {
            Sabotage::None => {}
            Sabotage::Clear => pods.iter().try_for_each(|pod| self.detach(pod.interface))?,
        }
        self.attached = pods.iter().map(|pod| (pod.interface, pod.clone())).collect();
        for gone in self.instance.stale_interfaces()? {
            if !self.attached.contains_key(&gone) {
                self.detach(gone)?;
            }
        }
        for pod in pods {
            heritage::adopt(&self.instance, pod.interface, record(pod))?;
        }
        let writes = documents.map_or(Ok(Vec::new()), |documents| self.change(documents))?;
        pods.iter().try_for_each(|pod| self.attach(pod))?;
        heritage::settle(&self.instance)?;
        Ok(writes)
    }

    fn attach(&mut self, pod: &Attachment) -> Result<(), AgentError> {
        self.instance.attach(pod.interface, record(pod))?;
        self.attached.insert(pod.interface, pod.clone());
        Ok(())
    }

    fn replace(&mut self, pod: &Attachment) -> Result<(), AgentError> {
        self.attached.remove(&pod.interface);
        heritage::vacate(&self.instance, pod.interface)?;
        self.attach(pod)
    }

    fn detach(&mut self, interface: u32) -> Result<(), AgentError> {
        self.attached.remove(&interface);
        Ok(self.instance.detach(interface, now_ns()).map(drop)?)
    }

    fn change(&mut self, documents: &Documents) -> Result<Vec<Op>, AgentError> {
        let document = Document { name: "soak".into(), text: documents.text.as_str().into() };
        let reading = manifest::read(&[document], &Options::default());
        if let Some(first) = reading.problems.first() {
            let (problems, first) = (reading.problems.len(), format!("{first:?}"));
            return Err(AgentError::Documents { problems, first });
        }
        let world = World::new(reading.parts)?;
        let seats: BTreeMap<String, u32> =
            self.attached.values().map(|pod| (pod.name.clone(), pod.seat)).collect();
        let slots = seats::seated(&world, &seats)?;
        check_seats(&world, &slots, &seats)?;
        let compiled = compile::compile(&world, &reading.rules, &slots)?;
        let plan = plan::plan(&self.instance.observe()?, &compiled.image)?;
        self.instance.perform(&plan)?;
        Ok(plan)
    }

    fn collect(&mut self) -> Result<(), AgentError> {
        self.events.drain(drop)?;
        self.instance.collect(now_ns())?;
        Ok(())
    }
}

fn check_seats(
    world: &World,
    slots: &Slots,
    seats: &BTreeMap<String, u32>,
) -> Result<(), AgentError> {
    for (_, pod) in world.pods() {
        let (seat, got) = (seats.get(&pod.name).copied(), slots.get(pod));
        if got != seat {
            return Err(AgentError::Seat { pod: pod.name.clone(), seat, got });
        }
    }
    Ok(())
}

fn record(pod: &Attachment) -> Interface {
    Interface {
        endpoint: pod.seat,
        flags: interface_flags::IPV4 | interface_flags::IPV6,
        ipv4: std::net::IpAddr::V4(pod.ipv4).into(),
        ipv6: std::net::IpAddr::V6(pod.ipv6).into(),
        mac: pod.mac,
        ..Interface::default()
    }
}

/// The clock by which the kernel stamps connections.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
