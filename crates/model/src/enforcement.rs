//! Whether policies count: the switch of a cluster, and the word of a namespace for its own pods.
//!
//! What does not count is staged, rule by rule and pod by pod; so it becomes a condition on the
//! namespace of a rule's subject, which everybody who asks for a subject obeys.

use std::collections::BTreeMap;

use crate::selector::Values;
use crate::{Labels, Requirement, Rule, Selector, Subject, World};

/// The label by which a namespace says whether policies of its pods count (ruling N41).
pub const ENFORCEMENT_LABEL: &str = "ringfence.io/enforcement";
const AUDIT: &str = "audit";

/// Whether the policies of a cluster count (rulings N40, N41).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// They do, except for pods of a namespace that says `audit`.
    #[default]
    Enforce,
    /// They are staged, except for pods of a namespace that says `enforce`.
    Audit,
    /// They are staged, whatever a namespace says: somebody broke the glass.
    Disabled,
}

impl Enforcement {
    /// The switch's position by its word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word {
            "enforce" => Some(Self::Enforce),
            AUDIT => Some(Self::Audit),
            _ => None,
        }
    }

    /// One word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => AUDIT,
            Self::Disabled => "disabled",
        }
    }

    /// What holds for the pods of a namespace with these labels. A word that is not known means that
    /// policies count: a typing mistake must not switch protection off.
    #[must_use]
    pub fn within(self, labels: &Labels) -> Self {
        match (self, labels.get(ENFORCEMENT_LABEL)) {
            (Self::Disabled, _) => Self::Disabled,
            (own, None) => own,
            (Self::Enforce | Self::Audit, Some(AUDIT)) => Self::Audit,
            (Self::Enforce | Self::Audit, Some(_)) => Self::Enforce,
        }
    }
}

/// The switch, and the namespaces that say otherwise.
pub(crate) struct Counting {
    switch: Enforcement,
    /// Their labels, with what is implied.
    others: Vec<Labels>,
}

impl Counting {
    pub(crate) fn new(switch: Enforcement, namespaces: &BTreeMap<String, Labels>) -> Self {
        let others = namespaces.iter().filter(|(_, labels)| switch.within(labels) != switch);
        let others = others.map(|(name, labels)| World::implied(name, labels.clone()));
        Self { switch, others: others.collect() }
    }

    /// Whether every rule counts for everybody.
    pub(crate) fn is_everything(&self) -> bool {
        self.switch == Enforcement::Enforce && self.others.is_empty()
    }

    /// What of `rule` counts.
    pub(crate) fn part(&self, rule: &Rule) -> Option<Rule> {
        let is_said = self.others.iter().any(|other| rule.subject.namespaces.matches(other));
        let part = |requirements: Vec<Requirement>| {
            let own = rule.subject.namespaces.requirements().cloned();
            let namespaces: Selector = own.chain(requirements).collect();
            let nodes = rule.subject.nodes.clone();
            let nodes = nodes.filter(|_| self.switch == Enforcement::Enforce);
            let subject = Subject { namespaces, nodes, ..rule.subject.clone() };
            Rule { subject, ..rule.clone() }
        };
        match (self.switch, is_said) {
            (Enforcement::Enforce, false) => Some(rule.clone()),
            (Enforcement::Enforce, true) => Some(part(vec![not_audit()])),
            (Enforcement::Audit, true) => Some(part(vec![says(), not_audit()])),
            (Enforcement::Audit, false) | (Enforcement::Disabled, _) => None,
        }
    }
}

fn says() -> Requirement {
    Requirement::Exists { key: ENFORCEMENT_LABEL.to_owned() }
}

fn not_audit() -> Requirement {
    Requirement::NotIn { key: ENFORCEMENT_LABEL.to_owned(), values: Values::one(AUDIT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_the_last_word_for_its_pods_unless_the_glass_is_broken() {
        use Enforcement::{Audit, Disabled, Enforce};
        let said = |word: &str| Labels::EMPTY.with(ENFORCEMENT_LABEL, word);
        for (switch, labels, holds) in [
            (Enforce, Labels::EMPTY, Enforce),
            (Enforce, said("audit"), Audit),
            (Audit, Labels::EMPTY, Audit),
            (Audit, said("enforce"), Enforce),
            (Audit, said("audit"), Audit),
            (Audit, said("Audit"), Enforce),
            (Enforce, said(""), Enforce),
            (Disabled, said("enforce"), Disabled),
        ] {
            assert_eq!(switch.within(&labels), holds, "{switch:?} {labels:?}");
        }
    }

    #[test]
    fn the_switch_has_two_words_and_no_third() {
        for word in ["enforce", "audit"] {
            assert_eq!(Enforcement::of_word(word).map(Enforcement::word), Some(word));
        }
        for word in ["disabled", "Audit", "", "off"] {
            assert_eq!(Enforcement::of_word(word), None, "{word}");
        }
    }
}
