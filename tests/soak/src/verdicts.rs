//! What the oracle says of every pair of apps and every port, asked once for each set of policies.
//!
//! The table of `compile` is asked the same, so that a difference is told as one of theirs before it
//! could be taken for one of the kernel's.

use std::net::IpAddr;

use compile::{Compiled, Scope, Slots};
use manifest::{Document, Options};
use model::{Direction, Family, Flow, Protocol, Rules, Traffic, Verdict, World, WorldError};
use thiserror::Error;

use crate::agent::NODE;
use crate::pod::Pod;
use crate::policies::{APPS, PORTS, Policies};

/// A port that no pod serves and no policy names: of what comes back without a connection.
const OTHER_PORT: u16 = 40_000;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// One of [`PORTS`] by its place.
    Served(usize),
    /// The same, of a connection of which nobody knows who opened it: each end lets it live where
    /// either end may have, as far as it can tell.
    Adopted(usize),
    /// Any other.
    Other,
}

/// Why there is no table.
#[derive(Debug, Error)]
pub enum VerdictsError {
    /// Our own documents do not read.
    #[error("the documents have problems: {0}")]
    Documents(String),
    /// They make no world.
    #[error(transparent)]
    World(#[from] WorldError),
    /// They make no table.
    #[error(transparent)]
    Compile(#[from] compile::CompileError),
    /// The oracle and the table differ, which is a bug of one of them.
    #[error("the oracle and the table differ about {flow} of these policies:\n{policies}")]
    Differ {
        /// About which flow.
        flow: String,
        /// Under which policies.
        policies: String,
    },
}

/// Verdicts by source, destination and port.
#[derive(Debug)]
pub(crate) struct Verdicts {
    /// What the source says, and what the destination says.
    allowed: Vec<[bool; 2]>,
}

impl Verdicts {
    /// Asks the oracle, and the table, about a pod of each app and another of each.
    pub(crate) fn of(policies: &Policies) -> Result<Self, VerdictsError> {
        let (sources, destinations) = (samples(0), samples(APPS));
        let pods: Vec<Pod> = sources.iter().chain(&destinations).copied().collect();
        let asked = Asked::new(&pods, policies)?;
        let mut allowed = Vec::new();
        for source in &sources {
            for destination in &destinations {
                for port in PORTS.into_iter().chain([OTHER_PORT]) {
                    allowed.push(asked.verdict(source, destination, port)?);
                }
            }
        }
        Ok(Self { allowed })
    }

    /// Whether pods of `source` reach pods of `destination`.
    pub(crate) fn allows(&self, source: usize, destination: usize, port: Port) -> bool {
        let both = |[egress, ingress]: [bool; 2]| egress && ingress;
        match port {
            Port::Served(at) => both(self.ends(source, destination, at)),
            Port::Other => both(self.ends(source, destination, PORTS.len())),
            Port::Adopted(at) => {
                let [egress, ingress] = self.ends(source, destination, at);
                let [egress_back, ingress_back] = self.ends(destination, source, PORTS.len());
                (egress || ingress_back) && (ingress || egress_back)
            }
        }
    }

    fn ends(&self, source: usize, destination: usize, port: usize) -> [bool; 2] {
        let at = (source * APPS + destination) * (PORTS.len() + 1) + port;
        self.allowed.get(at).copied().unwrap_or_default()
    }

    /// Whether the oracle says the same of two pods that live, which it is not asked about otherwise.
    pub(crate) fn agree(
        &self,
        policies: &Policies,
        source: &Pod,
        destination: &Pod,
        port: usize,
    ) -> Result<bool, VerdictsError> {
        let number = PORTS.get(port).copied().unwrap_or(OTHER_PORT);
        let said =
            Asked::new(&[*source, *destination], policies)?.verdict(source, destination, number)?;
        let [egress, ingress] = said;
        Ok((egress && ingress) == self.allows(source.app, destination.app, Port::Served(port)))
    }
}

/// A pod of each app, from this place on.
fn samples(first: usize) -> Vec<Pod> {
    let sample = |app: usize| {
        let place = first + app;
        let number = u16::try_from(place).unwrap_or(u16::MAX);
        Pod { life: u32::from(number), place, app, address: number + 1 }
    };
    (0..APPS).map(sample).collect()
}

/// A world, and both who can be asked about it.
struct Asked {
    world: World,
    rules: Rules,
    compiled: Compiled,
    slots: Slots,
    policies: String,
}

impl Asked {
    fn new(pods: &[Pod], policies: &Policies) -> Result<Self, VerdictsError> {
        let mut text = policies.text();
        pods.iter().for_each(|pod| pod.write(&mut text));
        let document = Document { name: "soak".into(), text: text.into() };
        let reading = manifest::read(&[document], &Options::default());
        if !reading.is_complete() {
            return Err(VerdictsError::Documents(format!("{:?}", reading.problems)));
        }
        let world = World::new(reading.parts)?;
        let slots = Slots::of(&world, Scope::Node(NODE));
        let compiled = compile::compile(&world, &reading.rules, &slots)?;
        Ok(Self { world, rules: reading.rules, compiled, slots, policies: policies.text() })
    }

    /// What the oracle says, if the table says the same.
    fn verdict(
        &self,
        source: &Pod,
        destination: &Pod,
        port: u16,
    ) -> Result<[bool; 2], VerdictsError> {
        let traffic = Traffic::Port(Protocol::Udp, port);
        let ends = [source, destination].map(|pod| self.world.end_at(pod.ipv4().into()));
        let [from, to] = ends;
        let differ = || VerdictsError::Differ {
            flow: format!("{source:?} to {destination:?} port {port}"),
            policies: self.policies.clone(),
        };
        let flow = Flow::new(from, to, traffic, Family::V4).map_err(|_| differ())?;
        let said = policy::decide(&self.world, &self.rules, &flow).verdict() == Verdict::Allow;
        let egress = self.table(source, Direction::Egress, destination, traffic);
        let ingress = self.table(destination, Direction::Ingress, source, traffic);
        if said == (egress && ingress) { Ok([egress, ingress]) } else { Err(differ()) }
    }

    fn table(&self, of: &Pod, direction: Direction, remote: &Pod, traffic: Traffic) -> bool {
        let mut pods = self.world.pods().map(|(_, pod)| pod);
        let slot = pods.find(|pod| pod.name == of.name()).and_then(|pod| self.slots.get(pod));
        let remote = IpAddr::from(remote.ipv4());
        slot.is_some_and(|slot| {
            let answer = self.compiled.image.lookup(slot, direction, remote, traffic);
            answer.verdict == Verdict::Allow
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use testkit::generate::Random;

    use super::*;

    #[test]
    fn a_table_of_apps_says_of_pods_what_the_oracle_says_of_them() {
        let mut random = Random::new(7);
        let mut counts = [0; 2];
        for _ in 0..20 {
            let policies = Policies::draw(&mut random);
            let verdicts = Verdicts::of(&policies).unwrap();
            for (one, other) in samples(20).iter().zip(samples(40).iter().rev()) {
                assert!(verdicts.agree(&policies, one, other, 1).unwrap());
                counts[usize::from(verdicts.allows(one.app, other.app, Port::Served(1)))] += 1;
            }
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
        let open = Verdicts::of(&Policies::none()).unwrap();
        assert!(open.allowed.iter().all(|allowed| *allowed == [true; 2]));
    }
}
