//! The shape of an answer, as docs/schema/explain-flow.json describes it.
//!
//! Other programs read it, so it is a type of its own and not whatever the oracle happens to hold.

use model::{Decision, Judgement, Reason, Rules};
use serde::Serialize;

/// What both ends say of one flow.
#[derive(Serialize)]
pub(super) struct Answer {
    verdict: String,
    egress: EndAnswer,
    ingress: EndAnswer,
    /// The same if staged policies were enforced, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    staged: Option<Staged>,
}

#[derive(Serialize)]
struct Staged {
    verdict: String,
    egress: EndAnswer,
    ingress: EndAnswer,
}

/// What one end says.
#[derive(Serialize)]
struct EndAnswer {
    verdict: String,
    reason: String,
    /// The rule, or the policies that isolate; empty where neither decided.
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    undetermined: bool,
}

impl Answer {
    /// Of what is enforced, and of what would be.
    pub(super) fn new(decision: &Decision, staged: &Decision, rules: &Rules) -> Self {
        Self {
            verdict: decision.verdict().to_string(),
            egress: EndAnswer::new(&decision.egress, rules),
            ingress: EndAnswer::new(&decision.ingress, rules),
            staged: (staged != decision).then(|| Staged {
                verdict: staged.verdict().to_string(),
                egress: EndAnswer::new(&staged.egress, rules),
                ingress: EndAnswer::new(&staged.ingress, rules),
            }),
        }
    }
}

impl Answer {
    /// The same without a verdict, because that depends on what could not be read.
    pub(super) fn unknown(self) -> Self {
        Self { verdict: "unknown".to_owned(), ..self }
    }
}

impl EndAnswer {
    fn new(judgement: &Judgement, rules: &Rules) -> Self {
        let (reason, rule, place) = match &judgement.reason {
            Reason::Rule(rule) => ("rule", rule.to_string(), rules.place(rule)),
            Reason::DefaultDeny(policies) => {
                let names: Vec<String> = policies.iter().map(ToString::to_string).collect();
                let first = policies.first().and_then(|policy| rules.policy_place(policy));
                ("default-deny", names.join(", "), first)
            }
            Reason::Builtin(builtin) => (builtin.word(), String::new(), None),
        };
        Self {
            verdict: judgement.verdict.to_string(),
            reason: reason.to_owned(),
            rule,
            file: place.map(|place| place.file.to_string()),
            line: place.map(|place| place.line),
            undetermined: judgement.undetermined,
        }
    }
}
