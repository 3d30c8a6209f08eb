//! One question, answered in full: the stages of both ends, what almost matched, and what would
//! allow it.
//!
//! The explanation is made elsewhere; here it is printed in the form that was asked for.

use std::path::Path;

use explain::{Explanation, Input, Patch, Refusal, Remedy};
use manifest::{Document, Options, Written};
use model::Verdict;
use report::{Header, Report, Table};
use serde_json::Value;

use super::answer::Answer;
use super::arguments::{Arguments, Format, Typed};
use super::asked::Asked;
use super::{Answered, ExplainError, as_expected, header};
use crate::exit::Exit;
use crate::input::Manifests;
use crate::print::{print, tells_colour};
use crate::word::{PeerWord, PortWord};

/// What was read, beside what it says.
pub(super) struct Sources {
    pub(super) documents: Vec<Document>,
    pub(super) options: Options,
    pub(super) written: Vec<Written>,
}

/// The words of a question about one flow.
pub(super) struct Words<'a> {
    pub(super) from: &'a Typed<PeerWord>,
    pub(super) to: &'a Typed<PeerWord>,
    pub(super) port: &'a Typed<PortWord>,
}

/// Explains what was typed.
pub(super) fn run(
    manifests: &Manifests,
    sources: &Sources,
    arguments: &Arguments,
    words: &Words<'_>,
) -> Result<Answered, ExplainError> {
    let namespace = &manifests.namespace;
    let Words { from, to, port } = *words;
    let asked = Asked { world: &manifests.world, namespace, from, to, port }.question()?;
    let is_certain = asked.flows.iter().all(|it| manifests.is_certain(it, asked.is_example));
    if arguments.output == Format::Jsonl {
        return Ok((jsonl(manifests, arguments, &asked)?, is_certain));
    }
    let input = Input {
        documents: &sources.documents,
        options: &sources.options,
        written: &sources.written,
        world: &manifests.world,
        rules: &manifests.rules,
        is_complete: manifests.is_complete,
        words: &typed(arguments),
    };
    let mut explanation = explain::explain(&input, &asked);
    keep_to_files(&mut explanation);
    if !is_certain {
        // What would allow it depends on what could not be read as much as whether it is allowed.
        explanation.next = None;
    }
    say(&header(arguments, manifests, is_certain), arguments, &explanation)?;
    let verdict = if explanation.remedy.is_some() { Verdict::Deny } else { Verdict::Allow };
    Ok((as_expected(arguments.expect, verdict), is_certain))
}

/// The paths and options as they would be typed again.
fn typed(arguments: &Arguments) -> String {
    let paths = arguments.input.all_paths();
    let paths = paths.iter().map(|path| path.display().to_string());
    paths.chain(arguments.input.reading.words()).collect::<Vec<_>>().join(" ")
}

/// A patch is only offered for what is there as it was read: not for what was rendered, is of
/// another revision, or came through a pipe.
fn keep_to_files(explanation: &mut Explanation) {
    let Some(Remedy::Patch(patch)) = &explanation.remedy else { return };
    let stale = patch.documents.iter().find(|document| {
        let path = Path::new(&*document.name);
        match &document.before {
            Some(before) => std::fs::read_to_string(path).ok().as_deref() != Some(before),
            None => path.exists(),
        }
    });
    if let Some(document) = stale {
        let refusal = Refusal::NotAFile { name: document.name.to_string() };
        explanation.remedy = Some(Remedy::None(refusal));
        explanation.next = None;
    }
}

fn say(
    header: &Header,
    arguments: &Arguments,
    explanation: &Explanation,
) -> Result<(), ExplainError> {
    let file = arguments.output_file.as_deref();
    let patch = patch(explanation);
    if let Some(path) = &arguments.patch {
        write_patch(&patch, Some(path))?;
    }
    match arguments.output {
        Format::Patch => write_patch(&patch, file),
        Format::Json => print(&json(header, explanation), file).map_err(ExplainError::Print),
        Format::Text | Format::Jsonl => {
            let warning = header.warning().map(|warning| format!("{warning}\n\n"));
            let text = warning.unwrap_or_default()
                + &unknown(header, explanation)
                + &explain::text(explanation, tells_colour(file).into());
            print(&text, file).map_err(ExplainError::Print)
        }
    }
}

/// What stands in the place of a verdict that depends on what could not be read.
fn unknown(header: &Header, explanation: &Explanation) -> String {
    let Explanation { from, to, port, .. } = explanation;
    match header.unknown.is_empty() {
        true => String::new(),
        false => format!("{from} -> {to} {port}: unknown; by all that could be read:\n\n"),
    }
}

fn json(header: &Header, explanation: &Explanation) -> String {
    // Plain structures always become JSON.
    let mut body = serde_json::to_value(explanation).unwrap_or_default();
    if let Some(verdict) = body.get_mut("verdict").filter(|_| !header.unknown.is_empty()) {
        *verdict = "unknown".into();
    }
    let report: Report<'_, Value, ()> =
        Report { header, body: &body, lines: &[], table: &Table::default(), closing: &[] };
    report.render(report::Format::Json, None)
}

/// The change, or why there is none.
fn patch(explanation: &Explanation) -> Result<&Patch, String> {
    match &explanation.remedy {
        Some(Remedy::Patch(patch)) => Ok(patch),
        Some(Remedy::None(refusal)) => Err(format!("no patch: {refusal}")),
        None => Err("no patch: this is allowed already".to_owned()),
    }
}

/// Nothing but the patch goes where it is written to; what else there is to say goes to standard
/// error.
fn write_patch(patch: &Result<&Patch, String>, file: Option<&Path>) -> Result<(), ExplainError> {
    match patch {
        Ok(patch) => print(&patch.text, file).map_err(ExplainError::Print),
        Err(why) => {
            eprintln!("{why}");
            Ok(())
        }
    }
}

fn jsonl(
    manifests: &Manifests,
    arguments: &Arguments,
    asked: &explain::Question,
) -> Result<Exit, ExplainError> {
    let mut worst = Verdict::Allow;
    let mut text = String::new();
    let as_staged = manifests.rules.with_staged_enforced();
    for flow in &asked.flows {
        let [decision, staged] = [&manifests.rules, &as_staged]
            .map(|rules| policy::decide(&manifests.world, rules, flow));
        worst = worst.min(decision.verdict());
        let answer = Answer::new(&decision, &staged, &manifests.rules);
        let is_certain = manifests.is_certain(flow, asked.is_example);
        let answer = if is_certain { answer } else { answer.unknown() };
        text +=
            &serde_json::to_string(&answer).map_err(|cause| ExplainError::Output(cause.into()))?;
        text.push('\n');
    }
    print(&text, arguments.output_file.as_deref()).map_err(ExplainError::Print)?;
    Ok(as_expected(arguments.expect, worst))
}
