//! What is asked of one end of a flow, and what the oracle says of it.
//!
//! The kernel is asked by slot and address, as a packet would; the oracle by who that is.

use std::net::IpAddr;

use compile::{Answer, Image};
use model::{
    Direction, End, Family, Flow, Judgement, PodId, Process, Rules, Traffic, Verdict, World,
};

/// One end of a flow: which endpoint, with whom, about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ask {
    pub(crate) slot: u32,
    pub(crate) direction: Direction,
    pub(crate) remote: IpAddr,
    pub(crate) traffic: Traffic,
    /// Which process of the pod sends is known: one that no rule names (ruling N38).
    pub(crate) is_tagged: bool,
}

impl Ask {
    /// What an image answers.
    pub(crate) fn answer(&self, image: &Image) -> Answer {
        match self.direction {
            Direction::Egress => {
                let subject = self.is_tagged.then_some(abi::subject::OTHER);
                image.lookup_by(self.slot, subject, self.remote, self.traffic)
            }
            Direction::Ingress => {
                image.lookup(self.slot, self.direction, self.remote, self.traffic)
            }
        }
    }

    /// What an image says is staged, if anything is.
    pub(crate) fn staged(&self, image: &Image) -> Option<Answer> {
        match self.direction {
            Direction::Egress => {
                let subject = self.is_tagged.then_some(abi::subject::OTHER);
                image.lookup_staged_by(self.slot, subject, self.remote, self.traffic)
            }
            Direction::Ingress => {
                image.lookup_staged(self.slot, self.direction, self.remote, self.traffic)
            }
        }
    }

    pub(crate) fn verdict(&self, image: &Image) -> Verdict {
        self.answer(image).verdict
    }

    /// What the oracle says of `pod`, if `remote` is who it says; nothing for a flow that cannot be.
    pub(crate) fn judgement(
        &self,
        world: &World,
        rules: &Rules,
        pod: PodId,
        remote: End,
    ) -> Option<Judgement> {
        let family = Family::of(self.remote);
        let own = world.pod_end(pod, family);
        own.address()?;
        let (source, destination) = match self.direction {
            Direction::Egress => (own, remote),
            Direction::Ingress => (remote, own),
        };
        let flow = Flow::new(source, destination, self.traffic, family).ok()?;
        let flow = if self.is_tagged { flow.by(nobody_names()) } else { flow };
        let decision = policy::decide(world, rules, &flow);
        Some(match self.direction {
            Direction::Egress => decision.egress,
            Direction::Ingress => decision.ingress,
        })
    }
}

/// A process that no rule of the generator names.
fn nobody_names() -> Process {
    Process { container: "init".to_owned(), executable: "/bin/other".to_owned() }
}
