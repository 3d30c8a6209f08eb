//! Decides a whole flow by the table: the second tier, to be compared with the oracle.

use std::net::IpAddr;

use abi::Endpoint;
use model::{Builtin, Decision, Direction, End, Flow, Judgement, NodeId, Origin, PodId, Reason};

use crate::row::builtin;
use crate::{Answer, Compiled};

/// A flow that the table cannot decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untranslated {
    /// An end has no address yet; the kernel will never see such a packet.
    #[error("an end of this flow has no address yet")]
    NoAddress,
    /// The pod is no endpoint of this table.
    #[error("this pod is not an endpoint of this table")]
    NoEndpoint,
    /// A cell names a rule that the table does not know.
    #[error("rule id {rule} has no name")]
    NoName {
        /// The id.
        rule: u32,
    },
}

impl Compiled {
    /// What both ends of `flow` say, as the programs would.
    ///
    /// # Errors
    /// Where an end has no address, is no endpoint, or a rule id has no name.
    pub fn decide(&self, flow: &Flow) -> Result<Decision, Untranslated> {
        Ok(Decision { egress: self.egress(flow)?, ingress: self.ingress(flow)? })
    }

    /// What the source says.
    ///
    /// # Errors
    /// See [`Compiled::decide`].
    pub fn egress(&self, flow: &Flow) -> Result<Judgement, Untranslated> {
        match flow.source() {
            End::Pod { pod, .. } => self.judge(flow, *pod, flow.destination(), Direction::Egress),
            End::Host { node, .. } => {
                self.judge_host(*node, flow.destination(), Direction::Egress, flow)
            }
            End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
                Ok(Builtin::DefaultAllow.into())
            }
        }
    }

    /// What the destination says.
    ///
    /// # Errors
    /// See [`Compiled::decide`].
    pub fn ingress(&self, flow: &Flow) -> Result<Judgement, Untranslated> {
        match (flow.destination(), flow.origin()) {
            (End::Pod { .. }, Origin::Host) => Ok(Builtin::LocalNode.into()),
            (End::Pod { pod, .. }, Origin::Wire) => {
                self.judge(flow, *pod, flow.source(), Direction::Ingress)
            }
            (End::Host { node, .. }, _) => {
                self.judge_host(*node, flow.source(), Direction::Ingress, flow)
            }
            (End::UnknownPod { .. } | End::External { .. } | End::Domain { .. }, _) => {
                Ok(Builtin::DefaultAllow.into())
            }
        }
    }

    /// Whether a connection that exists lives on although one end of `flow` denies it (ruling
    /// N25).
    ///
    /// # Errors
    /// See [`Compiled::decide`].
    pub fn keeps_existing(&self, flow: &Flow, direction: Direction) -> Result<bool, Untranslated> {
        let (own, other, exempt) = match direction {
            Direction::Egress => (flow.source(), flow.destination(), false),
            Direction::Ingress => {
                (flow.destination(), flow.source(), flow.origin() == Origin::Host)
            }
        };
        match (own, exempt) {
            (End::Pod { pod, .. }, false) => {
                Ok(self.answer(flow, *pod, other, direction)?.keeps_existing)
            }
            (End::Host { node, .. }, false) => {
                let answer = self.answer_of_host(*node, other, direction, flow)?;
                Ok(answer.is_some_and(|answer| answer.keeps_existing))
            }
            (End::UnknownPod { .. } | End::External { .. } | End::Domain { .. }, _)
            | (End::Pod { .. } | End::Host { .. }, true) => Ok(false),
        }
    }

    fn judge_host(
        &self,
        node: Option<NodeId>,
        other: &End,
        direction: Direction,
        flow: &Flow,
    ) -> Result<Judgement, Untranslated> {
        match self.answer_of_host(node, other, direction, flow)? {
            Some(answer) => self.named(answer),
            None => Ok(Builtin::Host.into()),
        }
    }

    /// Nothing where no enforced rule speaks for the node. Its way to itself is its loopback, where nothing is
    /// judged (ruling N39).
    fn answer_of_host(
        &self,
        node: Option<NodeId>,
        other: &End,
        direction: Direction,
        flow: &Flow,
    ) -> Result<Option<Answer>, Untranslated> {
        let Some(slot) = node.and_then(|node| self.hosts.get(&node)) else { return Ok(None) };
        let sets = self.image.endpoints.get(slot).map(|endpoint| endpoint.sets);
        if sets == Some(Endpoint::open().sets) {
            return Ok(None);
        }
        if matches!(other, End::Host { node: other, .. } if *other == node) {
            return Ok(Some(builtin(Builtin::Itself).into()));
        }
        let remote: IpAddr = other.address().ok_or(Untranslated::NoAddress)?;
        Ok(Some(self.image.lookup(*slot, direction, remote, flow.traffic())))
    }

    /// What one end of `flow` would say if staged policies were enforced, as the programs tell it:
    /// nothing where nothing is staged for the pod, no policy is asked, or the pod reaches itself
    /// (ruling N37).
    ///
    /// # Errors
    /// See [`Compiled::decide`].
    pub fn staged(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> Result<Option<Judgement>, Untranslated> {
        let Some((pod, other)) = judged(flow, direction) else {
            return self.staged_of_host(flow, direction);
        };
        let (slot, remote) = self.place(pod, other)?;
        if other.pod() == Some(pod) {
            return Ok(None);
        }
        let (image, traffic) = (&self.image, flow.traffic());
        let subject = flow.process().map(|process| self.subjects.id(slot, process));
        let answer = match direction {
            Direction::Egress => image.lookup_staged_by(slot, subject, remote, traffic),
            Direction::Ingress => image.lookup_staged(slot, direction, remote, traffic),
        };
        answer.map(|answer| self.named(answer)).transpose()
    }

    /// The same for an end that is a node, which never reaches itself by the programs.
    fn staged_of_host(
        &self,
        flow: &Flow,
        direction: Direction,
    ) -> Result<Option<Judgement>, Untranslated> {
        let (own, other) = match direction {
            Direction::Egress => (flow.source(), flow.destination()),
            Direction::Ingress => (flow.destination(), flow.source()),
        };
        let End::Host { node: Some(node), .. } = own else { return Ok(None) };
        let is_itself = matches!(other, End::Host { node: Some(other), .. } if other == node);
        let Some(slot) = self.hosts.get(node).filter(|_| !is_itself) else { return Ok(None) };
        let remote: IpAddr = other.address().ok_or(Untranslated::NoAddress)?;
        let answer = self.image.lookup_staged(*slot, direction, remote, flow.traffic());
        answer.map(|answer| self.named(answer)).transpose()
    }

    fn judge(
        &self,
        flow: &Flow,
        pod: PodId,
        other: &End,
        direction: Direction,
    ) -> Result<Judgement, Untranslated> {
        self.named(self.answer(flow, pod, other, direction)?)
    }

    fn answer(
        &self,
        flow: &Flow,
        pod: PodId,
        other: &End,
        direction: Direction,
    ) -> Result<Answer, Untranslated> {
        let (slot, remote) = self.place(pod, other)?;
        let traffic = flow.traffic();
        let subject = flow.process().map(|process| self.subjects.id(slot, process));
        Ok(match (other.pod() == Some(pod), flow.is_translated()) {
            (true, false) => builtin(Builtin::Itself).into(),
            (false, _) if direction == Direction::Egress => {
                self.image.lookup_by(slot, subject, remote, traffic)
            }
            (true, true) => self.image.lookup_hairpin(slot, direction, remote, traffic),
            (false, _) => self.image.lookup(slot, direction, remote, traffic),
        })
    }

    /// Where the table is asked.
    fn place(&self, pod: PodId, other: &End) -> Result<(u32, IpAddr), Untranslated> {
        let slot = *self.slots.get(&pod).ok_or(Untranslated::NoEndpoint)?;
        Ok((slot, other.address().ok_or(Untranslated::NoAddress)?))
    }

    fn named(&self, answer: Answer) -> Result<Judgement, Untranslated> {
        let reason = match answer.reason {
            Some(builtin) => Reason::Builtin(builtin),
            None => {
                let rule = answer.rule;
                self.names.reason(rule).cloned().ok_or(Untranslated::NoName { rule })?
            }
        };
        Ok(Judgement::new(answer.verdict, reason))
    }
}

/// The pod whose policies are asked in `direction` and who stands at its other end; nothing where no
/// policy is.
fn judged(flow: &Flow, direction: Direction) -> Option<(PodId, &End)> {
    let (own, other, is_exempt) = match direction {
        Direction::Egress => (flow.source(), flow.destination(), false),
        Direction::Ingress => (flow.destination(), flow.source(), flow.origin() == Origin::Host),
    };
    own.pod().filter(|_| !is_exempt).map(|pod| (pod, other))
}
