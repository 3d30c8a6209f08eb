//! The way to a decision: which stages were asked at each end, and what each of them said.
//!
//! A verdict alone convinces nobody who expected another one. The oracle itself goes this way and
//! [`decide`](crate::decide) reads off its end, so that an explanation cannot differ from a decision.

use model::{Builtin, Decision, End, Judgement, RuleRef, Tier};

/// What one stage said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No rule of this tier speaks for the pod in this direction.
    NotSelected,
    /// Rules speak for the pod, and none is about this flow.
    NoMatch,
    /// This rule passed the flow on to the next stage.
    Passed(RuleRef),
    /// This stage decided; what is in [`EndTrace::judgement`].
    Decided,
}

/// One stage that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Which.
    pub tier: Tier,
    /// What it said.
    pub outcome: Outcome,
}

/// One end's way to its judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndTrace {
    /// Where it ended.
    pub judgement: Judgement,
    /// The stages that were asked, in order. None were where no policy applies at all; the
    /// judgement's reason then says why.
    pub stages: Vec<Stage>,
    /// The backend that was judged instead of the Service's address (ruling N13).
    pub backend: Option<End>,
}

impl From<Builtin> for EndTrace {
    fn from(builtin: Builtin) -> Self {
        Self { judgement: builtin.into(), stages: Vec::new(), backend: None }
    }
}

/// Both ends' ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The source's.
    pub egress: EndTrace,
    /// The destination's.
    pub ingress: EndTrace,
}

impl Trace {
    /// Where both ended.
    #[must_use]
    pub fn into_decision(self) -> Decision {
        Decision { egress: self.egress.judgement, ingress: self.ingress.judgement }
    }
}
