//! What the policies of one pod say together: the lints' way to the oracle.
//!
//! No single object says whether a pod may be reached. The rules that speak for the pod do, so they
//! are gathered once and the oracle is asked with those only.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use model::{
    Direction, End, Family, Flow, PodId, Reason, Rule, RuleRef, Rules, Tier, Traffic, Verdict,
    World,
};

use crate::index::Index;

/// The rules that speak for one pod, by their positions.
#[derive(Clone, Debug, Default)]
struct Own {
    egress: Vec<u32>,
    ingress: Vec<u32>,
}

/// The rules of each pod.
pub(crate) struct Effective<'w> {
    world: &'w World,
    rules: Vec<&'w Rule>,
    pods: Vec<Own>,
    sets: RefCell<BTreeMap<Vec<u32>, Rc<Rules>>>,
}

impl<'w> Effective<'w> {
    /// Gathers the rules of every pod in `index`.
    pub(crate) fn new(world: &'w World, index: &Index<'w>, rules: &'w Rules) -> Self {
        let rules: Vec<&Rule> = rules.iter().collect();
        let mut pods = vec![Own::default(); world.pods().count()];
        for (at, rule) in (0..).zip(&rules) {
            for id in index.pods(&rule.subject.namespaces, &rule.subject.pods).iter() {
                if let Some(own) = pods.get_mut(id.0 as usize) {
                    match rule.direction() {
                        Direction::Egress => own.egress.push(at),
                        Direction::Ingress => own.ingress.push(at),
                    }
                }
            }
        }
        Self { world, rules, pods, sets: RefCell::default() }
    }

    fn positions(&self, pod: PodId, direction: Direction) -> &[u32] {
        self.pods.get(pod.0 as usize).map_or(&[], |own| match direction {
            Direction::Egress => &own.egress,
            Direction::Ingress => &own.ingress,
        })
    }

    /// The rules that speak for `pod` in `direction`, in canonical order.
    pub(crate) fn rules(&self, pod: PodId, direction: Direction) -> impl Iterator<Item = &'w Rule> {
        let positions = self.positions(pod, direction).iter();
        positions.filter_map(|at| self.rules.get(*at as usize).copied())
    }

    /// Whether some NetworkPolicy isolates `pod` in `direction`.
    pub(crate) fn is_isolated(&self, pod: PodId, direction: Direction) -> bool {
        self.rules(pod, direction).any(|rule| rule.tier == Tier::NetworkPolicy)
    }

    /// Whether what `from` may send lets it reach `to`.
    pub(crate) fn sends(&self, from: PodId, to: End, traffic: Traffic) -> bool {
        let family = family_of(&to);
        let rules = self.oracle_rules(from, Direction::Egress);
        let flow = Flow::new(self.world.pod_end(from, family), to, traffic, family);
        flow.is_ok_and(|flow| {
            policy::decide(self.world, &rules, &flow).egress.verdict == Verdict::Allow
        })
    }

    /// Whether what `to` may receive lets `from` reach it.
    pub(crate) fn receives(&self, to: PodId, from: End, traffic: Traffic) -> bool {
        let family = family_of(&from);
        let rules = self.oracle_rules(to, Direction::Ingress);
        let flow = Flow::new(from, self.world.pod_end(to, family), traffic, family);
        flow.is_ok_and(|flow| {
            policy::decide(self.world, &rules, &flow).ingress.verdict == Verdict::Allow
        })
    }

    /// The rule that lets `from` reach `to`, if one does.
    pub(crate) fn receives_because(
        &self,
        to: PodId,
        from: End,
        traffic: Traffic,
    ) -> Option<RuleRef> {
        let family = family_of(&from);
        let rules = self.oracle_rules(to, Direction::Ingress);
        let flow = Flow::new(from, self.world.pod_end(to, family), traffic, family).ok()?;
        match policy::decide(self.world, &rules, &flow).ingress.reason {
            Reason::Rule(rule) => Some(rule),
            Reason::DefaultDeny(_) | Reason::Builtin(_) => None,
        }
    }

    fn oracle_rules(&self, pod: PodId, direction: Direction) -> Rc<Rules> {
        let positions = self.positions(pod, direction);
        if let Some(rules) = self.sets.borrow().get(positions) {
            return Rc::clone(rules);
        }
        let rules = Rc::new(Rules::new(self.rules(pod, direction).cloned().collect()));
        self.sets.borrow_mut().insert(positions.to_vec(), Rc::clone(&rules));
        rules
    }
}

/// The family of an end's address; IPv4 where no address is known.
fn family_of(end: &End) -> Family {
    end.address().map_or(Family::V4, Family::of)
}
