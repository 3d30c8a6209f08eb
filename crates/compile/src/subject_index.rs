//! Which rules speak for a pod, found without asking every rule.
//!
//! Most rules name one namespace, and a cluster has thousands; so rules are kept by that name, and a
//! pod is compared with those of its own and with the few that name none.

use std::collections::HashMap;

use model::{Direction, Pod, ProcessMatch, Requirement, Rule, Rules, Selector, World};

use crate::process::speaks_for;
use crate::set::PolicySet;

/// Rules by the one namespace that their subject names, and the rest.
pub(crate) struct SubjectIndex<'a> {
    pub(crate) rules: &'a Rules,
    by_namespace: HashMap<&'a str, Vec<&'a Rule>>,
    rest: Vec<&'a Rule>,
}

impl<'a> SubjectIndex<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        let mut index = Self { rules, by_namespace: HashMap::new(), rest: Vec::new() };
        for rule in rules {
            match only_namespace(&rule.subject.namespaces) {
                Some(name) => index.by_namespace.entry(name).or_default().push(rule),
                None => index.rest.push(rule),
            }
        }
        index
    }

    /// What `rules` of `pod` say of what `subject` sends, or of what the pod receives.
    pub(crate) fn set(
        &self,
        rules: &[&Rule],
        pod: &Pod,
        direction: Direction,
        subject: &ProcessMatch,
    ) -> PolicySet {
        let speaks = |rule: &&Rule| {
            rule.direction() == direction && speaks_for(&rule.subject.processes, subject)
        };
        let rules: Vec<&Rule> = rules.iter().copied().filter(speaks).collect();
        PolicySet::new(&rules, self.rules, Some(pod), direction)
    }

    pub(crate) fn rules_of(&self, world: &World, pod: &Pod) -> Vec<&'a Rule> {
        let namespace = world.namespace_labels(&pod.namespace);
        let own = self.by_namespace.get(pod.namespace.as_str()).into_iter().flatten();
        let candidates = own.chain(&self.rest).copied();
        candidates
            .filter(|rule| rule.subject.pods.matches(&pod.labels))
            .filter(|rule| rule.subject.namespaces.matches(namespace))
            .collect()
    }
}

/// The namespace whose name `selector` asks for, if it asks for exactly one. It may ask for more.
pub(crate) fn only_namespace(selector: &Selector) -> Option<&str> {
    selector.requirements().find_map(|requirement| match requirement {
        Requirement::In { key, values } if key == "kubernetes.io/metadata.name" => {
            let mut values = values.iter();
            values.next().filter(|_| values.next().is_none())
        }
        Requirement::In { .. }
        | Requirement::NotIn { .. }
        | Requirement::Exists { .. }
        | Requirement::DoesNotExist { .. } => None,
    })
}
