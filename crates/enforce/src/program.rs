//! Programming: from what a node's maps hold to what the world asks for, pods first of all.
//!
//! A node's own policy is chosen anew each time, and may be taken back; see `host`.

use std::time::Duration;

use abi::Endpoint;
use datapath::Instance;
use model::{Rules, World};
use plan::Op;

use crate::clock::{adoption_end_ns, now_ns};
use crate::subject::{self, Whose};
use crate::{Desired, EnforceError, Enforcer, growth};

impl Enforcer {
    /// Leads the maps to what is wanted.
    ///
    /// The node is judged by words that let everything through before they become its policy, and after
    /// they ceased to be; so on the way nothing passes that neither policy allows.
    ///
    /// # Errors
    /// Where the tables cannot be compiled, read or written; what is enforced then is as it was, or on
    /// its way.
    pub fn program(&mut self, desired: Desired<'_>) -> Result<(), EnforceError> {
        let has_host = self.instance.has_host();
        let (chosen, told) = self.host.choose(&self.name, desired, self.table.slots(), has_host);
        told.into_iter().for_each(|line| self.guard.tell(line));
        let slot = self.table.slots().of_node(&self.name).filter(|_| !chosen.rules.is_empty());
        if let Some(slot) = slot {
            self.begin_host(slot)?;
        }
        let in_force = desired.rules.with_node_rules(&chosen.rules);
        let mut programmed = self.converge(desired.world, &in_force);
        if growth::grow(&mut self.instance, &self.netns, &self.table, &mut self.guard) {
            programmed = self.converge(desired.world, &in_force);
        }
        self.guard.know(self.table.not_programmed());
        programmed?;
        let hosts = self.table.compiled().map(|compiled| compiled.hosts.values().copied());
        match hosts.into_iter().flatten().next() {
            Some(endpoint) => self.instance.set_host(endpoint, adoption_end_ns()?)?,
            None => drop(self.instance.clear_host(now_ns()?)?),
        }
        let held = slot.and_then(|slot| self.table.not_programmed().held(slot));
        if let Some(chosen) = chosen.programmed(held) {
            self.host.begin(Duration::from_nanos(now_ns()?), chosen);
        }
        self.tell_processes(desired.world)
    }

    /// Leads the maps there, and tells of processes whenever their names change on the way.
    fn converge(
        &mut self,
        world: &World,
        rules: &Rules,
    ) -> Result<(), node::ProgramError<Instance>> {
        let Self { table, instance, containers, .. } = self;
        let slots = table.slots().clone();
        table.program(instance, world, rules, &mut |instance, subjects| {
            let whose = Whose { world, slots: &slots };
            Ok(subject::tell(instance, subjects, containers, whose)?)
        })
    }

    /// Has the node judged by the words of `slot`. Words that were never written deny everything.
    fn begin_host(&self, slot: u32) -> Result<(), EnforceError> {
        if self.instance.host()?.is_some_and(|record| record.endpoint == slot) {
            return Ok(());
        }
        self.instance.clear_host(now_ns()?)?;
        let endpoint = self.instance.observe()?.endpoints.get(&slot).copied();
        if !endpoint.is_some_and(|endpoint| endpoint.sets.is_live()) {
            let open = Op::Endpoint { endpoint: slot, record: Endpoint::open() };
            self.instance.perform(&[open]).map_err(node::ProgramError::Perform)?;
        }
        Ok(self.instance.set_host(slot, adoption_end_ns()?)?)
    }

    /// Whether the node's own policy has to prove itself.
    #[must_use]
    pub fn is_on_trial(&self) -> bool {
        self.host.is_on_trial()
    }

    /// The node's agent tried to reach its API server. Returns what there is to be told.
    ///
    /// # Errors
    /// As [`Enforcer::program`].
    pub fn tried(
        &mut self,
        reached: bool,
        desired: Desired<'_>,
    ) -> Result<Vec<String>, EnforceError> {
        if !self.host.heard(Duration::from_nanos(now_ns()?), reached) {
            return Ok(Vec::new());
        }
        self.program(desired)?;
        let line = format!("node {}: its policy gave way to the one before", self.name);
        Ok(vec![line])
    }

    /// Says which processes rules name, now that others run.
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn tell_processes(&mut self, world: &World) -> Result<(), EnforceError> {
        let Some(compiled) = self.table.compiled() else { return Ok(()) };
        let whose = Whose { world, slots: self.table.slots() };
        Ok(subject::tell(&self.instance, &compiled.subjects, &mut self.containers, whose)?)
    }
}
