//! A flow as one of its two ends sees it: which rules speak for this pod or node, and do they match?
//!
//! Everything a rule can ask is asked from here, so that tiers are only about order.

use model::{Direction, End, Flow, NodeId, PodId, Rule, Rules, World};

use crate::matching::Match;
use crate::{peer, port};

/// Whom rules can speak for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Pod(PodId),
    /// Its own processes and host-network pods (ruling N39).
    Node(NodeId),
}

impl Who {
    /// Whom rules can speak for at this end of a flow.
    pub(crate) fn of(end: &End) -> Option<Self> {
        match end {
            End::Pod { pod, .. } => Some(Self::Pod(*pod)),
            End::Host { node, .. } => node.map(Self::Node),
            End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => None,
        }
    }

    /// Whether `rule` speaks for it.
    pub(crate) fn is_selected_by(self, world: &World, rule: &Rule) -> bool {
        match self {
            Self::Pod(pod) => is_selected(world, rule, pod),
            Self::Node(node) => rule.subject.selects_node(&world.node(node).labels),
        }
    }
}

/// One end's side of a flow.
pub(crate) struct Subjected<'a> {
    pub(crate) world: &'a World,
    pub(crate) flow: &'a Flow,
    pub(crate) who: Who,
    pub(crate) direction: Direction,
}

impl<'a> Subjected<'a> {
    /// The rules that speak for this end in this direction, in canonical order.
    pub(crate) fn rules(&self, rules: &'a Rules) -> impl Iterator<Item = &'a Rule> {
        rules.iter().filter(|rule| rule.direction() == self.direction && self.is_selected_by(rule))
    }

    /// Whether some rule asks which process of this end sends, and nobody knows (ruling N38).
    pub(crate) fn is_untagged(&self, rules: &Rules) -> bool {
        let asks = |rule: &Rule| !rule.subject.processes.is_everybody();
        let speaks = |rule: &Rule| {
            rule.direction() == self.direction && self.who.is_selected_by(self.world, rule)
        };
        self.flow.process().is_none() && rules.iter().any(|rule| asks(rule) && speaks(rule))
    }

    /// Whether `rule` is about this flow.
    pub(crate) fn matches(&self, rule: &Rule) -> Match {
        port::matches(self.world, &rule.ports, self.flow).and(peer::matches(
            self.world,
            rule,
            self.other_end(),
            self.flow.family(),
        ))
    }

    fn is_selected_by(&self, rule: &Rule) -> bool {
        self.who.is_selected_by(self.world, rule) && self.is_about_sender(rule)
    }

    /// Whether the rule speaks for the process that sends. On a pod's way to itself nobody asks.
    fn is_about_sender(&self, rule: &Rule) -> bool {
        let processes = &rule.subject.processes;
        let is_to_itself = Who::of(self.other_end()) == Some(self.who);
        let sender = self.flow.process().filter(|_| !is_to_itself);
        processes.is_everybody() || sender.is_some_and(|process| processes.matches(process))
    }

    fn other_end(&self) -> &End {
        match self.direction {
            Direction::Egress => self.flow.destination(),
            Direction::Ingress => self.flow.source(),
        }
    }
}

/// Whether `rule` speaks for `pod`.
pub(crate) fn is_selected(world: &World, rule: &Rule, pod: PodId) -> bool {
    let pod = world.pod(pod);
    rule.subject.pods.matches(&pod.labels)
        && rule.subject.namespaces.matches(world.namespace_labels(&pod.namespace))
}
