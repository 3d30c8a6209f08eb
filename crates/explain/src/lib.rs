//! Why a flow is allowed or denied, what almost matched, and the smallest change that would allow it.
//!
//! The oracle's own trace is joined with the places and lines of the manifests; nothing here decides
//! anything. Start at [`explain`].
//!
//! **Invariant:** no IO; whoever asks holds the documents.
//! **Invariant:** a patch is offered only after its documents were read again and the difference was
//! exactly what was asked for.

mod answer;
mod excerpt;
mod explanation;
mod locate;
mod name;
mod near;
mod patch;
mod question;
mod render;

pub use explanation::{
    By, EndAnswer, Excerpt, Explanation, FlowAnswer, Leads, Line, Mark, Near, StageAnswer,
    StageOutcome, StagedAnswer,
};
pub use patch::{Patch, Patched, Refusal, Remedy};
pub use question::{Input, Question};
pub use render::text;

use model::{Flow, Verdict};
use policy::Trace;

/// Explains every flow of a question, and says what would allow those that are denied.
#[must_use]
pub fn explain(input: &Input<'_>, question: &Question) -> Explanation {
    let traces: Vec<(&Flow, Trace)> = question
        .flows
        .iter()
        .map(|flow| (flow, policy::trace(input.world, input.rules, flow)))
        .collect();
    let as_staged = input.rules.with_staged_enforced();
    let answer = |(flow, trace): &(&Flow, Trace)| FlowAnswer {
        staged: answer::staged(input, flow, trace, &as_staged),
        ..answer::flow(input, flow, trace)
    };
    let flows: Vec<FlowAnswer> = traces.iter().map(answer).collect();
    let is_denied = |(_, trace): &&(&Flow, Trace)| verdict(trace) == Verdict::Deny;
    let denied: Vec<&(&Flow, Trace)> = traces.iter().filter(is_denied).collect();
    let (near, near_left_out) = near::near(input, &denied);
    let remedy = (!denied.is_empty()).then(|| patch::remedy(input, question, &denied));
    let next = remedy.as_ref().map(|remedy| question.next(input, remedy, &denied));
    let said = if denied.is_empty() { Verdict::Allow } else { Verdict::Deny };
    Explanation {
        from: question.from.clone(),
        to: question.to.clone(),
        port: question.port.clone(),
        leads: question.leads(),
        verdict: said,
        flows,
        near,
        near_left_out,
        remedy,
        next,
    }
}

/// As [`model::Decision::verdict`].
pub(crate) fn verdict(trace: &Trace) -> Verdict {
    trace.egress.judgement.verdict.min(trace.ingress.judgement.verdict)
}
