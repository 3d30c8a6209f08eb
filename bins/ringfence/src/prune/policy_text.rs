//! Where a policy and its rules stand in a file, and the edits that take them out.
//!
//! What is not written in a form that is understood here is not touched.

use manifest::{Tree, Written};
use model::Direction;

/// A stretch of a document and what comes in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: String,
}

/// A policy in a document.
pub(super) struct PolicyText<'a> {
    pub(super) text: &'a str,
    pub(super) written: &'a Written,
}

impl PolicyText<'_> {
    /// Takes out the whole object; none where that is not plain.
    pub(super) fn remove(&self) -> Option<Edit> {
        let tree = self.written.tree();
        let start = tree.span().start as usize;
        let end = self.content_end(tree)?;
        let line = self.line_start(start);
        let before = self.text.get(line..start)?;
        if before.trim_end().ends_with('-') {
            return self.item(start, end);
        }
        if !before.is_empty() {
            return None;
        }
        Some(self.document(line, end))
    }

    /// From its `---`, or the start of the file, to the next `---`, or the end of the file.
    fn document(&self, line: usize, end: usize) -> Edit {
        let is_marker = |line: &str| line.starts_with("---");
        let mut start = 0;
        let mut at = 0;
        let mut last = self.text.len();
        for one in self.text.split_inclusive('\n') {
            if is_marker(one) && at <= line {
                start = at;
            }
            if is_marker(one) && at >= end {
                last = at;
                break;
            }
            at += one.len();
        }
        Edit { start, end: last, text: String::new() }
    }

    /// Takes out the rules of one direction at `indexes`, sorted; none where that is not plain.
    pub(super) fn remove_rules(&self, direction: Direction, indexes: &[u32]) -> Option<Vec<Edit>> {
        let key = match direction {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        };
        let spec = self.written.tree().get("spec")?;
        let list = spec.get(key)?;
        let items: Vec<Tree<'_>> = list.items().collect();
        if items.len() == indexes.len() {
            return self.emptied(spec, key, list);
        }
        let gone = |at: usize| u32::try_from(at).is_ok_and(|at| indexes.contains(&at));
        let is_flow = self.text.get(list.span().start as usize..)?.starts_with('[');
        let chosen = items.iter().enumerate().filter(|(at, _)| gone(*at));
        match is_flow {
            true => Some(vec![self.flow_list(list, &items, gone)?]),
            false => chosen
                .map(|(_, item)| self.item(item.span().start as usize, self.content_end(*item)?))
                .collect(),
        }
    }

    /// The flow list again, without what is gone.
    fn flow_list(
        &self,
        list: Tree<'_>,
        items: &[Tree<'_>],
        gone: impl Fn(usize) -> bool,
    ) -> Option<Edit> {
        let kept = items.iter().enumerate().filter(|(at, _)| !gone(*at));
        let kept: Option<Vec<&str>> = kept
            .map(|(_, item)| self.text.get(item.span().start as usize..self.content_end(*item)?))
            .collect();
        let (start, end) = (list.span().start as usize, list.span().end as usize);
        Some(Edit { start, end, text: format!("[{}]", kept?.join(", ")) })
    }

    /// An empty list instead. Egress that isolated by its rules alone has to say so itself
    /// (ruling N1).
    fn emptied(&self, spec: Tree<'_>, key: &str, list: Tree<'_>) -> Option<Vec<Edit>> {
        let key_span = spec.key_span(key)?;
        let is_flow = self.text.get(list.span().start as usize..)?.starts_with('[');
        let edit = match is_flow {
            true => Edit {
                start: list.span().start as usize,
                end: list.span().end as usize,
                text: "[]".to_owned(),
            },
            false => Edit {
                start: key_span.end as usize,
                end: self.content_end(list)?,
                text: ": []".to_owned(),
            },
        };
        let is_policy = &*self.written.kind == "NetworkPolicy";
        let types = spec.get("policyTypes").is_some_and(|types| types.items().len() > 0);
        if !is_policy || types || key != "egress" {
            return Some(vec![edit]);
        }
        let start = key_span.start as usize;
        let quoted = self.text.get(start..)?.starts_with(['"', '\'']);
        let line = self.text.get(self.line_start(start)..start)?;
        let text = match (quoted, line.trim().is_empty()) {
            (true, _) => "\"policyTypes\": [\"Ingress\", \"Egress\"], ".to_owned(),
            (false, true) => format!("policyTypes: [Ingress, Egress]\n{line}"),
            (false, false) => "policyTypes: [Ingress, Egress], ".to_owned(),
        };
        Some(vec![Edit { start, end: start, text }, edit])
    }

    /// The lines of a block list's item, its dash included.
    fn item(&self, start: usize, end: usize) -> Option<Edit> {
        let dash = self.text.get(..start)?.trim_end().strip_suffix('-')?.len();
        let line = self.line_start(dash);
        let alone = self.text.get(line..dash)?.trim().is_empty();
        let rest = self.text.get(end..)?;
        let to_line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let tail = rest.get(..to_line_end)?.trim();
        let is_plain = alone && (tail.is_empty() || tail.starts_with('#'));
        is_plain.then(|| Edit { start: line, end: end + to_line_end, text: String::new() })
    }

    fn line_start(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the last character of a value stands; a block's own end may lie behind comments.
    fn content_end(&self, tree: Tree<'_>) -> Option<usize> {
        let (start, end) = (tree.span().start as usize, tree.span().end as usize);
        let text = self.text.get(start..end)?;
        if text.starts_with(['{', '[', '"', '\'']) {
            return Some(end);
        }
        if tree.is_mapping() {
            let last = tree.entries().last()?;
            let value = match last.value.is_null() {
                true => last.key_span.end as usize + 1,
                false => self.content_end(last.value)?,
            };
            return (value > start).then_some(value);
        }
        if tree.is_list() {
            let value = self.content_end(tree.items().last()?)?;
            return (value > start).then_some(value);
        }
        Some(start + text.trim_end().len())
    }
}
