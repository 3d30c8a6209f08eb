//! Control runs: whether a listener can be reached where nothing may stand in the way.
//!
//! A listener that never answers would make every denial look right.

use std::net::IpAddr;

use model::{End, Family, Flow, NodeId, PodId};

use crate::compare::reached;
use crate::lab::ALLOWED_TIMEOUT_MS;
use crate::message::{Listener, Outcome};
use crate::of_flow::of_flow;
use crate::progress::Progress;
use crate::scene::Scene;
use crate::{Lab, LabError, Probe};

impl Lab {
    /// Sends every direct probe with nothing enforced (nobody translates Services then), and returns
    /// those that did not reach their listener.
    ///
    /// # Errors
    /// Where a process has ended.
    pub fn control(
        &mut self,
        probes: &[Probe],
        progress: &mut dyn Progress,
    ) -> Result<Vec<(Probe, Outcome)>, LabError> {
        let direct = probes.iter().filter(|probe| probe.alternatives.is_empty()).cloned();
        let probes: Vec<Probe> = direct.collect();
        let failed = self.unreached(&probes, progress)?;
        for probe in &probes {
            self.unproven.remove(&probe.to);
        }
        Ok(failed)
    }

    /// The control run of pods that came while policies are enforced: their own node may always
    /// reach them (ruling N15). Every listener of every pod that no control run has reached yet is
    /// probed from there; returns those that were not reached, whose pods stay unproven.
    ///
    /// # Errors
    /// Where a process has ended.
    pub fn control_new(
        &mut self,
        progress: &mut dyn Progress,
    ) -> Result<Vec<(Probe, Outcome)>, LabError> {
        let probes = self.probes_from_own_nodes()?;
        let failed = self.unreached(&probes, progress)?;
        self.unproven = failed.iter().map(|(probe, _)| probe.to.clone()).collect();
        Ok(failed)
    }

    fn unreached(
        &mut self,
        probes: &[Probe],
        progress: &mut dyn Progress,
    ) -> Result<Vec<(Probe, Outcome)>, LabError> {
        let answers = self.send(probes, |_| ALLOWED_TIMEOUT_MS, progress)?;
        let failed = probes.iter().zip(answers).filter_map(|(probe, sent)| {
            let answered = reached(&sent.outcome, &self.scene.answerer(probe));
            (!answered).then(|| (probe.clone(), sent.outcome))
        });
        Ok(failed.collect())
    }

    fn probes_from_own_nodes(&self) -> Result<Vec<Probe>, LabError> {
        let world = &self.scene.world;
        let mut probes = Vec::new();
        for (pod, known) in world.pods().filter(|(_, pod)| !pod.host_network) {
            let name = known.to_string();
            let node = known.node.as_deref().and_then(|node| world.find_node(node));
            let (Some(node), Some(wanted)) = (node, self.scene.wanted.pods.get(&name)) else {
                continue;
            };
            let containers = wanted.containers.iter().filter(|_| self.unproven.contains(&name));
            for listener in containers.flat_map(|(_, listeners)| listeners) {
                probes.extend(self.probe_from_own_node(node, pod, listener)?);
            }
        }
        Ok(probes)
    }

    /// Nothing where the node has no address of the listener's family.
    fn probe_from_own_node(
        &self,
        node: NodeId,
        pod: PodId,
        listener: &Listener,
    ) -> Result<Option<Probe>, LabError> {
        let Scene { world, rules, .. } = &self.scene;
        let family = Family::of(listener.address);
        let of_family = |address: &&IpAddr| Family::of(**address) == family;
        let Some(source) = world.node(node).addresses.iter().find(of_family) else {
            return Ok(None);
        };
        let from = End::Host { node: Some(node), address: Some(*source) };
        let to = End::Pod { pod, address: Some(listener.address) };
        let traffic = listener.carrier.traffic(family, listener.port);
        let flow = Flow::new(from, to, traffic, family)?.from_host();
        Ok(of_flow(world, &flow, &policy::decide(world, rules, &flow)))
    }
}
