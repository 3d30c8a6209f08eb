//! Suppressions: what people said they know, where they said it, and whether it still holds.
//!
//! A finding that somebody suppressed stays in the report with their reason.

use std::collections::BTreeMap;

use manifest::Comment;

use crate::finding::State;
use crate::found::Raw;
use crate::lines::Lines;
use crate::lint::Lint;
use crate::lints;
use crate::tree::Object;
use manifest::Span;

const MARK: &str = "ringfence:ignore";
/// What stands before the id in an annotation's key.
const ANNOTATION: &str = "ringfence.io/ignore.";

/// What a suppression is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// The line after the comment.
    Line { document: u32, line: u32 },
    /// All of an object.
    Object(usize),
}

/// One id that somebody suppressed in one place.
#[derive(Debug)]
pub(crate) struct Ignore {
    id: String,
    reason: String,
    at: Span,
    target: Target,
    is_used: bool,
}

/// All suppressions of the input.
pub(crate) fn ignores(
    comments: &[Comment],
    objects: &[Object<'_>],
    lines: &Lines<'_>,
) -> Vec<Ignore> {
    let in_comments = comments.iter().filter(|it| it.text.contains(MARK)).flat_map(|comment| {
        let at = comment.span;
        let target = Target::Line { document: at.document, line: next_line(lines, at) };
        let (ids, reason) = parse(&comment.text).unwrap_or_default();
        ids.into_iter().map(move |id| Ignore {
            id,
            reason: reason.clone(),
            at,
            target,
            is_used: false,
        })
    });
    let annotated = objects.iter().enumerate().flat_map(|(position, object)| {
        let metadata = object.tree.get("metadata").and_then(|it| it.get("annotations"));
        let entries = metadata.into_iter().flat_map(|annotations| annotations.entries());
        entries.filter_map(move |(key, at, value)| {
            let id = key.strip_prefix(ANNOTATION)?.to_owned();
            let reason = value.text().unwrap_or_default().trim().to_owned();
            Some(Ignore { id, reason, at, target: Target::Object(position), is_used: false })
        })
    });
    in_comments.chain(annotated).collect()
}

/// The first line below a comment that is neither empty nor a comment.
fn next_line(lines: &Lines<'_>, at: Span) -> u32 {
    let mut line = at.line + 1;
    while lines.line(at.document, line).trim_start().starts_with('#') {
        line += 1;
    }
    line
}

/// The ids and the reason of a comment, if it is a suppression.
fn parse(comment: &str) -> Option<(Vec<String>, String)> {
    let rest = comment.trim_start_matches('#').trim_start().strip_prefix(MARK)?;
    let (ids, reason) = rest.split_once("reason=").unwrap_or((rest, ""));
    let reason = match reason.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => reason.split_whitespace().next().unwrap_or_default(),
    };
    let ids = ids.split([' ', ',', '\t']).take_while(|id| !id.starts_with('#'));
    let ids = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    Some((ids, reason.trim().to_owned()))
}

/// Whether a finding counts, once the suppressions were asked.
pub(crate) struct Ignores {
    all: Vec<Ignore>,
    by_line: BTreeMap<(u32, u32), Vec<usize>>,
    by_object: BTreeMap<usize, Vec<usize>>,
}

impl Ignores {
    pub(crate) fn new(all: Vec<Ignore>) -> Self {
        let (mut by_line, mut by_object) = (BTreeMap::new(), BTreeMap::new());
        for (position, ignore) in all.iter().enumerate() {
            let list: &mut Vec<usize> = match ignore.target {
                Target::Line { document, line } => by_line.entry((document, line)).or_default(),
                Target::Object(object) => by_object.entry(object).or_default(),
            };
            list.push(position);
        }
        Self { all, by_line, by_object }
    }

    /// The state of a finding; `namespace` is the object of the namespace that it is about.
    pub(crate) fn state(
        &mut self,
        raw: &Raw,
        namespace: Option<usize>,
        lines: &Lines<'_>,
    ) -> State {
        let by_line = self.by_line.get(&(raw.at.document, raw.at.line));
        let objects = raw.object.into_iter().chain(namespace);
        let by_object = objects.filter_map(|object| self.by_object.get(&object));
        let positions: Vec<usize> =
            by_line.into_iter().chain(by_object).flatten().copied().collect();
        let mut state = State::Open;
        for position in positions {
            let Some(ignore) = self.all.get_mut(position) else { continue };
            if ignore.id == raw.lint.id || ignore.id == raw.lint.slug {
                ignore.is_used = true;
                let (reason, at) = (ignore.reason.clone(), lines.spot(ignore.at));
                state = State::Suppressed { reason, at };
            }
        }
        state
    }

    /// What is wrong with the suppressions themselves; `was_judged` says of which lints it can be
    /// told that they found nothing.
    pub(crate) fn findings(&self, was_judged: impl Fn(&Lint) -> bool) -> Vec<Raw> {
        let mut found = Vec::new();
        for ignore in &self.all {
            let object = match ignore.target {
                Target::Line { .. } => None,
                Target::Object(object) => Some(object),
            };
            let mut report = |id: &str, message: String| {
                found.extend(lints::find(id).map(|lint| Raw {
                    lint,
                    at: ignore.at,
                    object,
                    namespace: None,
                    message,
                    fix: None,
                    related: Vec::new(),
                    edits: Vec::new(),
                }));
            };
            let id = &ignore.id;
            match lints::find(id) {
                None => report("RF040", format!("there is no lint `{id}`")),
                Some(lint) if !ignore.is_used && was_judged(lint) => {
                    report("RF051", format!("{id} finds nothing here"));
                }
                Some(_) if ignore.reason.is_empty() => {
                    report("RF039", format!("{id} is suppressed without a reason"));
                }
                Some(_) => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_comment_names_ids_and_a_reason() {
        let said = |text| parse(text).map(|(ids, reason)| (ids.join(" "), reason));
        let pair = |ids: &str, reason: &str| Some((ids.to_owned(), reason.to_owned()));
        assert_eq!(
            said("# ringfence:ignore RF012 reason=\"both are meant\""),
            pair("RF012", "both are meant")
        );
        assert_eq!(said("# ringfence:ignore RF012,RF019 # later"), pair("RF012 RF019", ""));
        assert_eq!(said("# ringfence:ignore RF012 reason=\"\""), pair("RF012", ""));
        assert_eq!(said("# somebody ringfence:ignore"), None);
    }
}
