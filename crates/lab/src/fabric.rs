//! The network and the processes of a lab as they are now, and how they follow what is wanted.
//!
//! Pods that did not change keep their namespace, their processes and their connections.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::thread;

use futures::future::try_join_all;

use enforce::netns;

use crate::link::{self, Plug, SIDE, Step};
use crate::message::{Duty, Listener};
use crate::process::{Helper, HelperProgram};
use crate::state::{LabState, PodState};
use crate::wanted::{Wanted, WantedNode, WantedPod};
use crate::{LabError, LabName, cgroup};

/// How many namespaces are made at the same time.
const AT_ONCE: usize = 8;
const LOOPBACK: u32 = 1;

/// A pod that is there.
#[derive(Debug)]
pub(crate) struct PodSite {
    pub(crate) wanted: WantedPod,
    /// None for host-network pods.
    pub(crate) plug: Option<Plug>,
    helpers: Vec<Helper>,
}

impl PodSite {
    /// Whether its processes run, and so may have connections.
    pub(crate) fn runs(&self) -> bool {
        !self.helpers.is_empty()
    }
}

/// A node that is there.
#[derive(Debug)]
pub(crate) struct NodeSite {
    pub(crate) wanted: WantedNode,
    pub(crate) netns: PathBuf,
    plug: Plug,
    helper: Option<Helper>,
}

/// Everything that is there.
#[derive(Debug)]
pub(crate) struct Fabric {
    lab: LabName,
    program: HelperProgram,
    cgroup: PathBuf,
    pub(crate) nodes: Vec<NodeSite>,
    pub(crate) pods: BTreeMap<String, PodSite>,
    outside: Vec<IpAddr>,
    outside_listeners: Vec<Listener>,
    outside_helper: Option<Helper>,
    next_pod: u32,
}

/// Who sends a probe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sender {
    /// A pod by namespace and name.
    Pod(String),
    /// A node by its position.
    Node(usize),
    /// Any address outside.
    Outside,
}

impl Fabric {
    /// The nodes and the outside, without a pod or a process.
    pub(crate) fn lay(
        lab: &LabName,
        program: HelperProgram,
        wanted: &Wanted,
    ) -> Result<Self, LabError> {
        let dir = lab.netns_dir();
        fs::create_dir_all(&dir).map_err(crate::error::state("make", dir))?;
        let cgroup = cgroup::of_lab(lab).map_err(crate::error::state("find", "/sys/fs/cgroup"))?;
        make_netns(&lab.outside_netns())?;
        perform(&lab.outside_netns(), &Plug::router_base(SIDE.node))?;
        let mut fabric = Self {
            lab: lab.clone(),
            program,
            cgroup,
            nodes: Vec::new(),
            pods: BTreeMap::new(),
            outside: Vec::new(),
            outside_listeners: Vec::new(),
            outside_helper: None,
            next_pod: 0,
        };
        for (number, node) in (0..).zip(&wanted.nodes) {
            fabric.add_node(number, node)?;
        }
        Ok(fabric)
    }

    fn add_node(&mut self, number: u32, wanted: &WantedNode) -> Result<(), LabError> {
        let leaf = self.lab.node_netns(&wanted.name);
        make_netns(&leaf)?;
        let addresses = wanted.addresses.clone();
        let plug = Plug { number, side: SIDE.node, leaf: leaf.clone(), addresses };
        perform(&self.lab.outside_netns(), &plug.router_steps(&[]))?;
        perform(&leaf, &plug.leaf_steps())?;
        perform(&leaf, &Plug::router_base(SIDE.pod))?;
        let wanted = WantedNode { listeners: Vec::new(), ..wanted.clone() };
        self.nodes.push(NodeSite { wanted, netns: leaf, plug, helper: None });
        Ok(())
    }

    /// Makes the network as wanted: what differs goes first, then what is new comes. Processes of
    /// new pods do not start yet. Returns the pods that are gone and their nodes' positions.
    pub(crate) async fn follow(
        &mut self,
        wanted: &Wanted,
    ) -> Result<Vec<(String, usize)>, LabError> {
        let gone = self.remove_pods(wanted).await?;
        self.remove_outside(&wanted.outside)?;
        let new: Vec<(String, WantedPod)> = wanted
            .pods
            .iter()
            .filter(|(name, _)| !self.pods.contains_key(*name))
            .map(|(name, pod)| (name.clone(), pod.clone()))
            .collect();
        self.add_pods(new)?;
        self.add_outside(&wanted.outside)?;
        Ok(gone)
    }

    async fn remove_pods(&mut self, wanted: &Wanted) -> Result<Vec<(String, usize)>, LabError> {
        let stays = |name: &String, pod: &PodSite| wanted.pods.get(name) == Some(&pod.wanted);
        let names: Vec<String> = self
            .pods
            .iter()
            .filter(|(name, pod)| !stays(name, pod))
            .map(|(n, _)| n.clone())
            .collect();
        let mut gone = Vec::new();
        for name in names {
            let Some(pod) = self.pods.remove(&name) else { continue };
            for helper in pod.helpers {
                helper.end().await;
            }
            if let Some(plug) = &pod.plug {
                self.unplug(plug, pod.wanted.node)?;
            }
            gone.push((name, pod.wanted.node));
        }
        Ok(gone)
    }

    fn unplug(&self, plug: &Plug, node: usize) -> Result<(), LabError> {
        if let Some(site) = self.nodes.get(node) {
            let behind = plug.addresses.iter().map(|address| site.plug.behind(*address));
            perform(&self.lab.outside_netns(), &behind.map(Step::NoRoute).collect::<Vec<_>>())?;
            perform(&site.netns, &[Step::NoLink { index: plug.index() }])?;
        }
        netns::remove(&plug.leaf).map_err(crate::error::state("remove", &plug.leaf))
    }

    fn add_pods(&mut self, new: Vec<(String, WantedPod)>) -> Result<(), LabError> {
        let mut sites = Vec::new();
        for (name, wanted) in new {
            let plug = (!wanted.host_network).then(|| self.next_plug(&wanted));
            sites.push((name, PodSite { wanted, plug, helpers: Vec::new() }));
        }
        let plugs: Vec<&Plug> = sites.iter().filter_map(|(_, site)| site.plug.as_ref()).collect();
        in_parallel(&plugs, |plug| make_netns(&plug.leaf))?;
        let nodes: Vec<usize> = (0..self.nodes.len()).collect();
        in_parallel(&nodes, |node| self.plug_in(*node, &sites))?;
        in_parallel(&plugs, |plug| perform(&plug.leaf, &plug.leaf_steps()))?;
        self.pods.extend(sites);
        Ok(())
    }

    fn next_plug(&mut self, wanted: &WantedPod) -> Plug {
        let number = self.next_pod;
        self.next_pod += 1;
        let (leaf, addresses) = (self.lab.pod_netns(number), wanted.addresses.clone());
        Plug { number, side: SIDE.pod, leaf, addresses }
    }

    fn plug_in(&self, node: usize, sites: &[(String, PodSite)]) -> Result<(), LabError> {
        let Some(site) = self.nodes.get(node) else { return Ok(()) };
        let here = || {
            let here = sites.iter().filter(move |(_, pod)| pod.wanted.node == node);
            here.filter_map(|(_, pod)| pod.plug.as_ref())
        };
        let own = &site.wanted.addresses;
        let steps: Vec<Step> = here().flat_map(|plug| plug.router_steps(own)).collect();
        perform(&site.netns, &steps)?;
        let addresses = here().flat_map(|plug| &plug.addresses);
        let behind: Vec<Step> =
            addresses.map(|address| Step::Route(site.plug.behind(*address))).collect();
        perform(&self.lab.outside_netns(), &behind)
    }

    /// An address may be a pod's next, and must not be answered for outside then.
    fn remove_outside(&mut self, wanted: &[IpAddr]) -> Result<(), LabError> {
        let (stay, gone): (Vec<IpAddr>, Vec<IpAddr>) =
            self.outside.iter().partition(|address| wanted.contains(address));
        let remove = |&address: &IpAddr| Step::NoAddress { index: LOOPBACK, address };
        perform(&self.lab.outside_netns(), &gone.iter().map(remove).collect::<Vec<_>>())?;
        self.outside = stay;
        Ok(())
    }

    fn add_outside(&mut self, wanted: &[IpAddr]) -> Result<(), LabError> {
        let new = wanted.iter().copied().filter(|address| !self.outside.contains(address));
        let new: Vec<IpAddr> = new.collect();
        let add = |&address: &IpAddr| Step::Address { index: LOOPBACK, address, link_local: false };
        perform(&self.lab.outside_netns(), &new.iter().map(add).collect::<Vec<_>>())?;
        self.outside.extend(new);
        Ok(())
    }

    /// The pods whose processes do not run yet.
    pub(crate) fn unpopulated(&self) -> impl Iterator<Item = String> {
        let pods = self.pods.iter().filter(|(_, pod)| pod.helpers.is_empty());
        pods.map(|(name, _)| name.clone())
    }

    /// Starts every process that is not there yet, all at once, and those whose listeners changed.
    pub(crate) async fn populate(&mut self, wanted: &Wanted) -> Result<(), LabError> {
        self.end_changed(wanted).await;
        let mut starts = Vec::new();
        for (name, pod) in self.pods.iter().filter(|(_, pod)| pod.helpers.is_empty()) {
            let netns = pod.plug.as_ref().map(|plug| plug.leaf.clone());
            let netns = netns.or_else(|| Some(self.nodes.get(pod.wanted.node)?.netns.clone()));
            let Some(netns) = netns else { continue };
            for (container, listeners) in &pod.wanted.containers {
                let cgroup = self.pod_cgroup(name, pod.wanted.node).join(container);
                let duty = Duty { netns: netns.clone(), cgroup, listeners: listeners.clone() };
                starts.push((Sender::Pod(name.clone()), duty));
            }
        }
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.helper.is_none()) {
            let cgroup = self.node_cgroup(at).join("node");
            let listeners = node.wanted.listeners.clone();
            starts.push((Sender::Node(at), Duty { netns: node.netns.clone(), cgroup, listeners }));
        }
        if self.outside_helper.is_none() {
            let (netns, cgroup) = (self.lab.outside_netns(), self.cgroup.join("outside"));
            let listeners = self.outside_listeners.clone();
            starts.push((Sender::Outside, Duty { netns, cgroup, listeners }));
        }
        self.start(starts).await
    }

    async fn end_changed(&mut self, wanted: &Wanted) {
        for (node, wanted) in self.nodes.iter_mut().zip(&wanted.nodes) {
            if node.wanted.listeners != wanted.listeners {
                node.wanted.listeners.clone_from(&wanted.listeners);
                if let Some(helper) = node.helper.take() {
                    helper.end().await;
                }
            }
        }
        if self.outside_listeners != wanted.outside_listeners {
            self.outside_listeners.clone_from(&wanted.outside_listeners);
            if let Some(helper) = self.outside_helper.take() {
                helper.end().await;
            }
        }
    }

    async fn start(&mut self, starts: Vec<(Sender, Duty)>) -> Result<(), LabError> {
        let program = &self.program;
        let started = starts.into_iter().map(|(sender, duty)| async move {
            let who = duty.cgroup.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let who = format!("{sender:?} {who}");
            Ok::<_, LabError>((sender, Helper::start(program, who, &duty).await?))
        });
        for (sender, helper) in try_join_all(started).await? {
            match sender {
                Sender::Pod(name) => {
                    if let Some(pod) = self.pods.get_mut(&name) {
                        pod.helpers.push(helper);
                    }
                }
                Sender::Node(at) => {
                    if let Some(node) = self.nodes.get_mut(at) {
                        node.helper = Some(helper);
                    }
                }
                Sender::Outside => self.outside_helper = Some(helper),
            }
        }
        Ok(())
    }

    /// The cgroup of everything on a node, which translates Services for it.
    pub(crate) fn node_cgroup(&self, node: usize) -> PathBuf {
        let name = self.nodes.get(node).map_or("", |node| node.wanted.name.as_str());
        self.cgroup.join(format!("n.{name}"))
    }

    fn pod_cgroup(&self, name: &str, node: usize) -> PathBuf {
        self.node_cgroup(node).join(name.replace('/', "."))
    }

    /// Where everything is.
    pub(crate) fn state(&self, name: &LabName) -> LabState {
        let pods = self.pods.iter().filter_map(|(pod, site)| {
            let node = self.nodes.get(site.wanted.node)?;
            let netns = site.plug.as_ref().map_or(&node.netns, |plug| &plug.leaf);
            Some(PodState {
                pod: pod.clone(),
                node: node.wanted.name.clone(),
                addresses: site.wanted.addresses.clone(),
                netns: netns.clone(),
                cgroup: self
                    .pod_cgroup(pod, site.wanted.node)
                    .join(&site.wanted.containers.first()?.0),
            })
        });
        let agent = std::process::id();
        LabState { name: name.to_string(), agent, paths: Vec::new(), pods: pods.collect() }
    }

    /// The process that sends for each sender: a pod's first container.
    pub(crate) fn helpers(&mut self) -> BTreeMap<Sender, &mut Helper> {
        let pods = self
            .pods
            .iter_mut()
            .filter_map(|(name, pod)| Some((Sender::Pod(name.clone()), pod.helpers.first_mut()?)));
        let nodes = self.nodes.iter_mut().enumerate();
        let nodes = nodes.filter_map(|(at, node)| Some((Sender::Node(at), node.helper.as_mut()?)));
        let outside = self.outside_helper.as_mut().map(|helper| (Sender::Outside, helper));
        pods.chain(nodes).chain(outside).collect()
    }
}

fn make_netns(path: &Path) -> Result<(), LabError> {
    netns::create(path, link::prepare).map_err(crate::error::state("make the namespace", path))
}

fn perform(netns: &Path, steps: &[Step]) -> Result<(), LabError> {
    match steps.is_empty() {
        true => Ok(()),
        false => link::perform(netns, steps)
            .map_err(|source| LabError::Link { netns: netns.to_owned(), source }),
    }
}

/// Does `work` for all items on a few threads; the first error wins.
fn in_parallel<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), LabError> + Sync,
) -> Result<(), LabError> {
    let part = items.len().div_ceil(AT_ONCE).max(1);
    thread::scope(|scope| {
        let work = &work;
        let parts = items.chunks(part);
        let running: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().try_for_each(work))).collect();
        let lost = |_| Err(LabError::Runtime(std::io::ErrorKind::Interrupted.into()));
        running.into_iter().try_for_each(|running| running.join().unwrap_or_else(lost))
    })
}
