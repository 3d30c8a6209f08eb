//! The stages of both ends, with the places of the rules that count.
//!
//! What was not asked is said too: a person looks for the policy that they wrote.

use model::{Builtin, Direction, Flow, Judgement, Reason, Rules, Tier, Verdict, World};
use policy::{EndTrace, Outcome, Trace};

use crate::excerpt;
use crate::explanation::{By, EndAnswer, FlowAnswer, StageAnswer, StageOutcome, StagedAnswer};
use crate::question::Input;
use crate::{name, verdict};

/// What both ends say.
pub(crate) fn flow(input: &Input<'_>, flow: &Flow, trace: &Trace) -> FlowAnswer {
    FlowAnswer {
        from: name::of(input.world, flow.source()),
        to: name::of(input.world, flow.destination()),
        port: flow.traffic().to_string(),
        verdict: verdict(trace),
        egress: end(input, flow, Direction::Egress, &trace.egress),
        ingress: end(input, flow, Direction::Ingress, &trace.ingress),
        staged: None,
    }
}

/// What `rules`, in which nothing is staged, would say, where that is something else.
pub(crate) fn staged(
    input: &Input<'_>,
    flow: &Flow,
    trace: &Trace,
    rules: &Rules,
) -> Option<StagedAnswer> {
    let enforced = trace.clone().into_decision();
    let decision = policy::decide(input.world, rules, flow);
    let why = |direction, judgement: &Judgement| {
        meaning(input.world, flow, direction, &judgement.reason, judgement.verdict)
    };
    (decision != enforced).then(|| StagedAnswer {
        verdict: decision.verdict(),
        egress: why(Direction::Egress, &decision.egress),
        ingress: why(Direction::Ingress, &decision.ingress),
    })
}

fn end(input: &Input<'_>, flow: &Flow, direction: Direction, trace: &EndTrace) -> EndAnswer {
    let judgement = &trace.judgement;
    EndAnswer {
        end: name::of_end(input.world, flow, direction),
        verdict: judgement.verdict,
        reason: word(&judgement.reason).to_owned(),
        meaning: meaning(input.world, flow, direction, &judgement.reason, judgement.verdict),
        undetermined: judgement.undetermined,
        backend: trace.backend.as_ref().map(|backend| name::of(input.world, backend)),
        stages: stages(input, flow, trace),
    }
}

fn word(reason: &Reason) -> &'static str {
    match reason {
        Reason::Rule(_) => "rule",
        Reason::DefaultDeny(_) => "default-deny",
        Reason::Builtin(builtin) => builtin.word(),
    }
}

fn meaning(
    world: &World,
    flow: &Flow,
    direction: Direction,
    reason: &Reason,
    verdict: Verdict,
) -> String {
    match reason {
        Reason::Rule(rule) => match verdict {
            Verdict::Allow => format!("{rule} allows it"),
            Verdict::Deny => format!("{rule} denies it"),
        },
        Reason::DefaultDeny(policies) => {
            let policies: Vec<String> = policies.iter().map(ToString::to_string).collect();
            let (own, policies) = (name::of_end(world, flow, direction), policies.join(", "));
            format!("{policies} isolates {own}, and no rule allows it")
        }
        Reason::Builtin(Builtin::DefaultAllow) if name::own(flow, direction).pod().is_none() => {
            "no policy of this input speaks for it".to_owned()
        }
        Reason::Builtin(builtin) => sentence(builtin.meaning()),
    }
}

/// As all that is printed: without a capital and without a full stop.
fn sentence(meaning: &str) -> String {
    let mut rest = meaning.trim_end_matches('.').chars();
    let first = rest.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(rest).collect()
}

fn stages(input: &Input<'_>, flow: &Flow, trace: &EndTrace) -> Vec<StageAnswer> {
    if trace.stages.is_empty() {
        return Vec::new();
    }
    let stage = |tier: Tier| match trace.stages.iter().find(|stage| stage.tier == tier) {
        Some(stage) => said(input, flow, trace, tier, &stage.outcome),
        None => answer(tier, StageOutcome::NotAsked, Vec::new()),
    };
    Tier::ALL.map(stage).into()
}

fn answer(tier: Tier, outcome: StageOutcome, by: Vec<By>) -> StageAnswer {
    StageAnswer { tier: tier.to_string(), outcome, by }
}

fn said(
    input: &Input<'_>,
    flow: &Flow,
    trace: &EndTrace,
    tier: Tier,
    outcome: &Outcome,
) -> StageAnswer {
    match outcome {
        Outcome::NotSelected => answer(tier, StageOutcome::NotSelected, Vec::new()),
        Outcome::NoMatch => answer(tier, StageOutcome::NoMatch, Vec::new()),
        Outcome::Passed(rule) => {
            let by = excerpt::of_rule(input, rule, flow, false);
            answer(tier, StageOutcome::Passed, vec![by])
        }
        Outcome::Decided => {
            let outcome = match trace.judgement.verdict {
                Verdict::Allow => StageOutcome::Allowed,
                Verdict::Deny => StageOutcome::Denied,
            };
            answer(tier, outcome, by(input, flow, &trace.judgement))
        }
    }
}

fn by(input: &Input<'_>, flow: &Flow, judgement: &Judgement) -> Vec<By> {
    match &judgement.reason {
        Reason::Rule(rule) => {
            vec![excerpt::of_rule(input, rule, flow, judgement.undetermined)]
        }
        Reason::DefaultDeny(policies) => policies
            .iter()
            .map(|policy| excerpt::of_policy(input, policy, "selects it, and so isolates it"))
            .collect(),
        Reason::Builtin(_) => Vec::new(),
    }
}
