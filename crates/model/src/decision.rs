//! What was decided, and because of what.
//!
//! A verdict without its reason cannot be explained, so the two are one value.

use std::fmt;

use crate::{Builtin, PolicyRef, RuleRef};

/// Whether a flow may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It may not.
    Deny,
    /// It may.
    Allow,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        })
    }
}

/// The one reason for a verdict. Source: rulings D2 and D3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// This rule decided.
    Rule(RuleRef),
    /// No rule allowed what these policies isolate: sorted, each once, never empty.
    DefaultDeny(Vec<PolicyRef>),
    /// No rule was needed.
    Builtin(Builtin),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => rule.fmt(f),
            Self::DefaultDeny(policies) => {
                f.write_str("default-deny by ")?;
                for (at, policy) in policies.iter().enumerate() {
                    let comma = if at == 0 { "" } else { ", " };
                    write!(f, "{comma}{policy}")?;
                }
                Ok(())
            }
            Self::Builtin(builtin) => builtin.fmt(f),
        }
    }
}

/// The decision of one end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Judgement {
    /// Whether this end lets the flow pass.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// An address that is not known yet could have changed this (ruling N10).
    pub undetermined: bool,
}

impl Judgement {
    /// A judgement with every address known.
    #[must_use]
    pub fn new(verdict: Verdict, reason: Reason) -> Self {
        Self { verdict, reason, undetermined: false }
    }
}

impl From<Builtin> for Judgement {
    fn from(builtin: Builtin) -> Self {
        Self::new(builtin.verdict(), Reason::Builtin(builtin))
    }
}

/// The decisions of both ends. Source: rulings D1 and N18.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision {
    /// What the source's egress says.
    pub egress: Judgement,
    /// What the destination's ingress says.
    pub ingress: Judgement,
}

impl Decision {
    /// Allowed only if both ends allow.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.egress.verdict.min(self.ingress.verdict)
    }

    /// The judgement that names the flow's reason: the first denying end, egress first; of two
    /// allowing ends the ingress.
    #[must_use]
    pub fn deciding(&self) -> &Judgement {
        match self.egress.verdict {
            Verdict::Deny => &self.egress,
            Verdict::Allow => &self.ingress,
        }
    }
}
