//! One datapath per node of the lab: opened, attached, programmed and listened to.
//!
//! It is the same order as on a cluster's node: a pod's hooks are attached while its endpoint has
//! no sets, which is quarantine; what is compiled for its node follows.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use abi::{Address, Event, EventKind, Interface, interface_flags};
use compile::Scope;
use datapath::{Config, Instance};
use model::{Direction, World};
use node::Node;

use crate::clock::{adoption_end_ns, now_ns};
use crate::container::Containers;
use crate::fabric::{Fabric, NodeSite, PodSite};
use crate::flow::{FlowFilter, FlowLog, Flows, Naming};
use crate::guard::{Guard, Interfaces};
use crate::host::HostPolicy;
use crate::link::Plug;
use crate::listen::Listening;
use crate::scene::Scene;
use crate::silent::{self, Place};
use crate::status::{AlarmStatus, NodeStatus};
use crate::witness::{self, FlowKey, Testimony};
use crate::{LabError, LabName, growth, netns, rule_use};

mod program;

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
    /// The policies cannot be programmed; what was enforced is.
    #[error("the policies cannot be programmed")]
    Program(#[from] node::ProgramError<Instance>),
    /// Sockets cannot be ended.
    #[error("sockets whose connections are cut cannot be ended")]
    Sockets(#[from] datapath::SocketsError),
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
    /// What is programmed.
    table: Node,
    addresses: Vec<IpAddr>,
    /// By pod.
    attached: BTreeMap<String, Attached>,
    guard: Guard,
    containers: Containers,
    host: HostPolicy,
    /// The kernel refused larger tables.
    cannot_grow: bool,
}

/// A pod whose hooks are attached.
#[derive(Debug)]
struct Attached {
    interface: u32,
    /// Of its network namespace.
    cookie: u64,
    place: Place,
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
            node.table.follow(world, Scope::Node(&name));
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

    /// Hears what all kernels said since the last call, for the record alone. Nothing is collected,
    /// which would read whole tables.
    pub(crate) fn listen(&mut self, scene: &Scene) -> Result<(), LabError> {
        if self.flows.is_none() {
            return Ok(());
        }
        for node in &mut self.nodes {
            let heard = node.heard().map_err(at(&node.name))?;
            note(&mut self.flows, node, scene, &heard)?;
        }
        Ok(())
    }

    /// What the record holds; see [`FlowLog::read`].
    pub(crate) fn flows(&self, from: u64, filter: &FlowFilter, most: usize) -> Flows {
        self.flows.as_ref().map(|log| log.read(from, filter, most)).unwrap_or_default()
    }

    /// Ends silent connections that the tables at hand cut. Where a kernel cannot, that is news.
    pub(crate) fn end_silent(&mut self) -> Result<(), LabError> {
        self.nodes.iter_mut().try_for_each(|node| node.end_silent().map_err(at(&node.name)))
    }

    /// Collects what has ended, programs what could not be, and puts right what others did to the
    /// hooks. Returns the news.
    pub(crate) fn look_after(&mut self, scene: &Scene) -> Result<Vec<String>, LabError> {
        let mut news = Vec::new();
        for node in &mut self.nodes {
            let ended = node.collected().map_err(at(&node.name))?;
            note(&mut self.flows, node, scene, &ended)?;
            if node.table.is_behind() {
                node.program(scene).map_err(at(&node.name))?;
            }
            node.tell_processes(&scene.world).map_err(at(&node.name))?;
            let of_node = node.look_after().map_err(at(&node.name))?;
            news.extend(of_node.iter().map(|line| format!("node {}: {line}", node.name)));
        }
        Ok(news)
    }

    /// Says which processes rules name, now that others run.
    pub(crate) fn tell_processes(&mut self, world: &World) -> Result<(), LabError> {
        let nodes = self.nodes.iter_mut();
        nodes.into_iter().try_for_each(|node| node.tell_processes(world).map_err(at(&node.name)))
    }

    /// What there is to say of each node.
    pub(crate) fn status(&self) -> Result<Vec<NodeStatus>, LabError> {
        self.nodes.iter().map(|node| node.status().map_err(at(&node.name))).collect()
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
        compiled: node.table.compiled(),
        containers: &node.containers,
        instance: &node.instance,
        now_ns: now_ns().map_err(EnforceError::from).map_err(at(&node.name))?,
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
        instance.attach_host(cgroup)?;
        instance.set_node_addresses(&site.wanted.addresses)?;
        let mut guard = Guard::start(&instance)?;
        guard.tell_what_is_lacking(&instance);
        Ok(Self {
            name: site.wanted.name.clone(),
            netns: site.netns.clone(),
            listening: Listening::start(instance.events()?),
            guard,
            instance,
            table: Node::default(),
            addresses: site.wanted.addresses.clone(),
            attached: BTreeMap::new(),
            containers: Containers::below(cgroup),
            host: HostPolicy::default(),
            cannot_grow: false,
        })
    }

    fn attach(&mut self, pods: &[(&String, &PodSite)], world: &World) -> Result<(), EnforceError> {
        let Self { instance, table, attached, netns, .. } = self;
        netns::within(netns, || {
            for (name, site) in pods {
                let pod = world.pods().map(|(_, pod)| pod).find(|pod| pod.to_string() == **name);
                let slot = pod.and_then(|pod| table.slots().get(pod));
                let (Some(plug), Some(slot)) = (&site.plug, slot) else { continue };
                if !attached.contains_key(*name) {
                    // What a pod began before its programs came is not to end with them.
                    let adopted_until_ns = if site.runs() { adoption_end_ns()? } else { 0 };
                    let record = Interface { adopted_until_ns, ..interface(plug, slot) };
                    let cookie = netns::within(&plug.leaf, datapath::netns_cookie)?;
                    instance.set_pod(cookie, record)?;
                    instance.attach(plug.index(), record)?;
                    let place = Place { endpoint: Some(slot), netns: plug.leaf.clone() };
                    let interface = plug.index();
                    attached.insert((*name).clone(), Attached { interface, cookie, place });
                }
            }
            Ok(())
        })
    }

    /// Before its slot is another's. Returns the connections that end with it.
    fn detach(&mut self, pod: &str) -> Result<Vec<Event>, EnforceError> {
        let Some(pod) = self.attached.remove(pod) else { return Ok(Vec::new()) };
        let Self { instance, netns, .. } = self;
        instance.remove_pod(pod.cookie)?;
        netns::within(netns, || Ok(instance.detach(pod.interface, now_ns()?)?))
    }

    fn end_silent(&mut self) -> Result<(), EnforceError> {
        let Some(compiled) = self.table.compiled() else { return Ok(()) };
        let places = self.attached.values().map(|pod| pod.place.clone());
        let endpoint = compiled.hosts.values().next().copied();
        let of_node = Place { endpoint, netns: self.netns.clone() };
        let places: Vec<Place> = places.chain([of_node]).collect();
        match silent::end_silent(&self.instance, &compiled.image, &self.addresses, &places) {
            Err(error) if silent::is_unsupported(&error) => {
                self.guard.tell(crate::error::chain(&error));
                Ok(())
            }
            ended => ended.map(drop),
        }
    }

    fn look_after(&mut self) -> Result<Vec<String>, EnforceError> {
        if !self.cannot_grow {
            let Self { instance, netns, guard, .. } = self;
            self.cannot_grow = growth::grow_connections(instance, netns, guard)?.is_none();
        }
        let interfaces = self.interfaces();
        let Self { instance, guard, netns, .. } = self;
        Ok(netns::within(netns, || Ok::<_, std::io::Error>(guard.look(instance, &interfaces)))?)
    }

    fn status(&self) -> Result<NodeStatus, EnforceError> {
        let interfaces = self.interfaces();
        let Self { name, instance, guard, netns, .. } = self;
        let mut status = netns::within(netns, || guard.status(name, instance, &interfaces))?;
        status.host = self.host.status();
        if let Some(compiled) = self.table.compiled() {
            status.rules = rule_use::of(instance, compiled)?;
            status.alarms.extend(compiled.unstaged.as_ref().map(AlarmStatus::unstaged));
        }
        Ok(status)
    }

    fn interfaces(&self) -> Interfaces {
        let attached = self.attached.iter();
        attached.map(|(pod, attached)| (pod.clone(), attached.interface)).collect()
    }

    /// Expired connections are collected on the way, so that a long run finds room.
    fn events(&self) -> Result<Vec<Event>, EnforceError> {
        let collected = self.collected()?;
        Ok(self.heard()?.into_iter().chain(collected).collect())
    }

    fn heard(&self) -> Result<Vec<Event>, EnforceError> {
        Ok(self.listening.heard()?)
    }

    fn collected(&self) -> Result<Vec<Event>, EnforceError> {
        Ok(self.instance.collect(now_ns()?)?)
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
            reason: witness::reason(self.table.compiled(), event.rule, event.reason),
        })
    }
}

/// Removes the pins of all nodes of a lab; links go with them.
pub(crate) fn remove_pins(lab: &LabName) -> Result<(), LabError> {
    datapath::remove_pins(&lab.pins_dir()).map_err(|error| at("all")(error.into()))
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
        adopted_until_ns: 0,
    }
}

fn at(node: &str) -> impl FnOnce(EnforceError) -> LabError + use<> {
    let node = node.to_owned();
    move |source| LabError::Enforce { node, source: Box::new(source) }
}
