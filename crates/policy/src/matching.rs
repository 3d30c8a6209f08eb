//! Whether a condition holds: yes, no, or it depends on an address that nobody knows yet.
//!
//! The third answer exists because a Deployment in a file has no addresses (ruling N10).

use model::{Action, Rule};

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    No,
    Undetermined,
}

impl Match {
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (Self::Undetermined, Self::Yes | Self::Undetermined)
            | (Self::Yes, Self::Undetermined) => Self::Undetermined,
        }
    }
}

impl From<bool> for Match {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// A rule that takes part in a decision, with what it does there.
pub(crate) struct Hit<'a> {
    pub(crate) rule: &'a Rule,
    pub(crate) action: Action,
    pub(crate) undetermined: bool,
}

/// What a rule does when it matches as `matched`: where that is undetermined, an Allow does nothing
/// and a Deny or Pass denies (ruling N10).
pub(crate) fn hit(rule: &Rule, matched: Match) -> Option<Hit<'_>> {
    match (matched, rule.action) {
        (Match::No, _) | (Match::Undetermined, Action::Allow) => None,
        (Match::Yes, action) => Some(Hit { rule, action, undetermined: false }),
        (Match::Undetermined, Action::Deny | Action::Pass) => {
            Some(Hit { rule, action: Action::Deny, undetermined: true })
        }
    }
}
