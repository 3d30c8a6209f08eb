//! Tests of policies as they were written, with every word resolved.
//!
//! A value of these types speaks of somebody who exists or could exist; what names nobody is an
//! error of reading.

use std::fmt;

use model::{Family, Place};

use crate::{Party, Ports};

/// One `PolicyTest` object.
#[derive(Clone, Debug)]
pub struct PolicyTest {
    /// `metadata.name`.
    pub name: String,
    /// Where it was written.
    pub place: Place,
    /// Its tests in their order, at least one.
    pub cases: Vec<Case>,
}

/// One test.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where its name was written.
    pub place: Place,
    /// What it says of the rest.
    pub kind: Kind,
    /// The sources; of `reachableBy` those of `is`.
    pub from: Party,
    /// The destinations.
    pub to: Party,
    /// The ports.
    pub ports: Ports,
    /// The one family that it speaks of; both where it says none.
    pub family: Option<Family>,
}

impl Case {
    /// Whether it speaks of a family.
    pub(crate) fn is_about(&self, family: Family) -> bool {
        self.family.is_none_or(|it| it == family)
    }
}

/// What a test says of its sources, destinations and ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every source reaches every destination on every port.
    Allow,
    /// No source reaches any destination on any port.
    Deny,
    /// Nobody but the sources reaches any destination on any port, whoever else may come to exist.
    Only,
    /// As deny, whoever may come to exist on either side.
    Never,
    /// Every source reaches every destination on every port, and nobody else any on any.
    ReachableBy,
}

impl Kind {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Self; 5] =
        [Self::Allow, Self::Deny, Self::Only, Self::Never, Self::ReachableBy];

    /// The field that it is written under.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Only => "only",
            Self::Never => "never",
            Self::ReachableBy => "reachableBy",
        }
    }

    /// The field that holds its sources.
    #[must_use]
    pub fn sources(self) -> &'static str {
        match self {
            Self::Allow | Self::Deny | Self::Only | Self::Never => "from",
            Self::ReachableBy => "is",
        }
    }

    /// Whether its sources are those who may, so that nobody at all can be meant.
    #[must_use]
    pub(crate) fn lists_those_who_may(self) -> bool {
        match self {
            Self::Only | Self::ReachableBy => true,
            Self::Allow | Self::Deny | Self::Never => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}
