//! The explanation for people: stages, lines of YAML, near misses, the patch, and what to type next.
//!
//! It is read from top to bottom by somebody whose connection is broken, so the verdict comes first.

use std::fmt::Write as _;

use crate::explanation::{
    By, EndAnswer, Excerpt, Explanation, FlowAnswer, Line, Near, StageAnswer, StageOutcome,
};
use crate::patch::Remedy;

/// As text, without colour.
#[must_use]
pub fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    if let Some(leads) = &explanation.leads {
        let targets = leads.targets.join(", ");
        let port = &leads.port;
        push(&mut out, &format!("Service {} leads {port} to {targets}", leads.service));
        push(&mut out, "policy is judged at the backends and their ports\n");
    }
    for flow in &explanation.flows {
        of_flow(&mut out, flow);
    }
    near(&mut out, &explanation.near, explanation.near_left_out);
    match &explanation.remedy {
        Some(Remedy::Patch(patch)) => {
            push(&mut out, "to allow just this:");
            patch.changes.iter().for_each(|change| push(&mut out, &format!("  {change}")));
            push(&mut out, "");
            out.push_str(&patch.text);
            push(&mut out, "");
        }
        Some(Remedy::None(refusal)) => push(&mut out, &format!("no patch: {refusal}\n")),
        None => {}
    }
    if let Some(next) = &explanation.next {
        push(&mut out, &format!("next: {next}"));
    }
    out.trim_end().to_owned() + "\n"
}

fn of_flow(out: &mut String, flow: &FlowAnswer) {
    let FlowAnswer { from, to, port, verdict, egress, ingress } = flow;
    push(out, &format!("{from} -> {to} {port}: {verdict}\n"));
    of_end(out, "egress", egress);
    of_end(out, "ingress", ingress);
}

fn of_end(out: &mut String, word: &str, end: &EndAnswer) {
    let doubt = if end.undetermined { " (an address is not known yet)" } else { "" };
    push(out, &format!("{word} of {}: {}{doubt}", end.end, end.verdict));
    if let Some(backend) = &end.backend {
        push(out, &format!("  judged at the backend {backend}"));
    }
    for stage in &end.stages {
        of_stage(out, stage);
    }
    let is_without_rule = end.reason != "rule" && end.reason != "default-deny";
    if is_without_rule {
        push(out, &format!("  {:<14}{}", end.reason, end.meaning));
    }
    push(out, "");
}

fn of_stage(out: &mut String, stage: &StageAnswer) {
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
    push(out, &format!("  {:<14}{said}{why}", stage.tier));
    stage.by.iter().for_each(|by| of_rule(out, by, "    "));
}

fn of_rule(out: &mut String, by: &By, indent: &str) {
    push(out, &format!("{indent}{}", by.name));
    if let (Some(file), Some(line)) = (&by.file, by.line) {
        push(out, &format!("{indent}--> {file}:{line}"));
    }
    if let Some(excerpt) = &by.excerpt {
        of_excerpt(out, excerpt, indent);
    }
}

fn of_excerpt(out: &mut String, excerpt: &Excerpt, indent: &str) {
    let Some(last) = excerpt.lines.last() else { return };
    let width = last.number.to_string().len();
    let margin = " ".repeat(width);
    let mut before: Option<u32> = None;
    for line in &excerpt.lines {
        if before.is_some_and(|before| before + 1 < line.number) {
            push(out, &format!("{indent}{margin} ..."));
        }
        before = Some(line.number);
        push(out, &format!("{indent}{:>width$} | {}", line.number, line.text));
        for mark in excerpt.marks.iter().filter(|mark| mark.line == line.number) {
            let blank = blank(line, mark.column);
            let carets = "^".repeat(mark.length as usize);
            push(out, &format!("{indent}{margin} | {blank}{carets} {}", mark.label));
        }
    }
}

/// Tabs and wide characters keep their width by being repeated as they are or as two blanks.
fn blank(line: &Line, column: u32) -> String {
    let before = line.text.chars().take(column.saturating_sub(1) as usize);
    before
        .map(|c| match c {
            '\t' => "\t",
            c if c.is_ascii() => " ",
            _ => "  ",
        })
        .collect()
}

fn near(out: &mut String, near: &[Near], left_out: usize) {
    if near.is_empty() {
        return;
    }
    push(out, "almost:");
    for one in near {
        push(out, &format!("  {}", one.sentence));
        of_rule(out, &one.rule, "    ");
    }
    if left_out > 0 {
        push(out, &format!("  and {left_out} more"));
    }
    push(out, "");
}

fn push(out: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", line.trim_end_matches(' '));
}
