//! A flow as one of its two pods sees it: which rules speak for this pod, and do they match?
//!
//! Everything a rule can ask is asked from here, so that tiers are only about order.

use model::{Direction, End, Flow, PodId, Rule, Rules, World};

use crate::matching::Match;
use crate::{peer, port};

/// One pod's side of a flow.
pub(crate) struct Subjected<'a> {
    pub(crate) world: &'a World,
    pub(crate) flow: &'a Flow,
    pub(crate) pod: PodId,
    pub(crate) direction: Direction,
}

impl<'a> Subjected<'a> {
    /// The rules that speak for this pod in this direction, in canonical order.
    pub(crate) fn rules(&self, rules: &'a Rules) -> impl Iterator<Item = &'a Rule> {
        rules.iter().filter(|rule| rule.direction() == self.direction && self.is_selected_by(rule))
    }

    /// Whether some rule asks which process of this pod sends, and nobody knows (ruling N38).
    pub(crate) fn is_untagged(&self, rules: &Rules) -> bool {
        let asks = |rule: &Rule| !rule.subject.processes.is_everybody();
        let speaks = |rule: &Rule| {
            rule.direction() == self.direction && is_selected(self.world, rule, self.pod)
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
        is_selected(self.world, rule, self.pod) && self.is_about_sender(rule)
    }

    /// Whether the rule speaks for the process that sends. On a pod's way to itself nobody asks.
    fn is_about_sender(&self, rule: &Rule) -> bool {
        let processes = &rule.subject.processes;
        let is_to_itself = self.other_end().pod() == Some(self.pod);
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
