//! Turns written expectations into decisions.
//!
//! A reason's verdict follows from the rule it names, so the stated verdict is checked against it.

use model::{
    Action, Decision, Family, Flow, Judgement, Process, Reason, RuleRef, Rules, Verdict, World,
};

use super::text::{
    EndText, FamilyText, FlowText, OriginText, ReasonsText, StagedText, VerdictText,
};
use super::{Expected, Fault, FlowTerms, reason};

/// A world and its rules, to look things up in.
#[derive(Clone, Copy)]
pub(super) struct State<'a> {
    pub(super) world: &'a World,
    pub(super) rules: &'a Rules,
}

impl State<'_> {
    pub(super) fn expected(
        self,
        text: &FlowText,
        line: u64,
        rulings: &[String],
    ) -> Result<Expected, Fault> {
        let family = text.family.map(Family::from);
        let terms = FlowTerms { from: &text.from, to: &text.to, port: &text.port, family };
        let reasons = ReasonsText { egress: text.egress.clone(), ingress: text.ingress.clone() };
        let decision = self.stated(&reasons, &text.undetermined, text.verdict)?;
        let staged = match &text.staged {
            Some(staged) => self.staged(&reasons, staged)?,
            None => decision.clone(),
        };
        Ok(Expected {
            flow: mark(terms.flow(self.world)?, text),
            decision,
            staged,
            rulings: text.rulings.clone().unwrap_or_else(|| rulings.to_vec()),
            line,
            text: words(text),
        })
    }

    /// What `enforced` would be if staged policies were enforced too.
    fn staged(self, enforced: &ReasonsText, text: &StagedText) -> Result<Decision, Fault> {
        let rules = self.rules.with_staged_enforced();
        let or = |end: &Option<String>, enforced: &String| end.as_ref().unwrap_or(enforced).clone();
        let reasons = ReasonsText {
            egress: or(&text.egress, &enforced.egress),
            ingress: or(&text.ingress, &enforced.ingress),
        };
        State { rules: &rules, ..self }.stated(&reasons, &[], text.verdict)
    }

    /// A decision whose verdict is as stated.
    fn stated(
        self,
        reasons: &ReasonsText,
        undetermined: &[EndText],
        verdict: VerdictText,
    ) -> Result<Decision, Fault> {
        let (decision, stated) = (self.decision(reasons, undetermined)?, Verdict::from(verdict));
        match decision.verdict() == stated {
            true => Ok(decision),
            false => Err(Fault::Verdict { stated, reasons: decision.verdict() }),
        }
    }

    pub(super) fn decision(
        self,
        text: &ReasonsText,
        undetermined: &[EndText],
    ) -> Result<Decision, Fault> {
        let end = |end| undetermined.contains(&end);
        Ok(Decision {
            egress: self.judgement(&text.egress, end(EndText::Egress))?,
            ingress: self.judgement(&text.ingress, end(EndText::Ingress))?,
        })
    }

    fn judgement(self, text: &str, undetermined: bool) -> Result<Judgement, Fault> {
        let reason = reason(text).ok_or_else(|| Fault::Reason(text.to_owned()))?;
        let verdict = match &reason {
            Reason::Rule(rule) => self.verdict_of(rule, undetermined)?,
            Reason::DefaultDeny(_) => Verdict::Deny,
            Reason::Builtin(builtin) => builtin.verdict(),
        };
        Ok(Judgement { verdict, reason, undetermined })
    }

    /// A Pass rule denies where it is undetermined and otherwise decides nothing (rulings C1, N10).
    fn verdict_of(self, rule: &RuleRef, undetermined: bool) -> Result<Verdict, Fault> {
        let known = self.rules.iter().find(|known| known.origin == *rule);
        let rule = known.ok_or_else(|| Fault::NoSuchRule(rule.to_string()))?;
        match (rule.action, undetermined) {
            (Action::Allow, _) => Ok(Verdict::Allow),
            (Action::Deny, _) | (Action::Pass, true) => Ok(Verdict::Deny),
            (Action::Pass, false) => Err(Fault::PassDecides(rule.origin.to_string())),
        }
    }
}

fn mark(flow: Flow, text: &FlowText) -> Flow {
    let flow = match text.origin {
        Some(OriginText::Host) => flow.from_host(),
        None => flow,
    };
    let flow = if text.through_service { flow.through_service() } else { flow };
    match (&text.container, &text.executable) {
        (Some(container), Some(executable)) => {
            flow.by(Process { container: container.clone(), executable: executable.clone() })
        }
        (None | Some(_), None) | (None, Some(_)) => flow,
    }
}

fn words(text: &FlowText) -> String {
    let family = match text.family {
        Some(FamilyText::V6) => " over IPv6",
        Some(FamilyText::V4) | None => "",
    };
    let origin = if text.origin.is_some() { " from the host" } else { "" };
    let service = if text.through_service { " through a Service" } else { "" };
    let process = text.executable.as_ref().map_or_else(String::new, |path| format!(" by {path}"));
    format!("{} to {} on {}{family}{origin}{service}{process}", text.from, text.to, text.port)
}

/// Lines that show how a decision differs from the expected one, and the staged one likewise.
#[must_use]
pub fn differences(expected: &Expected, decision: &Decision, staged: &Decision) -> Vec<String> {
    let Expected { text, line, .. } = expected;
    [("", &expected.decision, decision), (", staged", &expected.staged, staged)]
        .into_iter()
        .filter(|(_, wanted, got)| wanted != got)
        .map(|(mode, wanted, got)| {
            format!("{text} (line {line}){mode}: expected {}, got {}", show(wanted), show(got))
        })
        .collect()
}

/// One line of a decision, every part of it.
#[must_use]
pub fn show(decision: &Decision) -> String {
    let end = |judgement: &Judgement| {
        let mark = if judgement.undetermined { " (undetermined)" } else { "" };
        format!("{} by [{}]{mark}", judgement.verdict, judgement.reason)
    };
    format!("egress {}, ingress {}", end(&decision.egress), end(&decision.ingress))
}

impl From<FamilyText> for Family {
    fn from(family: FamilyText) -> Self {
        match family {
            FamilyText::V4 => Self::V4,
            FamilyText::V6 => Self::V6,
        }
    }
}

impl From<VerdictText> for Verdict {
    fn from(verdict: VerdictText) -> Self {
        match verdict {
            VerdictText::Allow => Self::Allow,
            VerdictText::Deny => Self::Deny,
        }
    }
}
