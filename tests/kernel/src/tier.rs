//! T2: what the programs say of a flow, to be compared with the oracle.
//!
//! Each end of a flow is one packet at one hook. The answer is the packet's fate *and* the event that
//! names the reason; neither alone counts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use abi::{Event, EventKind, Maker, verdict_code};
use compile::{CompileError, Compiled, Image, Scope, Slots, compile};
use datapath::Direction;
use model::{
    Builtin, End, Flow, Judgement, NodeId, Origin, Process, Reason, Rules, Traffic, World,
};
use plan::{Op, PlanError, plan};
use thiserror::Error;

use crate::first_packet::first_packet;
use crate::interface::{interface, mac};
use crate::{Bench, BenchError, Outcome};

/// Where all executables of the bench are.
const DEVICE: u32 = 7;

/// What a test run cannot show, so it is left to T1 and T3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprobeable {
    /// Translation needs sockets.
    Translated,
    /// An end has no address.
    NoAddress,
    /// A group never sends; a packet that says so is unparsable whatever policies say.
    FromGroup,
}

/// What the programs said of one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The packet's fate and why.
    pub judgement: Judgement,
    /// What it would have been if staged policies were enforced, where something is staged (ruling
    /// N37).
    pub staged: Option<Judgement>,
    /// Whether a connection that exists would live on (ruling N25).
    pub keeps_existing: bool,
}

/// A world could not be put on the bench.
#[derive(Debug, Error)]
pub enum TierError {
    /// The bench.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The table.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The way there.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The maps could not be read back.
    #[error(transparent)]
    Read(#[from] datapath::ReadError),
    /// A map could not be written.
    #[error(transparent)]
    Table(#[from] datapath::TableError),
    /// An interface could not be written.
    #[error(transparent)]
    Attach(#[from] datapath::AttachError),
    /// The clock could not be read.
    #[error(transparent)]
    Clock(#[from] std::io::Error),
}

/// A world on the bench.
#[derive(Debug)]
pub struct Tier {
    bench: Bench,
    compiled: Compiled,
    slots: Slots,
    /// The nodes whose packets are judged.
    hosts: BTreeMap<NodeId, u32>,
    world: World,
    packets: u16,
    /// The number of a container's cgroup, by its pod's slot and its name.
    containers: BTreeMap<(u32, String), u32>,
    /// The inode of an executable, by its path.
    executables: BTreeMap<String, u64>,
}

impl Tier {
    /// A bench that knows nobody.
    ///
    /// # Errors
    /// Where the kernel or the compiler refuses.
    pub fn new() -> Result<Self, TierError> {
        let (world, slots) = (World::default(), Slots::default());
        let compiled = compile(&world, &Rules::default(), &slots)?;
        Ok(Self {
            bench: Bench::new()?,
            compiled,
            slots,
            hosts: BTreeMap::new(),
            world,
            packets: 1024,
            containers: BTreeMap::new(),
            executables: BTreeMap::new(),
        })
    }

    /// Leads the bench to the next world and rules, through the kernel's own state.
    ///
    /// # Errors
    /// Where the kernel or the compiler refuses.
    pub fn step(&mut self, world: &World, rules: &Rules) -> Result<(), TierError> {
        self.slots.keep_subjects(&self.observe()?.subjects);
        self.slots.update(world, Scope::Everywhere);
        self.compiled = compile(world, rules, &self.slots)?;
        self.world = world.clone();
        self.forget()?;
        self.program()
    }

    /// As [`Tier::step`] for other rules of the same world, in steps: each is one write of those that
    /// `is_loud` picks, after the silent ones before it. `after` is called after each step and says
    /// whether to go on. Returns how many writes there are.
    ///
    /// A node is judged from before the first write on where rules speak for it afterwards, and until
    /// after the last where they spoke for it before, as a lab does it.
    ///
    /// # Errors
    /// Where the kernel or the compiler refuses.
    pub fn cross(
        &mut self,
        rules: &Rules,
        is_loud: impl Fn(&Op) -> bool,
        mut after: impl FnMut(&mut Self, usize, &Op) -> bool,
    ) -> Result<usize, TierError> {
        self.forget()?;
        let observed = self.bench.instance().observe()?;
        self.slots.keep_subjects(&observed.subjects);
        self.compiled = compile(&self.world, rules, &self.slots)?;
        self.hosts.extend(self.compiled.hosts.clone());
        self.tell_processes()?;
        let ops = plan(&observed, &self.compiled.image)?;
        let loud: Vec<usize> =
            (0..ops.len()).filter(|at| ops.get(*at).is_some_and(&is_loud)).collect();
        let mut done = 0;
        for (step, at) in loud.into_iter().enumerate() {
            self.bench.perform(ops.get(done..=at).unwrap_or_default())?;
            done = at + 1;
            if ops.get(at).is_some_and(|op| !after(self, step, op)) {
                return Ok(ops.len());
            }
        }
        self.bench.perform(ops.get(done..).unwrap_or_default())?;
        self.hosts.clone_from(&self.compiled.hosts);
        Ok(ops.len())
    }

    /// Everything that the kernel's maps hold of the table.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub fn observe(&self) -> Result<Image, TierError> {
        Ok(self.bench.instance().observe()?)
    }

    /// Whether a new flow passes the hooks of both ends, as far as these are pods.
    ///
    /// # Errors
    /// Where the kernel refuses the packet.
    pub fn passes(&mut self, flow: &Flow) -> Result<bool, TierError> {
        let said = [self.egress(flow)?, self.ingress(flow)?];
        let allows = |said: &Said| said.judgement.verdict == model::Verdict::Allow;
        Ok(said.iter().flatten().all(allows))
    }

    fn program(&mut self) -> Result<(), TierError> {
        let observed = self.bench.instance().observe()?;
        self.bench.perform(&plan(&observed, &self.compiled.image)?)?;
        self.hosts.clone_from(&self.compiled.hosts);
        for (pod, slot) in &self.compiled.slots {
            let interface = interface(&self.world, *pod, *slot);
            self.bench.instance().set_interface(*slot, interface)?;
        }
        self.tell_processes()?;
        let nodes = self.world.nodes().flat_map(|(_, node)| node.addresses.clone());
        Ok(self.bench.instance().set_node_addresses(&nodes.collect::<Vec<_>>())?)
    }

    /// Says which processes rules name, in every container that was ever heard of.
    fn tell_processes(&self) -> Result<(), TierError> {
        let mut processes = BTreeMap::new();
        for slot in self.compiled.slots.values() {
            for ((of, name), container) in &self.containers {
                let file = |path: &str| Some((*self.executables.get(path)?, DEVICE));
                if of == slot {
                    let subjects = &self.compiled.subjects;
                    processes.extend(subjects.processes(*slot, name, (*container).into(), file));
                }
            }
        }
        Ok(self.bench.instance().set_processes(&processes)?)
    }

    /// The maker of the flow's socket and its container's cgroup; nobody where it is not known.
    fn sender(&mut self, flow: &Flow, slot: u32) -> Result<(Maker, u32), TierError> {
        let Some(Process { container, executable }) = flow.process().cloned() else {
            return Ok((Maker::default(), 0));
        };
        let key = (slot, container);
        let known = (self.containers.len(), self.executables.len());
        let container = 1 + known.0 as u32;
        let container = *self.containers.entry(key).or_insert(container);
        let inode = 1 + known.1 as u64;
        let inode = *self.executables.entry(executable).or_insert(inode);
        if known != (self.containers.len(), self.executables.len()) {
            self.tell_processes()?;
        }
        Ok((Maker { inode, device: DEVICE, process: 1, started_ns: 1 }, container))
    }

    /// What the hook of the source says, or nothing where the source is no pod and no node that rules
    /// speak for.
    ///
    /// # Errors
    /// Where the kernel refuses the packet.
    pub fn egress(&mut self, flow: &Flow) -> Result<Option<Said>, TierError> {
        self.judge(flow, flow.source(), Direction::Egress)
    }

    /// What the hook of the destination says, or nothing as with [`Tier::egress`].
    ///
    /// # Errors
    /// Where the kernel refuses the packet.
    pub fn ingress(&mut self, flow: &Flow) -> Result<Option<Said>, TierError> {
        self.judge(flow, flow.destination(), Direction::Ingress)
    }

    /// Whether this kernel has the hooks of the node itself. Where it has not, rules about nodes are
    /// given up (ruling N39), and nobody says anything of a node's packet.
    #[must_use]
    pub fn judges_nodes(&self) -> bool {
        self.bench.instance().has_host()
    }

    /// Whether a test run can show this flow at all.
    #[must_use]
    pub fn unprobeable(flow: &Flow) -> Option<Unprobeable> {
        let ends = [flow.source().address(), flow.destination().address()];
        if ends.contains(&None) {
            return Some(Unprobeable::NoAddress);
        }
        if flow.source().address().is_some_and(is_group) {
            return Some(Unprobeable::FromGroup);
        }
        flow.is_translated().then_some(Unprobeable::Translated)
    }

    /// Ends every connection. Without ports, two flows of one pair are one connection, and the
    /// second would be let through with the first.
    fn forget(&self) -> Result<(), TierError> {
        self.bench.instance().collect(crate::long_after()?)?;
        Ok(())
    }

    fn judge(
        &mut self,
        flow: &Flow,
        end: &End,
        direction: Direction,
    ) -> Result<Option<Said>, TierError> {
        if let End::Host { node: Some(node), .. } = end {
            return self.judge_host(flow, *node, direction);
        }
        let slot = end.pod().and_then(|pod| self.compiled.slots.get(&pod).copied());
        let ends = flow.source().address().zip(flow.destination().address());
        let (Some(slot), Some((source, destination))) = (slot, ends) else { return Ok(None) };
        let packet = self.fresh(flow, slot, source, destination)?;
        let sender = match direction {
            Direction::Egress => self.sender(flow, slot)?,
            Direction::Ingress => (Maker::default(), 0),
        };
        self.bench.instance().set_test_maker(sender.0)?;
        let outcome = self.bench.run_by(direction, slot, origin(flow), sender.1, &packet)?;
        Ok(Some(self.said(&outcome)))
    }

    /// The node's own hook. What a node sends to itself goes by no hook.
    fn judge_host(
        &mut self,
        flow: &Flow,
        node: NodeId,
        direction: Direction,
    ) -> Result<Option<Said>, TierError> {
        let slot = self.hosts.get(&node).copied();
        let ends = flow.source().address().zip(flow.destination().address());
        let (Some(slot), Some((source, destination))) = (slot, ends) else { return Ok(None) };
        let is_node = |end: &End| matches!(end, End::Host { node: Some(of), .. } if *of == node);
        if !self.judges_nodes() || is_node(flow.source()) && is_node(flow.destination()) {
            return Ok(None);
        }
        let packet = self.fresh(flow, slot, source, destination)?;
        let addresses = |node: &model::Node| node.addresses.clone();
        self.bench.instance().set_node_addresses(&addresses(self.world.node(node)))?;
        let outcome = self.bench.run_host(direction, slot, &packet)?;
        let all = self.world.nodes().flat_map(|(_, node)| addresses(node));
        self.bench.instance().set_node_addresses(&all.collect::<Vec<_>>())?;
        Ok(Some(self.said(&outcome)))
    }

    /// The first packet of `flow`, which belongs to no connection that is remembered.
    fn fresh(
        &mut self,
        flow: &Flow,
        slot: u32,
        source: IpAddr,
        destination: IpAddr,
    ) -> Result<Vec<u8>, TierError> {
        self.packets = self.packets.checked_add(1).unwrap_or(1024);
        // Ports that come again would belong to connections that are remembered.
        if self.packets == 1024 || matches!(flow.traffic(), Traffic::Other(_)) {
            self.forget()?;
        }
        Ok(first_packet(mac(slot), source, destination, flow.traffic(), self.packets))
    }

    fn said(&self, outcome: &Outcome) -> Said {
        let keeping = |event: &Event| event.verdict == verdict_code::DENY_KEEP;
        Said {
            judgement: self.judgement(outcome.allowed, &outcome.events),
            staged: outcome.events.first().and_then(|event| self.staged(event)),
            keeps_existing: outcome.events.iter().any(keeping),
        }
    }

    /// The packet's fate and its one event as a judgement; where they disagree, one that no oracle
    /// ever gives.
    fn judgement(&self, allowed: bool, events: &[Event]) -> Judgement {
        let contradiction =
            || contradiction(if allowed { model::Verdict::Allow } else { model::Verdict::Deny });
        let [event] = events else { return contradiction() };
        let kind = if allowed { EventKind::Opened } else { EventKind::Denied };
        let verdict = verdict_code::verdict(event.verdict);
        if event.kind != kind as u8 || (verdict == model::Verdict::Allow) != allowed {
            return contradiction();
        }
        let reason = self.reason(event.rule, event.reason);
        reason.map_or_else(contradiction, |reason| Judgement::new(verdict, reason))
    }

    /// Nothing where the kernel left everything about staging empty.
    fn staged(&self, event: &Event) -> Option<Judgement> {
        let Event { staged_rule, staged_reason, staged_verdict, .. } = *event;
        let verdict = verdict_code::verdict(staged_verdict);
        (staged_rule != 0 || staged_reason != 0).then(|| {
            let reason = self.reason(staged_rule, staged_reason);
            reason.map_or_else(|| contradiction(verdict), |reason| Judgement::new(verdict, reason))
        })
    }

    fn reason(&self, rule: u32, code: u8) -> Option<Reason> {
        match Builtin::from_code(code) {
            Some(builtin) => Some(Reason::Builtin(builtin)),
            None => self.compiled.reason(rule).cloned(),
        }
    }
}

fn contradiction(verdict: model::Verdict) -> Judgement {
    Judgement { verdict, reason: Reason::DefaultDeny(Vec::new()), undetermined: true }
}

/// Everybody on the link is a group too.
fn is_group(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn origin(flow: &Flow) -> crate::Origin {
    let is_itself = flow.source() == flow.destination();
    match flow.origin() {
        Origin::Host => crate::Origin::LocalSocket,
        Origin::Wire if is_itself => crate::Origin::Itself,
        Origin::Wire => crate::Origin::Elsewhere,
    }
}
