//! A node's own policy: which of its rules are in force, and why not the others.
//!
//! The pods' policies do not wait for it: where rules of a node would lock it out, or did, the pods get
//! theirs all the same, and the node keeps what proved itself.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use compile::{Capacities, Slots, compile_within};
use ipnet::IpNet;
use model::{PolicyRef, Rule, Rules, World};
use node::Held;

use crate::Desired;
use crate::dead_man::{DeadMan, Heard};
use crate::lock_out::{Protected, lock_outs};
use crate::status::HostStatus;

/// What policies of nodes must leave alone, and whether they may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// The agents' API server: a port of a node or outside. In a lab port 6443 of the first node unless
    /// said otherwise.
    pub api_server: Option<SocketAddr>,
    /// The name servers of the nodes.
    pub dns: Vec<IpAddr>,
    /// From where people look after the nodes by SSH.
    pub ssh_from: Vec<IpNet>,
    /// Rules that cut a node off from these are programmed all the same.
    pub allow_lock_out: bool,
}

impl Default for HostSettings {
    fn default() -> Self {
        let anywhere = [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])];
        Self {
            api_server: None,
            dns: Vec::new(),
            ssh_from: anywhere.iter().filter_map(|at| IpNet::new(*at, 0).ok()).collect(),
            allow_lock_out: false,
        }
    }
}

/// What nodes must not lose.
#[derive(Clone, Debug, Default)]
pub struct Guarded {
    /// The paths.
    pub protected: Protected,
    /// Rules that cut a node off from these are programmed all the same.
    pub allow_lock_out: bool,
}

/// The policy of one node.
#[derive(Debug, Default)]
pub(crate) struct HostPolicy {
    man: DeadMan,
    /// Why rules that are wanted are not in force.
    refused: Vec<String>,
    /// Policies that have rules among those.
    refused_policies: BTreeSet<PolicyRef>,
    is_unsupported: bool,
}

/// Rules of the node that may be in force, and those that were wanted.
pub(crate) struct Chosen {
    pub(crate) rules: Vec<Rule>,
    wanted: Vec<Rule>,
}

impl Chosen {
    /// What of it is in force, where not everything had room: nothing for rules that keep those before
    /// in force, no rules for a node of which nothing is enforced.
    pub(crate) fn programmed(self, held: Option<Held>) -> Option<Self> {
        match held {
            None => Some(self),
            Some(Held::LastGood) => None,
            Some(Held::Quarantine | Held::Unenforced) => Some(Self { rules: Vec::new(), ..self }),
        }
    }
}

impl HostPolicy {
    /// Chooses the best rules of `node` that do not cut it off: those that are wanted, those that proved
    /// themselves, none. Returns what there is to be told too.
    pub(crate) fn choose(
        &mut self,
        node: &str,
        desired: Desired<'_>,
        slots: &Slots,
        has_host: bool,
    ) -> (Chosen, Vec<String>) {
        let wanted = rules_of(desired.world, desired.rules, node);
        self.is_unsupported = !has_host && !wanted.is_empty();
        let before = std::mem::take(&mut self.refused);
        if self.man.has_failed(&wanted) {
            self.refused.push(CUT_OFF.to_owned());
        }
        let mut chosen = Vec::new();
        for rules in self.candidates(&wanted) {
            let lines = lock_outs_of(node, desired, &rules, slots);
            if lines.is_empty() || desired.guarded.allow_lock_out {
                chosen = rules;
                break;
            }
            self.refused.extend(lines);
        }
        let left = wanted.iter().filter(|rule| !chosen.contains(rule));
        self.refused_policies = left.map(|rule| rule.origin.policy.clone()).collect();
        (Chosen { rules: chosen, wanted }, self.told(&before))
    }

    fn candidates(&self, wanted: &[Rule]) -> Vec<Vec<Rule>> {
        let wanted = (!self.man.has_failed(wanted)).then(|| wanted.to_vec());
        let proven = self.man.proven().to_vec();
        match (self.is_unsupported, wanted) {
            (true, _) => Vec::new(),
            (false, Some(wanted)) if wanted == proven => vec![wanted],
            (false, wanted) => wanted.into_iter().chain([proven]).collect(),
        }
    }

    /// What is refused now and was not before.
    fn told(&self, before: &[String]) -> Vec<String> {
        let new = self.refused.iter().filter(|line| !before.contains(line));
        let refused = new.map(|line| format!("policy of the node refused: {line}"));
        let unsupported = self.is_unsupported.then(|| format!("warning: {UNSUPPORTED}"));
        refused.chain(unsupported).collect()
    }

    /// What was chosen is in force from now on.
    pub(crate) fn begin(&mut self, now: Duration, chosen: Chosen) {
        self.man.begin(now, &chosen.wanted, chosen.rules);
    }

    /// Whether the node's agent has to show that it reaches its API server.
    pub(crate) fn is_on_trial(&self) -> bool {
        self.man.is_on_trial()
    }

    /// The agent tried. Returns whether what was in force before has to come back.
    pub(crate) fn heard(&mut self, now: Duration, reached: bool) -> bool {
        match self.man.heard(now, reached) {
            Heard::Proven | Heard::Wait => false,
            Heard::Revert => true,
        }
    }

    /// The policies whose rules are not in force, and why.
    pub(crate) fn refused(&self) -> (Vec<PolicyRef>, Vec<String>) {
        (self.refused_policies.iter().cloned().collect(), self.status().refused)
    }

    pub(crate) fn status(&self) -> HostStatus {
        let state = match (self.is_unsupported, self.refused.is_empty(), self.man.is_on_trial()) {
            (true, _, _) => "unsupported",
            (false, false, _) => "refused",
            (false, true, true) => "on-trial",
            (false, true, false) if self.man.in_force().is_empty() => "none",
            (false, true, false) => "in-force",
        };
        let unsupported = self.is_unsupported.then(|| UNSUPPORTED.to_owned());
        HostStatus {
            state: state.to_owned(),
            rules: self.man.in_force().len() as u64,
            refused: self.refused.iter().cloned().chain(unsupported).collect(),
        }
    }
}

const CUT_OFF: &str = "it cut the node's agent off from its API server; what was in force before is \
                       back until the rules change";
const UNSUPPORTED: &str = "rules about the node itself are not enforced: its sockets' programs need \
                           Linux 6.15 (bpf_get_netns_cookie of a socket's packet)";

/// What `rules` would cut the node off from; a table that cannot be judged is not risked.
fn lock_outs_of(node: &str, desired: Desired<'_>, rules: &[Rule], slots: &Slots) -> Vec<String> {
    let world = desired.world;
    let Some(id) = world.find_node(node).filter(|_| !rules.is_empty()) else { return Vec::new() };
    let rules = desired.rules.with_node_rules(rules);
    // What it says does not depend on whether there is room for it.
    match compile_within(world, &rules, slots, &Capacities::LARGEST) {
        Ok(compiled) => {
            let outs = lock_outs(world, &compiled, id, &desired.guarded.protected);
            outs.iter().map(ToString::to_string).collect()
        }
        Err(error) => vec![format!("whether it cuts the node off cannot be known: {error}")],
    }
}

/// The rules that speak for the node, and for it alone.
fn rules_of(world: &World, rules: &Rules, node: &str) -> Vec<Rule> {
    let Some(node) = world.find_node(node) else { return Vec::new() };
    let labels = &world.node(node).labels;
    let own = rules.iter().filter(|rule| rule.subject.selects_node(labels));
    own.filter_map(|rule| {
        let subject = model::Subject::of_nodes(rule.subject.nodes.clone()?);
        Some(Rule { subject, ..rule.clone() })
    })
    .collect()
}
