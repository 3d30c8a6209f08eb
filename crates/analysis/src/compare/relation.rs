//! The answer: which relations hold among those who are there, and among everybody who could come.

use std::collections::BTreeSet;

use model::{Direction, Family, PolicyRef, Reason, Rules, Verdict};
use serde::{Serialize, Serializer};

use crate::compare::{Found, Party};
use crate::{TrafficSet, words};

/// How two sets of policies relate.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Every relation, in a fixed order.
    pub relations: Vec<Relation>,
    /// Whether every kind of pod that could come was compared.
    pub complete_future: bool,
}

/// A relation between A and B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationName {
    /// Every flow has the same verdict.
    Equivalent,
    /// Every flow that A allows, B allows too.
    AWithinB,
    /// Every flow that B allows, A allows too.
    BWithinA,
    /// No pod is selected by both in one direction.
    Disjoint,
    /// Adding B to A changes no verdict at a pod that A selects.
    NotInterfering,
}

impl RelationName {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Equivalent => "equivalent",
            Self::AWithinB => "a-within-b",
            Self::BWithinA => "b-within-a",
            Self::Disjoint => "disjoint",
            Self::NotInterfering => "not-interfering",
        }
    }
}

/// Whether a relation holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Relation {
    /// Which.
    pub relation: RelationName,
    /// Whether it holds among those who are there, addresses outside included.
    pub given: bool,
    /// Whether it holds among everybody who could come as well.
    pub future: bool,
    /// Why it does not hold: somebody who is there, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
}

/// A flow, or one end of flows, on which A and B differ or meet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Witness {
    /// Whose policies these are: the source's or the destination's.
    #[serde(serialize_with = "words::shown")]
    pub direction: Direction,
    /// The source; anybody if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Party>,
    /// The destination; anybody if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Party>,
    /// By which family of addresses, where a flow is meant: by the other it may fare otherwise.
    #[serde(serialize_with = "family", skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// On what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<TrafficSet>,
    /// What A says there.
    pub a: Side,
    /// What B says there; for interference, A and B together.
    pub b: Side,
}

/// What one side says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// Whether it lets the flow pass this end; absent where no single flow is meant.
    #[serde(serialize_with = "verdict", skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why.
    #[serde(serialize_with = "reason", skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

fn family<S: Serializer>(family: &Option<Family>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(family.map(words::family_word).unwrap_or_default())
}

fn verdict<S: Serializer>(verdict: &Option<Verdict>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&verdict.map(|it| it.to_string()).unwrap_or_default())
}

fn reason<S: Serializer>(reason: &Option<Reason>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&reason.as_ref().map(ToString::to_string).unwrap_or_default())
}

/// A with the policies of B; those of one name are replaced, as applying them would.
pub(super) fn added(a: &Rules, b: &Rules) -> Rules {
    let of_b: BTreeSet<&PolicyRef> = b.iter().map(|rule| &rule.origin.policy).collect();
    let kept = a.iter().filter(|rule| !of_b.contains(&rule.origin.policy));
    Rules::new(kept.chain(b.iter()).cloned().collect())
}

pub(super) fn comparison(
    [only_a, only_b]: [Found; 2],
    disjoint: Found,
    interfering: Found,
    complete_future: bool,
) -> Comparison {
    let either = Found {
        given: only_a.given.clone().or_else(|| only_b.given.clone()),
        future: only_a.future.clone().or_else(|| only_b.future.clone()),
    };
    let relations = [
        (RelationName::Equivalent, either),
        (RelationName::AWithinB, only_a),
        (RelationName::BWithinA, only_b),
        (RelationName::Disjoint, disjoint),
        (RelationName::NotInterfering, interfering),
    ];
    let relations = relations.into_iter().map(|(relation, found)| Relation {
        relation,
        given: found.given.is_none(),
        future: found.given.is_none() && found.future.is_none(),
        witness: found.given.or(found.future),
    });
    Comparison { relations: relations.collect(), complete_future }
}
