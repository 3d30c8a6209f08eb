//! The explanation for people: stages, lines of YAML, near misses, the patch, and what to type next.
//!
//! It is read from top to bottom by somebody whose connection is broken, so the verdict comes first.

use model::Verdict;
use report::{Colour, caret_indent};

use crate::explanation::{
    By, EndAnswer, Excerpt, Explanation, FlowAnswer, Near, StageAnswer, StageOutcome, StagedAnswer,
};
use crate::patch::Remedy;

/// As text.
#[must_use]
pub fn text(explanation: &Explanation, colour: Colour) -> String {
    let mut out = Page { text: String::new(), colour };
    if let Some(leads) = &explanation.leads {
        let targets = leads.targets.join(", ");
        let port = &leads.port;
        out.push(&format!("Service {} leads {port} to {targets}", leads.service));
        out.push("policy is judged at the backends and their ports\n");
    }
    for flow in &explanation.flows {
        of_flow(&mut out, flow);
    }
    near(&mut out, &explanation.near, explanation.near_left_out);
    match &explanation.remedy {
        Some(Remedy::Patch(patch)) => {
            out.push("to allow just this:");
            patch.changes.iter().for_each(|change| out.push(&format!("  {change}")));
            out.push("");
            patch.text.lines().for_each(|line| out.push(&changed(line, colour)));
            out.push("");
        }
        Some(Remedy::None(refusal)) => out.push(&format!("no patch: {refusal}\n")),
        None => {}
    }
    if let Some(next) = &explanation.next {
        out.push(&format!("next: {next}"));
    }
    out.text.trim_end().to_owned() + "\n"
}

/// A line of a patch.
fn changed(line: &str, colour: Colour) -> String {
    match line.chars().next() {
        Some('+') => colour.good(line),
        Some('-') => colour.bad(line),
        _ => line.to_owned(),
    }
}

fn painted(verdict: Verdict, colour: Colour) -> String {
    match verdict {
        Verdict::Allow => colour.good("allow"),
        Verdict::Deny => colour.bad("deny"),
    }
}

fn of_flow(out: &mut Page, flow: &FlowAnswer) {
    let FlowAnswer { from, to, port, verdict, egress, ingress, staged } = flow;
    out.push(&format!("{from} -> {to} {port}: {}\n", painted(*verdict, out.colour)));
    of_end(out, "egress", egress);
    of_end(out, "ingress", ingress);
    if let Some(StagedAnswer { verdict, egress, ingress }) = staged {
        let verdict = painted(*verdict, out.colour);
        out.push(&format!("if staged policies were enforced: {verdict}"));
        out.push(&format!("  {:<14}{egress}", "egress"));
        out.push(&format!("  {:<14}{ingress}\n", "ingress"));
    }
}

fn of_end(out: &mut Page, word: &str, end: &EndAnswer) {
    let doubt = if end.undetermined { " (an address is not known yet)" } else { "" };
    out.push(&format!("{word} of {}: {}{doubt}", end.end, painted(end.verdict, out.colour)));
    if let Some(backend) = &end.backend {
        out.push(&format!("  judged at the backend {backend}"));
    }
    for stage in &end.stages {
        of_stage(out, stage);
    }
    let is_without_rule = end.reason != "rule" && end.reason != "default-deny";
    if is_without_rule {
        out.push(&format!("  {:<14}{}", end.reason, end.meaning));
    }
    out.push("");
}

fn of_stage(out: &mut Page, stage: &StageAnswer) {
    let said = match stage.outcome {
        StageOutcome::NotSelected => "no policy selects it",
        StageOutcome::NoMatch => "no rule is about this",
        StageOutcome::Passed => "passes it on",
        StageOutcome::Allowed => "allows",
        StageOutcome::Denied => "denies",
        StageOutcome::NotAsked => "not asked",
    };
    let is_isolation = stage.outcome == StageOutcome::Denied && stage.tier == "NetworkPolicy";
    let why = if is_isolation { ": it is isolated, and no rule allows this" } else { "" };
    out.push(&format!("  {:<14}{said}{why}", stage.tier));
    stage.by.iter().for_each(|by| of_rule(out, by, "    "));
}

fn of_rule(out: &mut Page, by: &By, indent: &str) {
    out.push(&format!("{indent}{}", by.name));
    if let (Some(file), Some(line)) = (&by.file, by.line) {
        let place = out.colour.dim(&format!("--> {file}:{line}"));
        out.push(&format!("{indent}{place}"));
    }
    if let Some(excerpt) = &by.excerpt {
        of_excerpt(out, excerpt, indent);
    }
}

fn of_excerpt(out: &mut Page, excerpt: &Excerpt, indent: &str) {
    let Some(last) = excerpt.lines.last() else { return };
    let width = last.number.to_string().len();
    let margin = " ".repeat(width);
    let mut before: Option<u32> = None;
    for line in &excerpt.lines {
        if before.is_some_and(|before| before + 1 < line.number) {
            out.push(&format!("{indent}{margin} ..."));
        }
        before = Some(line.number);
        out.push(&format!("{indent}{:>width$} | {}", line.number, line.text));
        for mark in excerpt.marks.iter().filter(|mark| mark.line == line.number) {
            let blank = caret_indent(&line.text, mark.column);
            let carets = out.colour.info(&"^".repeat(mark.length as usize));
            out.push(&format!("{indent}{margin} | {blank}{carets} {}", mark.label));
        }
    }
}

fn near(out: &mut Page, near: &[Near], left_out: usize) {
    if near.is_empty() {
        return;
    }
    out.push("almost:");
    for one in near {
        out.push(&format!("  {}", one.sentence));
        of_rule(out, &one.rule, "    ");
    }
    if left_out > 0 {
        out.push(&format!("  and {left_out} more"));
    }
    out.push("");
}

/// A text that grows line by line.
struct Page {
    text: String,
    colour: Colour,
}

impl Page {
    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end_matches(' '));
        self.text.push('\n');
    }
}
