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
        is_selected(self.world, rule, self.pod)
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
