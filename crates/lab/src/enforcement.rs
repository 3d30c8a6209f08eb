//! The enforcement of all nodes of the lab, and what their kernels say about its probes.
//!
//! Each node is enforced as a cluster's is; here are only the pods of the lab and its witnesses.

use std::net::IpAddr;
use std::time::Duration;

use abi::{Event, EventKind};
use datapath::Config;
use enforce::{EnforceError, Enforcer, EnforcerSettings, PodInterface};
use flows::{FlowFilter, FlowLog, Flows};
use model::{Direction, World};

use crate::container::NodeCgroup;
use crate::fabric::{Fabric, NodeSite, PodSite};
use crate::scene::Scene;
use crate::status::NodeStatus;
use crate::witness::{FlowKey, Testimony};
use crate::{LabError, LabName};

/// How many records of flows are kept.
const FLOWS_KEPT: usize = 65_536;

/// The enforcement of all nodes.
#[derive(Debug)]
pub(crate) struct Enforcement {
    nodes: Vec<Enforcer>,
    /// The record of flows, where somebody wants one.
    flows: Option<FlowLog>,
}

impl Enforcement {
    /// Loads the programs of every node.
    pub(crate) fn open(lab: &LabName, fabric: &Fabric) -> Result<Self, LabError> {
        let open = |(index, site): (usize, &NodeSite)| {
            let name = site.wanted.name.clone();
            let mut config = Config::new(lab.node_pins(&name));
            // Every probe is to have its event, also one that is denied as another was just now.
            config.lifetimes.report_interval = Duration::ZERO;
            let cgroup = fabric.node_cgroup(index);
            let node = Enforcer::open(EnforcerSettings {
                name: name.clone(),
                netns: site.netns.clone(),
                cgroup: cgroup.clone(),
                addresses: site.wanted.addresses.clone(),
                config,
                containers: Box::new(NodeCgroup(cgroup)),
            });
            node.map_err(at(&name))
        };
        let nodes = fabric.nodes.iter().enumerate().map(open).collect::<Result<_, _>>()?;
        Ok(Self { nodes, flows: None })
    }

    /// Attaches every pod that is not attached yet.
    pub(crate) fn attach(&mut self, fabric: &Fabric, world: &World) -> Result<(), LabError> {
        for (index, node) in self.nodes.iter_mut().enumerate() {
            let name = node.name().to_owned();
            node.follow(world, |id| Some(id.to_owned())).map_err(at(&name))?;
            let pods = fabric.pods.iter().filter(|(_, pod)| pod.wanted.node == index);
            let pods = pods.filter_map(|(name, pod)| interface(name, pod));
            let new: Vec<PodInterface> = pods.filter(|pod| !node.is_attached(&pod.id)).collect();
            node.attach(&new, world).map_err(at(&name))?;
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
        for (pod, node) in gone {
            let Some(node) = self.nodes.get_mut(*node) else { continue };
            let name = node.name().to_owned();
            let ended = node.detach(pod).map_err(at(&name))?;
            note(&mut self.flows, node, before, &ended)?;
        }
        Ok(())
    }

    /// Compiles every node's table and leads its maps there.
    pub(crate) fn program(&mut self, scene: &Scene) -> Result<(), LabError> {
        self.each(|node| node.program(scene.desired()))
    }

    /// The nodes whose own policy has to prove itself.
    pub(crate) fn on_trial(&self) -> Vec<usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(|(_, node)| node.is_on_trial()).map(|(at, _)| at).collect()
    }

    /// The agent of a node tried to reach its API server. Returns what there is to be told.
    pub(crate) fn tried(
        &mut self,
        node: usize,
        reached: bool,
        scene: &Scene,
    ) -> Result<Vec<String>, LabError> {
        let Some(node) = self.nodes.get_mut(node) else { return Ok(Vec::new()) };
        let name = node.name().to_owned();
        node.tried(reached, scene.desired()).map_err(at(&name))
    }

    /// Says lines with the next news of the first node.
    pub(crate) fn tell(&mut self, lines: &[String]) {
        if let Some(node) = self.nodes.first_mut() {
            lines.iter().for_each(|line| node.tell(line.clone()));
        }
    }

    /// What all kernels said since the last call, and what it means. Expired connections are collected
    /// on the way, so that a long run finds room.
    pub(crate) fn events(&mut self, scene: &Scene) -> Result<Vec<Testimony>, LabError> {
        let mut testimonies = Vec::new();
        for node in &mut self.nodes {
            let events = node.collected().and_then(|collected| {
                Ok(node.heard()?.into_iter().chain(collected).collect::<Vec<Event>>())
            });
            let events = events.map_err(at(node.name()))?;
            testimonies.extend(events.iter().filter_map(|event| testimony(node, event)));
            note(&mut self.flows, node, scene, &events)?;
        }
        Ok(testimonies)
    }

    /// Keeps a record of flows from now on.
    pub(crate) fn keep_flows(&mut self) {
        self.flows.get_or_insert_with(|| FlowLog::new(FLOWS_KEPT));
    }

    /// Hears what all kernels said since the last call, for the record alone. Nothing is collected,
    /// which would read whole tables.
    pub(crate) fn listen(&mut self, scene: &Scene) -> Result<(), LabError> {
        if self.flows.is_none() {
            return Ok(());
        }
        for node in &mut self.nodes {
            let heard = node.heard().map_err(at(node.name()))?;
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
        self.each(Enforcer::end_silent)
    }

    /// Collects what has ended, programs what could not be, and puts right what others did to the
    /// hooks. Returns the news.
    pub(crate) fn look_after(&mut self, scene: &Scene) -> Result<Vec<String>, LabError> {
        let mut news = Vec::new();
        for node in &mut self.nodes {
            let name = node.name().to_owned();
            let ended = node.collected().map_err(at(&name))?;
            note(&mut self.flows, node, scene, &ended)?;
            if node.is_behind() {
                node.program(scene.desired()).map_err(at(&name))?;
            }
            node.tell_processes(&scene.world).map_err(at(&name))?;
            let of_node = node.look_after().map_err(at(&name))?;
            news.extend(of_node.iter().map(|line| format!("node {name}: {line}")));
        }
        Ok(news)
    }

    /// Says which processes rules name, now that others run.
    pub(crate) fn tell_processes(&mut self, world: &World) -> Result<(), LabError> {
        self.each(|node| node.tell_processes(world))
    }

    /// What there is to say of each node.
    pub(crate) fn status(&self) -> Result<Vec<NodeStatus>, LabError> {
        self.nodes.iter().map(|node| node.status().map_err(at(node.name()))).collect()
    }

    fn each(
        &mut self,
        mut work: impl FnMut(&mut Enforcer) -> Result<(), EnforceError>,
    ) -> Result<(), LabError> {
        self.nodes.iter_mut().try_for_each(|node| work(node).map_err(at(node.name())))
    }
}

/// Adds events of a node to the record, if one is kept.
fn note(
    log: &mut Option<FlowLog>,
    node: &mut Enforcer,
    scene: &Scene,
    events: &[Event],
) -> Result<(), LabError> {
    let Some(log) = log else { return Ok(()) };
    let records = node.records(events, &scene.world, &scene.rules);
    records.map_err(at(node.name()))?.into_iter().for_each(|record| log.push(record));
    Ok(())
}

/// An event whose kind this lab does not know is no testimony, and so will be missed.
fn testimony(node: &Enforcer, event: &Event) -> Option<Testimony> {
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
        reason: enforce::reason(node.compiled(), event.rule, event.reason),
    })
}

/// Nothing for a pod on its node's network.
fn interface(name: &str, site: &PodSite) -> Option<PodInterface> {
    let plug = site.plug.as_ref()?;
    let addresses: Vec<IpAddr> = plug.addresses.clone();
    Some(PodInterface {
        id: name.to_owned(),
        pod: Some(name.to_owned()),
        netns: plug.leaf.clone(),
        index: plug.index(),
        mac: plug.leaf_mac().0,
        addresses,
        flags: 0,
        is_adopted: site.runs(),
    })
}

/// Removes the pins of all nodes of a lab; links go with them.
pub(crate) fn remove_pins(lab: &LabName) -> Result<(), LabError> {
    datapath::remove_pins(&lab.pins_dir()).map_err(|error| at("all")(error.into()))
}

fn at(node: &str) -> impl FnOnce(EnforceError) -> LabError + use<> {
    let node = node.to_owned();
    move |source| LabError::Enforce { node, source: Box::new(source) }
}
