//! One datapath per node of the lab: opened, attached, programmed and listened to.
//!
//! It is the same order as on a cluster's node: a pod's hooks are attached while its endpoint has
//! no sets, which is quarantine; what is compiled for its node follows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use abi::{Address, Event, EventKind, Interface, interface_flags};
use compile::{Compiled, Scope, Slots};
use datapath::{Config, Instance};
use model::{Builtin, Direction, Reason, Rules, World};
use nix::time::{ClockId, clock_gettime};

use crate::container::Containers;
use crate::fabric::{Fabric, NodeSite, PodSite};
use crate::flow::{FlowFilter, FlowLog, Flows, Naming};
use crate::link::Plug;
use crate::listen::Listening;
use crate::scene::Scene;
use crate::witness::{FlowKey, Testimony};
use crate::{LabError, LabName, netns};

/// Why a node's policies cannot be enforced.
#[derive(Debug, thiserror::Error)]
pub enum EnforceError {
    /// The namespace of the node cannot be entered.
    #[error("the node's namespace cannot be entered")]
    Enter(#[from] std::io::Error),
    /// There is no BPF file system.
    #[error(transparent)]
    Bpffs(#[from] datapath::BpffsError),
    /// The programs cannot be loaded.
    #[error("the programs cannot be loaded")]
    Open(#[from] datapath::OpenError),
    /// A pod's veth cannot be attached or detached.
    #[error("a veth cannot be attached or detached")]
    Attach(#[from] datapath::AttachError),
    /// A map cannot be read or written.
    #[error("a map cannot be read or written")]
    Table(#[from] datapath::TableError),
    /// The maps cannot be read back.
    #[error("the maps cannot be read back")]
    Read(#[from] datapath::ReadError),
    /// The table cannot be compiled; nothing is programmed.
    #[error("the table cannot be compiled")]
    Compile(#[from] compile::CompileError),
    /// No safe way leads from the old table to the new one.
    #[error("the change cannot be planned")]
    Plan(#[from] plan::PlanError),
    /// A write failed; the ones before it stand.
    #[error("a write failed")]
    Perform(#[from] datapath::PerformError),
    /// Events cannot be read.
    #[error("events cannot be read")]
    Events(#[from] datapath::EventsError),
    /// The pins cannot be removed.
    #[error("the pins cannot be removed")]
    Remove(#[from] datapath::RemoveError),
}

/// The datapaths of all nodes.
#[derive(Debug)]
pub(crate) struct Enforcement {
    nodes: Vec<NodeEnforcement>,
    /// The record of flows, where somebody wants one.
    flows: Option<FlowLog>,
}

#[derive(Debug)]
struct NodeEnforcement {
    name: String,
    netns: PathBuf,
    instance: Instance,
    listening: Listening,
    slots: Slots,
    /// Interface and cookie of the namespace of every pod.
    attached: BTreeMap<String, (u32, u64)>,
    compiled: Option<Compiled>,
    containers: Containers,
}

impl Enforcement {
    /// Loads the programs of every node.
    pub(crate) fn open(lab: &LabName, fabric: &Fabric) -> Result<Self, LabError> {
        let open = |(index, site): (usize, &NodeSite)| {
            let node = NodeEnforcement::open(lab, site, &fabric.node_cgroup(index));
            node.map_err(at(&site.wanted.name))
        };
        let nodes = fabric.nodes.iter().enumerate().map(open).collect::<Result<_, _>>()?;
        Ok(Self { nodes, flows: None })
    }

    /// Attaches every pod that is not attached yet.
    pub(crate) fn attach(&mut self, fabric: &Fabric, world: &World) -> Result<(), LabError> {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let name = node.name.clone();
            let pods = fabric.pods.iter().filter(|(_, pod)| pod.wanted.node == index);
            let pods: Vec<(&String, &PodSite)> = pods.collect();
            node.slots.update(world, Scope::Node(&name));
            node.attach(&pods, world).map_err(at(&name))?;
        }
        Ok(())
    }

    /// Detaches pods that are gone. What was said until then is about the world before.
    pub(crate) fn detach(
        &mut self,
        gone: &[(String, usize)],
        before: &Scene,
    ) -> Result<(), LabError> {
        self.listen(before)?;
        for (name, node) in gone {
            let Some(node) = self.nodes.get_mut(*node) else { continue };
            let ended = node.detach(name).map_err(at(&node.name))?;
            note(&mut self.flows, node, before, &ended)?;
        }
        Ok(())
    }

    /// Compiles every node's table and leads its maps there.
    pub(crate) fn program(&mut self, world: &World, rules: &Rules) -> Result<(), LabError> {
        self.nodes.iter_mut().try_for_each(|node| {
            let name = node.name.clone();
            node.program(world, rules).map_err(at(&name))
        })
    }

    /// What all kernels said since the last call, and what it means.
    pub(crate) fn events(&mut self, scene: &Scene) -> Result<Vec<Testimony>, LabError> {
        let mut testimonies = Vec::new();
        for node in &mut self.nodes {
            let events = node.events().map_err(at(&node.name))?;
            testimonies.extend(events.iter().filter_map(|event| node.testimony(event)));
            note(&mut self.flows, node, scene, &events)?;
        }
        Ok(testimonies)
    }

    /// Keeps a record of flows from now on.
    pub(crate) fn keep_flows(&mut self) {
        self.flows.get_or_insert_default();
    }

    /// Hears what all kernels said since the last call, for the record alone.
    pub(crate) fn listen(&mut self, scene: &Scene) -> Result<(), LabError> {
        match self.flows {
            Some(_) => self.events(scene).map(drop),
            None => Ok(()),
        }
    }

    /// What the record holds; see [`FlowLog::read`].
    pub(crate) fn flows(&self, from: u64, filter: &FlowFilter, most: usize) -> Flows {
        self.flows.as_ref().map(|log| log.read(from, filter, most)).unwrap_or_default()
    }
}

/// Adds events of a node to the record, if one is kept.
fn note(
    log: &mut Option<FlowLog>,
    node: &mut NodeEnforcement,
    scene: &Scene,
    events: &[Event],
) -> Result<(), LabError> {
    let Some(log) = log else { return Ok(()) };
    node.containers.know(events);
    let naming = Naming {
        node: &node.name,
        world: &scene.world,
        rules: &scene.rules,
        compiled: node.compiled.as_ref(),
        containers: &node.containers,
        now_ns: now_ns().map_err(at(&node.name))?,
    };
    events.iter().filter_map(|event| naming.record(event)).for_each(|record| log.push(record));
    Ok(())
}

impl NodeEnforcement {
    fn open(lab: &LabName, site: &NodeSite, cgroup: &Path) -> Result<Self, EnforceError> {
        datapath::ensure_bpffs()?;
        let mut config = Config::new(lab.node_pins(&site.wanted.name));
        let cookie = netns::within(&site.netns, datapath::netns_cookie)?;
        config.node_namespace = Some(cookie);
        // Every probe is to have its event, also one that is denied as another was just now.
        config.lifetimes.report_interval = Duration::ZERO;
        let mut instance = Instance::open(&config)?;
        std::fs::create_dir_all(cgroup)?;
        instance.attach_cgroup(cgroup)?;
        instance.set_node_addresses(&site.wanted.addresses)?;
        Ok(Self {
            name: site.wanted.name.clone(),
            netns: site.netns.clone(),
            listening: Listening::start(instance.events()?),
            instance,
            slots: Slots::default(),
            attached: BTreeMap::new(),
            compiled: None,
            containers: Containers::below(cgroup),
        })
    }

    fn attach(&mut self, pods: &[(&String, &PodSite)], world: &World) -> Result<(), EnforceError> {
        let Self { instance, slots, attached, netns, .. } = self;
        netns::within(netns, || {
            for (name, site) in pods {
                let pod = world.pods().map(|(_, pod)| pod).find(|pod| pod.to_string() == **name);
                let slot = pod.and_then(|pod| slots.get(pod));
                let (Some(plug), Some(slot)) = (&site.plug, slot) else { continue };
                if !attached.contains_key(*name) {
                    let record = interface(plug, slot);
                    let cookie = netns::within(&plug.leaf, datapath::netns_cookie)?;
                    instance.set_pod(cookie, record)?;
                    instance.attach(plug.index(), record)?;
                    attached.insert((*name).clone(), (plug.index(), cookie));
                }
            }
            Ok(())
        })
    }

    /// Before its slot is another's. Returns the connections that end with it.
    fn detach(&mut self, pod: &str) -> Result<Vec<Event>, EnforceError> {
        let Some((interface, cookie)) = self.attached.remove(pod) else { return Ok(Vec::new()) };
        self.instance.remove_pod(cookie)?;
        Ok(self.instance.detach(interface, now_ns()?)?)
    }

    fn program(&mut self, world: &World, rules: &Rules) -> Result<(), EnforceError> {
        let compiled = compile::compile(world, rules, &self.slots)?;
        let observed = self.instance.observe()?;
        self.instance.perform(&plan::plan(&observed, &compiled.image)?)?;
        self.compiled = Some(compiled);
        Ok(())
    }

    /// Expired connections are collected on the way, so that a long run finds room.
    fn events(&self) -> Result<Vec<Event>, EnforceError> {
        let collected = self.instance.collect(now_ns()?)?;
        Ok(self.listening.heard()?.into_iter().chain(collected).collect())
    }

    /// An event whose kind this lab does not know is no testimony, and so will be missed.
    fn testimony(&self, event: &Event) -> Option<Testimony> {
        Some(Testimony {
            key: FlowKey {
                source: event.source.into(),
                source_port: event.source_port,
                destination: event.destination.into(),
                destination_port: event.destination_port,
                protocol: event.protocol,
            },
            kind: EventKind::from_code(event.kind)?,
            direction: match event.direction {
                0 => Direction::Egress,
                _ => Direction::Ingress,
            },
            reason: self.reason(event),
        })
    }

    fn reason(&self, event: &Event) -> Option<Reason> {
        match event.rule {
            0 => Builtin::from_code(event.reason).map(Reason::Builtin),
            rule => self.compiled.as_ref()?.reason(rule).cloned(),
        }
    }
}

/// Removes the pins of all nodes of a lab; links go with them.
pub(crate) fn remove_pins(lab: &LabName) -> Result<(), LabError> {
    datapath::remove_pins(&lab.pins_dir()).map_err(|error| at("all")(error.into()))
}

/// The clock by which the kernel stamps connections.
fn now_ns() -> Result<u64, EnforceError> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_err(std::io::Error::from)?;
    Ok(u64::try_from(Duration::from(now).as_nanos()).unwrap_or(u64::MAX))
}

fn interface(plug: &Plug, endpoint: u32) -> Interface {
    let address = |v4: bool| plug.addresses.iter().find(|address| address.is_ipv4() == v4);
    let flag = |v4, flag| if address(v4).is_some() { flag } else { 0 };
    Interface {
        endpoint,
        flags: flag(true, interface_flags::IPV4) | flag(false, interface_flags::IPV6),
        ipv4: address(true).map_or_else(Address::default, |address| (*address).into()),
        ipv6: address(false).map_or_else(Address::default, |address| (*address).into()),
        mac: plug.leaf_mac().0,
        pad: [0; 2],
    }
}

fn at(node: &str) -> impl FnOnce(EnforceError) -> LabError + use<> {
    let node = node.to_owned();
    move |source| LabError::Enforce { node, source: Box::new(source) }
}
