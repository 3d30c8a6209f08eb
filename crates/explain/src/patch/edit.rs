//! Insertions into documents: an item at the end of a list, or an object at the end of a file.
//!
//! Nothing that a person wrote is changed or moved, and comments stay where they are.

use std::sync::Arc;

use manifest::{Document, Tree};

use super::yaml::Yaml;
use crate::locate;

/// Where something is inserted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A document by its position.
    Document(u32),
    /// A file that is not there yet.
    New(Arc<str>),
}

/// Text at a place of a document as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Insertion {
    pub(crate) target: Target,
    pub(crate) at: usize,
    pub(crate) text: String,
}

/// `value` as the last item of `list`; nothing where the list is written in a way that one could get
/// wrong.
pub(crate) fn append(documents: &[Document], list: Tree<'_>, value: &Yaml) -> Option<Insertion> {
    let span = list.span();
    let text = &*documents.get(span.document as usize)?.text;
    let own = text.get(span.start as usize..span.end as usize)?;
    let (at, inserted) = match own.starts_with('[') {
        true => append_flow(text, list, value)?,
        false => append_block(text, list, value)?,
    };
    Some(Insertion { target: Target::Document(span.document), at, text: inserted })
}

/// `[{a: b}]` becomes `[{a: b}, {c: d}]`.
fn append_flow(text: &str, list: Tree<'_>, value: &Yaml) -> Option<(usize, String)> {
    let last = list.items().last()?;
    let end = locate::end(last, text);
    let is_closed = text.get(..end)?.ends_with(['}', ']']);
    is_closed.then(|| (end, format!(", {}", value.flow())))
}

/// Lines after the last item, as far to the right as its dash.
fn append_block(text: &str, list: Tree<'_>, value: &Yaml) -> Option<(usize, String)> {
    let last = list.items().last()?;
    let start = last.span().start as usize;
    let line = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let margin = text.get(line..start)?.trim_end_matches(' ').strip_suffix('-')?;
    if !margin.chars().all(|c| c == ' ') {
        return None;
    }
    let end = locate::end(last, text);
    let newline = newline(text);
    let (at, before) = match text.get(end..)?.find('\n') {
        Some(rest) => (end + rest + 1, ""),
        None => (text.len(), newline),
    };
    let lines = match style(text, last) {
        Style::OneLine => vec![format!("- {}", value.flow())],
        Style::LineForField => value.item_of_lines(),
        Style::Block => value.item(),
    };
    let lines = lines.into_iter().map(|line| format!("{margin}{line}{newline}"));
    Some((at, std::iter::once(before.to_owned()).chain(lines).collect()))
}

/// How an item is written.
enum Style {
    /// `- {a: [b], c: [d]}`
    OneLine,
    /// `- a: [b]` and below it `c: [d]`
    LineForField,
    /// Every item of every list in a line of its own.
    Block,
}

fn style(text: &str, item: Tree<'_>) -> Style {
    let is_flow = |tree: Tree<'_>| {
        text.get(tree.span().start as usize..).is_some_and(|own| own.starts_with(['{', '[']))
    };
    let mut values = item.entries();
    if is_flow(item) {
        Style::OneLine
    } else if values.len() > 0 && values.all(|entry| is_flow(entry.value)) {
        Style::LineForField
    } else {
        Style::Block
    }
}

/// How the lines of a document end.
fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// `object` as the last one of a document, or of a file beside it where that is JSON. `others` are
/// the insertions so far.
pub(crate) fn add_object(
    documents: &[Document],
    beside: u32,
    name: &str,
    object: &Yaml,
    others: &[Insertion],
) -> Option<Insertion> {
    let document = documents.get(beside as usize)?;
    let text = &*document.text;
    if document.name.ends_with(".json") || text.trim_start().starts_with('{') {
        let folder = document.name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let slash = if folder.is_empty() { "" } else { "/" };
        let file: Arc<str> = format!("{folder}{slash}{name}.yaml").into();
        let is_free = documents.iter().all(|known| known.name != file);
        let text = lines(object, "\n");
        return is_free.then_some(Insertion { target: Target::New(file), at: 0, text });
    }
    let newline = newline(text);
    let target = Target::Document(beside);
    let is_ended = text.is_empty()
        || text.ends_with('\n')
        || others.iter().any(|other| other.target == target && other.at == text.len());
    let before = if is_ended { "" } else { newline };
    let text_of = format!("{before}---{newline}{}", lines(object, newline));
    Some(Insertion { target, at: text.len(), text: text_of })
}

fn lines(object: &Yaml, newline: &str) -> String {
    object.block().into_iter().map(|line| line + newline).collect()
}

/// The part `from..to` of a document with those insertions that lie in it, in their order.
pub(crate) fn spliced<'i>(
    text: &str,
    from: usize,
    to: usize,
    insertions: impl IntoIterator<Item = &'i Insertion>,
) -> String {
    let mut inside: Vec<&Insertion> =
        insertions.into_iter().filter(|one| (from..=to).contains(&one.at)).collect();
    inside.sort_by_key(|one| one.at);
    let (mut out, mut done) = (String::new(), from);
    for one in inside {
        out.push_str(text.get(done..one.at).unwrap_or_default());
        out.push_str(&one.text);
        done = one.at;
    }
    out.push_str(text.get(done..to).unwrap_or_default());
    out
}

/// Where the YAML document around a byte begins and ends.
pub(crate) fn around(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).and_then(|before| before.rfind("\n---"));
    let after = text.get(at..).and_then(|after| after.find("\n---"));
    (before.map_or(0, |start| start + 1), after.map_or(text.len(), |end| at + end + 1))
}
