//! Searches for a flow that is allowed, between sides of which one could exist or both.
//!
//! It asks the oracle about the least pods that will do. Where these are denied, the denial says what
//! must be otherwise: the one who denies must not speak, or somebody who allows must. Each such way
//! is tried, so what is not found does not exist.

use std::collections::BTreeSet;

use compile::{Condition, Found};
use model::{
    Action, Decision, Direction, Family, Peer, Peers, PolicyRef, PortMatch, Ports, Reason, Rule,
    RuleRef, Tier, Traffic, Verdict, World,
};

use super::Judge;
use super::side::{Side, Stage, Standing, TooHard, Wanted, is_future, stage, standing};
use crate::counterexample::Counterexample;
use crate::party::satisfies;

/// How many ways are tried at most.
const WAYS_MAX: usize = 4_000;

/// Two sides, and what they would say to each other.
pub(super) struct Search<'j, 'w> {
    judge: &'j Judge<'w>,
    traffic: Traffic,
    family: Family,
    seen: BTreeSet<[Side; 2]>,
    left: Vec<[Side; 2]>,
}

impl<'j, 'w> Search<'j, 'w> {
    pub(super) fn new(judge: &'j Judge<'w>, traffic: Traffic, family: Family) -> Self {
        Self { judge, traffic, family, seen: BTreeSet::new(), left: Vec::new() }
    }

    /// An allowed flow between `source` and `destination`, if there can be one.
    pub(super) fn allowed(
        mut self,
        source: &Side,
        destination: &Side,
    ) -> Result<Option<Counterexample>, TooHard> {
        self.add([source.clone(), destination.clone()]);
        while let Some(sides) = self.left.pop() {
            if self.seen.len() > WAYS_MAX {
                return Err(TooHard);
            }
            let Some(stage) = self.stage(&sides)? else { continue };
            let decision = policy::decide(&stage.world, self.judge.rules, &stage.flow);
            if decision.verdict() == Verdict::Allow {
                let existing = self.judge.world;
                let is_future = |pod: &_| is_future(existing, pod);
                let rules = self.judge.rules;
                let found =
                    Counterexample::new(&stage.world, rules, &stage.flow, &decision, is_future);
                return Ok(Some(found));
            }
            self.branch(&sides, &stage, &decision);
        }
        Ok(None)
    }

    fn add(&mut self, sides: [Side; 2]) {
        if self.seen.insert(sides.clone()) {
            self.left.push(sides);
        }
    }

    /// Nothing where nobody can stand on one of the sides.
    fn stage(&self, [source, destination]: &[Side; 2]) -> Result<Option<Stage>, TooHard> {
        let world = self.judge.world;
        let stand = |side| {
            standing(side, world, self.family, |wanted: &Wanted| -> Found {
                self.judge.bench.somebody(&wanted.all_of, &wanted.none_of)
            })
        };
        let (Some(from), Some(to)) = (stand(source)?, stand(destination)?) else { return Ok(None) };
        let standing: [&Standing; 2] = [&from, &to];
        let Some(stage) = stage(world, standing, self.traffic, self.family) else {
            return Ok(None);
        };
        match stage.is_as_wanted([source, destination]) {
            true => Ok(Some(stage)),
            false => Err(TooHard),
        }
    }

    /// All ways in which a denied flow could have been allowed.
    fn branch(&mut self, sides: &[Side; 2], stage: &Stage, decision: &Decision) {
        let direction = match decision.egress.verdict {
            Verdict::Deny => Direction::Egress,
            Verdict::Allow => Direction::Ingress,
        };
        let ends = Ends::new(sides, stage, direction, self.traffic);
        let rules = self.judge.rules.iter().filter(|rule| rule.direction() == direction);
        let rules: Vec<&Rule> = rules.filter(|rule| ends.may_concern(rule)).collect();
        let mut ways: Vec<[Side; 2]> = Vec::new();
        let until = match &decision.deciding().reason {
            Reason::Rule(denying) => {
                let mut it = rules.iter().filter(|rule| rule.origin == *denying);
                let Some(rule) = it.next() else { return };
                ways.extend(ends.avoiding(rule));
                (rule.tier, rule.group)
            }
            Reason::DefaultDeny(policies) => {
                ways.extend(ends.unisolated(&rules, policies));
                (Tier::NetworkPolicy, 0)
            }
            // What no rule says, no other labels change.
            Reason::Builtin(_) => return,
        };
        // Whoever is asked later cannot change it.
        let asked = rules.iter().filter(|rule| (rule.tier, rule.group) <= until);
        for rule in asked.filter(|rule| rule.action != Action::Deny) {
            match ends.speaks(rule) {
                true if rule.action == Action::Pass => ways.extend(ends.avoiding(rule)),
                true => {}
                false => ways.extend(ends.satisfying(rule)),
            }
        }
        // The last one is tried first: to satisfy a rule is likelier than to avoid all.
        ways.into_iter().for_each(|way| self.add(way));
    }
}

/// Both sides as the rules of one end see them.
struct Ends<'s> {
    sides: &'s [Side; 2],
    world: &'s World,
    direction: Direction,
    traffic: Traffic,
    stage: &'s Stage,
}

impl<'s> Ends<'s> {
    fn new(sides: &'s [Side; 2], stage: &'s Stage, direction: Direction, traffic: Traffic) -> Self {
        Self { sides, world: &stage.world, direction, traffic, stage }
    }

    /// The position of the side whose policy speaks, and of the other one.
    fn subject_at(&self) -> (usize, usize) {
        match self.direction {
            Direction::Egress => (0, 1),
            Direction::Ingress => (1, 0),
        }
    }

    fn future(&self, at: usize) -> Option<&Wanted> {
        match self.sides.get(at)? {
            Side::Future(wanted) => Some(wanted),
            Side::Pod(_) | Side::Node(..) | Side::Address(_) => None,
        }
    }

    /// Whether the one who stands on a side satisfies a condition.
    fn has(&self, at: usize, condition: &Condition) -> bool {
        let end = if at == 0 { self.stage.flow.source() } else { self.stage.flow.destination() };
        end.pod().is_some_and(|pod| satisfies(self.world, self.world.pod(pod), condition))
    }

    /// Whether a rule may ever speak in this flow: its subject is there or could be, and no port
    /// number says otherwise.
    fn may_concern(&self, rule: &Rule) -> bool {
        let (subject, _) = self.subject_at();
        self.future(subject).is_some() || self.has(subject, &subject_of(rule))
    }

    fn may_be_about(&self, rule: &Rule) -> bool {
        match &rule.ports {
            Ports::Any => true,
            Ports::OneOf(ports) => ports.iter().any(|port| match (port, self.traffic) {
                (PortMatch::Named { .. }, Traffic::Port(..)) => true,
                (PortMatch::Numbers { protocol, range }, Traffic::Port(of, number)) => {
                    *protocol == of && range.contains(number)
                }
                (PortMatch::Named { .. } | PortMatch::Numbers { .. }, Traffic::Other(_)) => false,
            }),
        }
    }

    /// Whether a rule is about these two for certain.
    fn speaks(&self, rule: &Rule) -> bool {
        let (subject, peer) = self.subject_at();
        let is_peer = match &rule.peers {
            Peers::Any => true,
            Peers::OneOf(_) => peers_of(rule).iter().any(|it| self.has(peer, it)),
        };
        let is_port = match (&rule.ports, self.traffic) {
            (Ports::Any, _) => true,
            (Ports::OneOf(ports), Traffic::Port(of, number)) => {
                let numbered = |port: &PortMatch| match port {
                    PortMatch::Numbers { protocol, range } => {
                        *protocol == of && range.contains(number)
                    }
                    PortMatch::Named { .. } => false,
                };
                ports.iter().any(numbered) || self.names_of(rule).iter().any(|it| self.has(1, it))
            }
            (Ports::OneOf(_), Traffic::Other(_)) => false,
        };
        self.has(subject, &subject_of(rule)) && is_peer && is_port
    }

    fn changed(&self, at: usize, wanted: &Wanted) -> [Side; 2] {
        let mut sides = self.sides.clone();
        sides.get_mut(at).into_iter().for_each(|side| *side = Side::Future(wanted.clone()));
        sides
    }

    /// Ways in which a rule that speaks would not.
    fn avoiding(&self, rule: &Rule) -> Vec<[Side; 2]> {
        let (subject, peer) = self.subject_at();
        let mut ways = Vec::new();
        let own = subject_of(rule);
        if let Some(wanted) = self.future(subject).filter(|_| self.has(subject, &own)) {
            ways.push(self.changed(subject, &wanted.without(&[own])));
        }
        let peers: Vec<Condition> =
            peers_of(rule).into_iter().filter(|it| self.has(peer, it)).collect();
        if let Some(wanted) = self.future(peer).filter(|_| !peers.is_empty()) {
            ways.push(self.changed(peer, &wanted.without(&peers)));
        }
        let names: Vec<Condition> =
            self.names_of(rule).into_iter().filter(|it| self.has(1, it)).collect();
        if let Some(wanted) = self.future(1).filter(|_| !names.is_empty()) {
            ways.push(self.changed(1, &wanted.without(&names)));
        }
        ways
    }

    /// The way in which none of `policies` would isolate.
    fn unisolated(&self, rules: &[&Rule], policies: &[PolicyRef]) -> Option<[Side; 2]> {
        let (subject, _) = self.subject_at();
        let isolates = |rule: &&&Rule| {
            rule.tier == Tier::NetworkPolicy && policies.contains(policy_of(&rule.origin))
        };
        let subjects: BTreeSet<Condition> =
            rules.iter().filter(isolates).map(|rule| subject_of(rule)).collect();
        let subjects: Vec<Condition> =
            subjects.into_iter().filter(|it| self.has(subject, it)).collect();
        let wanted = self.future(subject).filter(|_| !subjects.is_empty())?;
        Some(self.changed(subject, &wanted.without(&subjects)))
    }

    /// Ways in which a rule that does not speak would.
    fn satisfying(&self, rule: &Rule) -> Vec<[Side; 2]> {
        if !self.may_be_about(rule) {
            return Vec::new();
        }
        let (subject, peer) = self.subject_at();
        let mut all = vec![self.sides.clone()];
        if self.future(subject).is_some() {
            all = demanding(&all, subject, &[vec![subject_of(rule)]]);
        }
        let peers: Vec<Vec<Condition>> = match &rule.peers {
            Peers::Any => vec![Vec::new()],
            Peers::OneOf(peers) => {
                peers.iter().map(|peer| condition(peer).into_iter().collect()).collect()
            }
        };
        match (self.future(peer), &rule.peers) {
            (Some(_), _) => all = demanding(&all, peer, &peers),
            (None, Peers::OneOf(stated)) if !self.may_match(stated, peer) => return Vec::new(),
            (None, Peers::Any | Peers::OneOf(_)) => {}
        }
        let names = self.names_of(rule);
        if self.future(1).is_some() && !names.is_empty() {
            let mut ports: Vec<Vec<Condition>> = names.into_iter().map(|name| vec![name]).collect();
            ports.push(Vec::new());
            all = demanding(&all, 1, &ports);
        }
        all
    }

    /// Whether some of a rule's peers may be the one who stands on a side.
    fn may_match(&self, peers: &[Peer], at: usize) -> bool {
        peers.iter().any(|peer| condition(peer).is_none_or(|condition| self.has(at, &condition)))
    }

    /// The port names by which a rule would be about this traffic.
    fn names_of(&self, rule: &Rule) -> Vec<Condition> {
        let Traffic::Port(of, number) = self.traffic else { return Vec::new() };
        let Ports::OneOf(ports) = &rule.ports else { return Vec::new() };
        let named = ports.iter().filter_map(|port| match port {
            PortMatch::Named { protocol, name } if protocol.is_none_or(|it| it == of) => {
                Some(Condition::PortName { name: name.clone(), protocol: of, number })
            }
            PortMatch::Named { .. } | PortMatch::Numbers { .. } => None,
        });
        named.collect()
    }
}

/// Each of `all` with each of `ways` demanded of the side at `at`.
fn demanding(all: &[[Side; 2]], at: usize, ways: &[Vec<Condition>]) -> Vec<[Side; 2]> {
    let demand = |mut sides: [Side; 2], way: &[Condition]| {
        if let Some(Side::Future(wanted)) = sides.get_mut(at) {
            *wanted = wanted.with(way);
        }
        sides
    };
    all.iter().flat_map(|sides| ways.iter().map(move |way| demand(sides.clone(), way))).collect()
}

fn policy_of(rule: &RuleRef) -> &PolicyRef {
    &rule.policy
}

/// Whom a rule speaks for, as a condition.
fn subject_of(rule: &Rule) -> Condition {
    let subject = rule.subject.clone();
    Condition::Labels { namespaces: subject.namespaces, pods: subject.pods }
}

/// The peers of a rule that are pods.
fn peers_of(rule: &Rule) -> Vec<Condition> {
    match &rule.peers {
        Peers::Any => Vec::new(),
        Peers::OneOf(peers) => peers.iter().filter_map(condition).collect(),
    }
}

/// What a pod has to satisfy to be this peer; blocks take whoever has the address.
fn condition(peer: &Peer) -> Option<Condition> {
    match peer {
        Peer::Pods { namespaces, pods } => {
            Some(Condition::Labels { namespaces: namespaces.clone(), pods: pods.clone() })
        }
        Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_) => None,
    }
}
