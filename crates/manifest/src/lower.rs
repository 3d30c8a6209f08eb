//! From a policy as written to lowered rules, and what stays of one that cannot be read.
//!
//! In files an unreadable policy contributes nothing and the answer is incomplete; in a cluster it
//! denies (rulings E5 and C4). Both decisions are made here and nowhere else.

use model::{Action, Direction, Peers, PolicyRef, Ports, Rule, RuleRef, Selector, Subject, Tier};

use crate::fields::items;
use crate::kind::annotation::Transition;
use crate::problem::PolicyError;
use crate::reader::{Read, Reader, Refused};
use crate::yaml::{Items, Span, Tree};

/// A rule as written, each part by itself readable or refused.
pub(crate) struct WrittenRule {
    pub(crate) span: Span,
    pub(crate) action: Read<Action>,
    pub(crate) peers: Read<Peers>,
    pub(crate) ports: Read<Ports>,
}

impl WrittenRule {
    fn refused(&self) -> Option<Refused> {
        self.action.err().or(self.peers.as_ref().err().copied()).or(self
            .ports
            .as_ref()
            .err()
            .copied())
    }
}

/// The rules of one direction with its place; without a place the field was absent.
pub(crate) struct Section {
    pub(crate) span: Option<Span>,
    pub(crate) rules: Read<Vec<WrittenRule>>,
}

/// A policy, lowered.
pub(crate) struct Policy {
    pub(crate) reference: PolicyRef,
    pub(crate) span: Span,
    /// Where the first-match tiers put it: stage, group and the place of the priority.
    pub(crate) stage: Option<(Tier, u16, Span)>,
    pub(crate) rules: Vec<(Rule, Span)>,
    /// How it comes into force.
    pub(crate) transition: Transition,
}

/// A policy of an additive tier as written.
pub(crate) struct Additive {
    pub(crate) reference: PolicyRef,
    pub(crate) span: Span,
    pub(crate) subject: Read<Subject>,
    /// The directions that it isolates, after defaulting (ruling N1).
    pub(crate) directions: Read<Vec<Direction>>,
    pub(crate) ingress: Section,
    pub(crate) egress: Section,
    /// Something outside of the parts above was refused.
    pub(crate) rest: Read<()>,
}

/// A policy of a first-match tier as written.
pub(crate) struct FirstMatch {
    pub(crate) reference: PolicyRef,
    pub(crate) span: Span,
    pub(crate) subject: Read<Subject>,
    pub(crate) stage: Read<(Tier, u16, Span)>,
    pub(crate) ingress: Section,
    pub(crate) egress: Section,
    /// Something outside of the parts above was refused.
    pub(crate) rest: Read<()>,
}

/// Lowers a policy of an additive tier.
pub(crate) fn additive(policy: Additive, reader: &Reader<'_>) -> Policy {
    let Additive { reference, span, subject, directions, ingress, egress, rest } = policy;
    let unreadable =
        rest.is_err() || directions.is_err() || [&ingress, &egress].into_iter().any(is_unreadable);
    let reference_of = || reference.clone();
    let transition = Transition::default();
    let lowered =
        |rules| Policy { reference: reference_of(), span, stage: None, rules, transition };
    let Ok(subject) = subject else { return lowered(Vec::new()) };
    if unreadable && !reader.fails_closed() {
        return lowered(Vec::new());
    }
    let of =
        Lowering { tier: Tier::NetworkPolicy, group: 0, reference: &reference, subject: &subject };
    let mut rules = Vec::new();
    for direction in directions.unwrap_or_else(|_| Direction::ALL.to_vec()) {
        let section = match direction {
            Direction::Ingress => &ingress,
            Direction::Egress => &egress,
        };
        let at = section.span.unwrap_or(span);
        let before = rules.len();
        if !unreadable {
            let written = section.rules.as_ref().map_or(&[][..], Vec::as_slice);
            rules.extend((0..).zip(written).map(|(at, rule)| of.rule(direction, at, rule)));
        }
        if rules.len() == before {
            rules.push((of.nobody(direction, 0, Action::Allow), at));
        }
    }
    lowered(rules)
}

/// Lowers a policy of a first-match tier.
pub(crate) fn first_match(policy: FirstMatch, reader: &Reader<'_>) -> Policy {
    let FirstMatch { reference, span, subject, stage, ingress, egress, rest } = policy;
    let unreadable = rest.is_err() || [&ingress, &egress].into_iter().any(is_unreadable);
    let kept = stage.ok();
    let reference_of = || reference.clone();
    let transition = Transition::default();
    let lowered =
        |rules| Policy { reference: reference_of(), span, stage: kept, rules, transition };
    let (Ok(subject), Some((tier, group, _))) = (subject, kept) else { return lowered(Vec::new()) };
    if unreadable && !reader.fails_closed() {
        return lowered(Vec::new());
    }
    let of = Lowering { tier, group, reference: &reference, subject: &subject };
    let mut rules = Vec::new();
    for (direction, section) in [(Direction::Ingress, &ingress), (Direction::Egress, &egress)] {
        match &section.rules {
            Ok(written) => {
                rules.extend((0..).zip(written).map(|(at, rule)| of.rule(direction, at, rule)));
            }
            Err(_) => rules.push((of.deny(direction, 0), section.span.unwrap_or(span))),
        }
    }
    lowered(rules)
}

fn is_unreadable(section: &Section) -> bool {
    match &section.rules {
        Ok(rules) => rules.iter().any(|rule| rule.refused().is_some()),
        Err(_) => true,
    }
}

/// What all rules of a policy share.
struct Lowering<'a> {
    tier: Tier,
    group: u16,
    reference: &'a PolicyRef,
    subject: &'a Subject,
}

impl Lowering<'_> {
    fn rule(&self, direction: Direction, index: u32, written: &WrittenRule) -> (Rule, Span) {
        let rule = match (written.action, &written.peers, &written.ports) {
            (Ok(action), Ok(peers), Ok(ports)) => {
                self.of(direction, index, peers.clone(), ports.clone(), action)
            }
            (Ok(Action::Allow), ..) => self.nobody(direction, index, Action::Allow),
            (Ok(Action::Deny | Action::Pass) | Err(_), ..) => self.deny(direction, index),
        };
        (rule, written.span)
    }

    fn nobody(&self, direction: Direction, index: u32, action: Action) -> Rule {
        self.of(direction, index, Peers::OneOf(Vec::new()), Ports::Any, action)
    }

    fn deny(&self, direction: Direction, index: u32) -> Rule {
        self.of(direction, index, Peers::Any, Ports::Any, Action::Deny)
    }

    fn of(
        &self,
        direction: Direction,
        index: u32,
        peers: Peers,
        ports: Ports,
        action: Action,
    ) -> Rule {
        let policy = self.reference.clone();
        Rule {
            tier: self.tier,
            group: self.group,
            origin: RuleRef { policy, direction, index },
            subject: self.subject.clone(),
            peers,
            ports,
            action,
        }
    }
}

/// Selects one namespace by the label that every namespace has (ruling N21).
pub(crate) fn namespace_selector(namespace: &str) -> Selector {
    Selector::equals("kubernetes.io/metadata.name", namespace)
}

/// The items of a list that holds `1..=limit` of them.
pub(crate) fn bounded<'n>(
    node: Tree<'n>,
    field: &str,
    limit: usize,
    reader: &mut Reader<'_>,
) -> Read<Items<'n>> {
    let items = at_most(node, field, limit, reader)?;
    if items.len() == 0 {
        return Err(reader.refuse(node.span(), PolicyError::EmptyList { field: field.to_owned() }));
    }
    Ok(items)
}

/// The items of a list that holds at most `limit` of them.
pub(crate) fn at_most<'n>(
    node: Tree<'n>,
    field: &str,
    limit: usize,
    reader: &mut Reader<'_>,
) -> Read<Items<'n>> {
    let items = items(node, field, reader)?;
    let found = items.len();
    if found <= limit {
        return Ok(items);
    }
    let what = format!("items in `{field}`");
    Err(reader.refuse(node.span(), PolicyError::TooMany { what, found, limit }))
}
