//! A lab that is up: the network, the processes, and what is enforced between them.
//!
//! The steps are separate so that a control run can come before enforcement, and so that a world
//! can change while probes go on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::SystemTime;

use flows::{FlowFilter, Flows};
use futures::future::try_join_all;
use model::{Decision, Flow, Rules, Verdict, World};
use tokio::runtime::Runtime;

use crate::compare::compare;
use crate::enforcement::Enforcement;
use crate::fabric::{Fabric, Sender};
use crate::interrupt::Interrupt;
use crate::message::{Answer, Ask, Outcome};
use crate::of_flow::of_flow;
use crate::probe::{Probe, Targets};
use crate::process::Helper;
use crate::progress::Progress;
use crate::report::ProbeResult;
use crate::scene::Scene;
use crate::source_port::SourcePorts;
use crate::status::NodeStatus;
use crate::witness::{FlowKey, Witnesses};
use crate::{LabError, LabName, Settings, down, preflight};

/// How long an expected denial waits for an answer that must not come.
const DENIED_TIMEOUT_MS: u32 = 300;
/// How long an expected answer may take on a busy machine.
pub(crate) const ALLOWED_TIMEOUT_MS: u32 = 3_000;

/// A lab that is up. [`Lab::down`] removes it; what a killed lab leaves, [`crate::down`] removes.
#[derive(Debug)]
pub struct Lab {
    settings: Settings,
    pub(crate) runtime: Runtime,
    pub(crate) fabric: Fabric,
    pub(crate) scene: Scene,
    pub(crate) enforcement: Option<Enforcement>,
    source_ports: SourcePorts,
    /// Pods whose listeners no control run has reached yet.
    pub(crate) unproven: BTreeSet<String>,
    interrupt: Interrupt,
}

impl Lab {
    /// Makes `world` real without enforcing anything. With `flows`, what these need to be sent is
    /// made too, instead of what is interesting in general. Leftovers of a lab of this name go.
    ///
    /// # Errors
    /// Where the machine lacks something, or a step fails; what was made by then is removed.
    pub fn up(
        settings: Settings,
        world: World,
        rules: Rules,
        flows: &[Flow],
    ) -> Result<Self, LabError> {
        Self::make(settings, world, rules, flows, Self::populate)
    }

    /// As [`Lab::up`], with everything enforced before the first process starts (ruling N24).
    ///
    /// # Errors
    /// As [`Lab::up`].
    pub fn up_enforced(settings: Settings, world: World, rules: Rules) -> Result<Self, LabError> {
        Self::make(settings, world, rules, &[], |lab| {
            lab.enforce()?;
            lab.populate()
        })
    }

    fn make(
        settings: Settings,
        world: World,
        rules: Rules,
        flows: &[Flow],
        finish: impl FnOnce(&mut Self) -> Result<(), LabError>,
    ) -> Result<Self, LabError> {
        preflight::check()?;
        let name = settings.name.clone();
        let scene = Scene::new(&settings, world, rules, flows)?;
        down::clear(&name)?;
        let made = Self::lay(settings, scene).and_then(|mut lab| {
            let follow = lab.fabric.follow(&lab.scene.wanted);
            lab.runtime.block_on(follow)?;
            finish(&mut lab)?;
            lab.interrupt.check()?;
            Ok(lab)
        });
        if made.is_err() {
            down::clear(&name)?;
        }
        made
    }

    fn lay(settings: Settings, scene: Scene) -> Result<Self, LabError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(LabError::Runtime)?;
        let interrupt = Interrupt::listen(runtime.handle())?;
        let fabric = Fabric::lay(&settings.name, settings.helper.clone(), &scene.wanted)?;
        Ok(Self {
            settings,
            runtime,
            fabric,
            scene,
            enforcement: None,
            source_ports: SourcePorts::default(),
            unproven: BTreeSet::new(),
            interrupt,
        })
    }

    fn populate(&mut self) -> Result<(), LabError> {
        self.unproven.extend(self.fabric.unpopulated());
        self.runtime.block_on(self.fabric.populate(&self.scene.wanted))?;
        let enforcement = self.enforcement.as_mut();
        enforcement.map_or(Ok(()), |enforcement| enforcement.tell_processes(&self.scene.world))
    }

    /// The lab's name.
    #[must_use]
    pub fn name(&self) -> &LabName {
        &self.settings.name
    }

    /// The world at hand.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.scene.world
    }

    /// The rules at hand.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.scene.rules
    }

    /// Enforces the rules at hand: every pod is attached in quarantine, then programmed.
    ///
    /// # Errors
    /// Where a node's programs cannot be loaded, attached or fed.
    pub fn enforce(&mut self) -> Result<(), LabError> {
        let mut enforcement = Enforcement::open(&self.settings.name, &self.fabric)?;
        enforcement.attach(&self.fabric, &self.scene.world)?;
        enforcement.program(&self.scene)?;
        self.enforcement = Some(enforcement);
        Ok(())
    }

    /// Turns the lab into another world: pods go, pods come, labels and rules change. New pods are
    /// attached before their processes start. Returns the time after the last write of a map.
    ///
    /// # Errors
    /// Where a step fails; what stands then is between the two worlds, and enforced.
    pub fn apply(
        &mut self,
        world: World,
        rules: Rules,
        flows: &[Flow],
    ) -> Result<SystemTime, LabError> {
        let scene = Scene::new(&self.settings, world, rules, flows)?;
        let gone = self.runtime.block_on(self.fabric.follow(&scene.wanted))?;
        if let Some(enforcement) = &mut self.enforcement {
            enforcement.detach(&gone, &self.scene)?;
            enforcement.attach(&self.fabric, &scene.world)?;
        }
        // The pods are the new ones already; what fails of their policies is tried again from now on.
        self.scene = scene;
        let mut enforced_at = SystemTime::now();
        if let Some(enforcement) = &mut self.enforcement {
            enforcement.program(&self.scene)?;
            enforced_at = SystemTime::now();
            enforcement.end_silent()?;
        }
        self.populate()?;
        Ok(enforced_at)
    }

    /// Keeps a record of flows from now on, as far as policies are enforced.
    pub fn keep_flows(&mut self) {
        self.enforcement.iter_mut().for_each(Enforcement::keep_flows);
    }

    /// Hears what the kernels have to say, for the record of flows.
    ///
    /// # Errors
    /// Where events cannot be read.
    pub fn listen(&mut self) -> Result<(), LabError> {
        self.enforcement.iter_mut().try_for_each(|enforcement| enforcement.listen(&self.scene))
    }

    /// The newest `most` lines of the record from number `from` on that `filter` takes.
    #[must_use]
    pub fn flows(&self, from: u64, filter: &FlowFilter, most: usize) -> Flows {
        let enforcement = self.enforcement.as_ref();
        enforcement.map(|it| it.flows(from, filter, most)).unwrap_or_default()
    }

    /// The probes of all pairs.
    ///
    /// # Errors
    /// Where addresses do not fit together.
    pub fn probes(&self) -> Result<Vec<Probe>, LabError> {
        let scene = &self.scene;
        Targets {
            world: &scene.world,
            rules: &scene.rules,
            everywhere: &scene.extra.everywhere,
            outside_ports: &scene.extra.outside,
            outside: &scene.outside,
            helper: &self.settings.helper.path,
        }
        .probes()
    }

    /// The probes that make `flows` real, with the decisions that came with them; those that no
    /// packet of a lab can be are left out and counted.
    #[must_use]
    pub fn probes_of(&self, flows: &[(Flow, Decision)]) -> (Vec<Probe>, usize) {
        let probes: Vec<Probe> = flows
            .iter()
            .filter_map(|(flow, decision)| of_flow(&self.scene.world, flow, decision))
            .collect();
        let left_out = flows.len() - probes.len();
        (probes, left_out)
    }

    /// Sends every probe and compares what happens with the oracle and with the kernel's events.
    ///
    /// # Errors
    /// Where a process has ended or events cannot be read.
    pub fn probe(
        &mut self,
        probes: &[Probe],
        progress: &mut dyn Progress,
    ) -> Result<Vec<ProbeResult>, LabError> {
        self.prove_nodes()?;
        let timeout = |probe: &Probe| {
            let ways = probe.alternatives.iter().map(|way| way.decision.verdict());
            match ways.chain([probe.decision.verdict()]).max() {
                Some(Verdict::Allow) => ALLOWED_TIMEOUT_MS,
                Some(Verdict::Deny) | None => DENIED_TIMEOUT_MS,
            }
        };
        let answers = self.send(probes, timeout, progress)?;
        let mut witnesses = Witnesses::default();
        if let Some(enforcement) = &mut self.enforcement {
            witnesses.extend(enforcement.events(&self.scene)?);
        }
        let results = probes.iter().zip(answers).map(|(probe, sent)| {
            let probe = self.settle(probe, &sent, &witnesses);
            let heard = witnesses.about(&FlowKey::of(&probe, sent.source_port));
            let answerer = self.scene.answerer(&probe);
            let differences = compare(&probe, &sent.outcome, &answerer, heard);
            ProbeResult { probe, outcome: sent.outcome, differences }
        });
        Ok(results.collect())
    }

    /// Which backend a Service probe was for: the one that answered, else the one that the kernel
    /// speaks of. Only the sender itself as its backend is told of by the call (ruling N14).
    fn settle(&self, probe: &Probe, sent: &Sent, witnesses: &Witnesses) -> Probe {
        let ways: Vec<Probe> = probe.alternatives.iter().map(|way| probe.settled(way)).collect();
        let answered = |way: &&Probe| match &sent.outcome {
            Outcome::Reached { by } => *by == self.scene.answerer(way),
            Outcome::Forbidden => way.is_hairpin(),
            Outcome::Timeout | Outcome::Refused | Outcome::Error { .. } => false,
        };
        let spoken_of = |way: &&Probe| {
            let heard = witnesses.about(&FlowKey::of(way, sent.source_port));
            !way.is_hairpin() && !heard.is_empty()
        };
        let found = ways.iter().find(answered).or_else(|| ways.iter().find(spoken_of));
        found.or(ways.first()).unwrap_or(probe).clone()
    }

    /// Puts right what others did to the hooks, and returns what there is to be told.
    ///
    /// # Errors
    /// Where a node's namespace cannot be entered.
    pub fn look_after(&mut self) -> Result<Vec<String>, LabError> {
        let tried = self.try_nodes()?;
        let Some(enforcement) = &mut self.enforcement else { return Ok(tried) };
        Ok([tried, enforcement.look_after(&self.scene)?].concat())
    }

    /// What there is to say of the datapath of each node; nothing where nothing is enforced.
    ///
    /// # Errors
    /// Where hooks or maps cannot be read.
    pub fn status(&self) -> Result<Vec<NodeStatus>, LabError> {
        self.enforcement.as_ref().map_or(Ok(Vec::new()), Enforcement::status)
    }

    /// Ends everything and removes it.
    ///
    /// # Errors
    /// Where something cannot be removed.
    pub fn down(self) -> Result<(), LabError> {
        let Self { settings, runtime, fabric, enforcement, .. } = self;
        drop(enforcement);
        drop(fabric);
        drop(runtime);
        down::remove(&settings.name)
    }

    /// Where everything is, for those who come later.
    pub(crate) fn state(&self) -> crate::state::LabState {
        self.fabric.state(&self.settings.name)
    }

    /// # Errors
    /// Where a signal asked the lab to end.
    pub(crate) fn check_interrupt(&self) -> Result<(), LabError> {
        self.interrupt.check()
    }

    /// Every answer, in the order of the probes.
    pub(crate) fn send(
        &mut self,
        probes: &[Probe],
        timeout_ms: impl Fn(&Probe) -> u32,
        progress: &mut dyn Progress,
    ) -> Result<Vec<Sent>, LabError> {
        let ports: Vec<u16> = probes.iter().map(|probe| self.source_port(probe.source)).collect();
        let mut by_sender: BTreeMap<&Sender, Vec<Ask>> = BTreeMap::new();
        for (id, (probe, port)) in (0..).zip(probes.iter().zip(&ports)) {
            let asks = by_sender.entry(&probe.sender).or_default();
            asks.push(ask(id, probe, *port, timeout_ms(probe)));
        }
        let progress = RefCell::new(progress);
        let heard = || {
            if let Ok(mut progress) = progress.try_borrow_mut() {
                progress.advance();
            }
        };
        let mut helpers = self.fabric.helpers();
        let mut batches: Vec<(&mut Helper, Vec<Ask>)> = Vec::new();
        for (sender, asks) in by_sender {
            let lost = || LabError::NoPod(format!("{sender:?}"));
            batches.push((helpers.remove(sender).ok_or_else(lost)?, asks));
        }
        let batches =
            batches.into_iter().map(|(helper, asks)| async move { helper.ask(&asks, heard).await });
        let interrupt = self.interrupt.clone();
        let answers = self.runtime.block_on(async {
            tokio::select! {
                answers = try_join_all(batches) => answers,
                interrupted = interrupt.wait() => Err(interrupted),
            }
        })?;
        let mut answers: Vec<Answer> = answers.into_iter().flatten().collect();
        answers.sort_unstable_by_key(|answer| answer.id);
        let sent = answers.into_iter().zip(ports);
        Ok(sent
            .map(|(answer, source_port)| Sent { source_port, outcome: answer.outcome })
            .collect())
    }

    pub(crate) fn source_port(&mut self, source: IpAddr) -> u16 {
        let Self { source_ports, scene, .. } = self;
        source_ports.take(source, |port| scene.listens(source, port))
    }
}

/// A probe's way back to the kernel's events, and what came of it.
pub(crate) struct Sent {
    source_port: u16,
    pub(crate) outcome: Outcome,
}

fn ask(id: u64, probe: &Probe, source_port: u16, timeout_ms: u32) -> Ask {
    Ask {
        id,
        carrier: probe.carrier,
        source: probe.source,
        source_port,
        destination: probe.destination,
        port: probe.port,
        timeout_ms,
    }
}
