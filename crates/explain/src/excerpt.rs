//! Lines of manifests with marks: the rule that counts and the items that made it count.
//!
//! The look is that of findings: the place, the lines with their numbers, carets under what is meant.

use std::collections::BTreeSet;

use manifest::{Span, Tree};
use model::{Direction, Flow, Peers, PolicyRef, Ports, Rule, RuleRef};

use crate::explanation::{By, Excerpt, Line, Mark};
use crate::locate;
use crate::question::Input;

/// A rule of more lines is shown by its beginning and the lines around its marks.
const LINES_MAX: usize = 14;
/// Longer lines are a machine's, and nobody finds anything in them.
const WIDTH_MAX: usize = 400;

/// A rule and the items of it that are about `flow`; the whole list of peers where an address is not
/// known that some of them may or may not have.
pub(crate) fn of_rule(input: &Input<'_>, rule: &RuleRef, flow: &Flow, undetermined: bool) -> By {
    let lowered = input.rules.iter().find(|lowered| lowered.origin == *rule);
    let marks = lowered.map(|lowered| items(input, lowered, flow)).unwrap_or_default();
    if undetermined && marks.is_empty() {
        let list = list_span(input, rule, false);
        let marks: Vec<Span> = list.into_iter().collect();
        return by(input, rule, &marks, "may match: an address is not known");
    }
    by(input, rule, &marks, "matches")
}

/// A rule with marks under `spans`, or under its first line where there are none.
pub(crate) fn by(input: &Input<'_>, rule: &RuleRef, spans: &[Span], label: &str) -> By {
    let place = input.rules.place(rule);
    let excerpt = locate::rule(input, rule).and_then(|(_, tree)| {
        let own = [tree.span()];
        excerpt(input, tree, if spans.is_empty() { &own } else { spans }, label)
    });
    By {
        name: rule.to_string(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
        excerpt,
    }
}

/// A policy and what it selects.
pub(crate) fn of_policy(input: &Input<'_>, policy: &PolicyRef, label: &str) -> By {
    let place = input.rules.policy_place(policy);
    let excerpt = locate::policy(input, policy).and_then(|written| {
        let spec = written.tree().get("spec")?;
        let selector = spec.get("podSelector").or_else(|| spec.get("subject"))?;
        excerpt(input, selector, &[selector.span()], label)
    });
    By {
        name: policy.to_string(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
        excerpt,
    }
}

/// Where the items of `rule` stand that are about `flow`.
fn items(input: &Input<'_>, rule: &Rule, flow: &Flow) -> Vec<Span> {
    let item = policy::item(input.world, rule, flow);
    let peer = item.peer.and_then(|at| peer_span(input, rule, at));
    let port = item.port.and_then(|at| port_span(input, rule, at));
    peer.into_iter().chain(port).collect()
}

/// Where a peer of a rule stands.
pub(crate) fn peer_span(input: &Input<'_>, rule: &Rule, at: usize) -> Option<Span> {
    let (_, tree) = locate::rule(input, &rule.origin)?;
    let Peers::OneOf(peers) = &rule.peers else { return None };
    let list = locate::peers(tree, rule.direction())?;
    Some(locate::item(list, peers.len(), at).unwrap_or(list).span())
}

/// Where a port of a rule stands.
pub(crate) fn port_span(input: &Input<'_>, rule: &Rule, at: usize) -> Option<Span> {
    let (_, tree) = locate::rule(input, &rule.origin)?;
    let Ports::OneOf(ports) = &rule.ports else { return None };
    let list = locate::ports(tree)?;
    Some(locate::item(list, ports.len(), at).unwrap_or(list).span())
}

/// Where a rule's list of peers or of ports stands.
pub(crate) fn list_span(input: &Input<'_>, rule: &RuleRef, of_ports: bool) -> Option<Span> {
    let (_, tree) = locate::rule(input, rule)?;
    let list = if of_ports { locate::ports(tree) } else { peers_of(tree, rule.direction) };
    Some(list?.span())
}

fn peers_of(tree: Tree<'_>, direction: Direction) -> Option<Tree<'_>> {
    locate::peers(tree, direction)
}

fn excerpt(input: &Input<'_>, tree: Tree<'_>, spans: &[Span], label: &str) -> Option<Excerpt> {
    let span = tree.span();
    let text = &*input.documents.get(span.document as usize)?.text;
    let stretch = text.get(span.start as usize..locate::end(tree, text))?;
    let (first, last) = (span.line, span.line + newlines(stretch));
    let mut marks: Vec<Mark> = spans.iter().filter_map(|span| mark(text, *span, label)).collect();
    marks.sort_unstable();
    marks.dedup();
    let wanted = wanted(first, last, &marks);
    let lines = (1..).zip(text.lines()).filter(|(number, _)| wanted.contains(number));
    let lines: Vec<Line> =
        lines.map(|(number, text)| Line { number, text: text.to_owned() }).collect();
    let is_short = |line: &Line| line.text.len() <= WIDTH_MAX;
    lines.iter().all(is_short).then_some(Excerpt { lines, marks })
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

/// The first line of what is meant: whole lists would fill the screen.
fn mark(text: &str, span: Span, label: &str) -> Option<Mark> {
    let marked = text.get(span.start as usize..span.end as usize)?;
    let length = marked.lines().next().map_or(0, |line| line.trim_end().chars().count());
    let length = u32::try_from(length.max(1)).unwrap_or(1);
    Some(Mark { line: span.line, column: span.column, length, label: label.to_owned() })
}

fn wanted(first: u32, last: u32, marks: &[Mark]) -> BTreeSet<u32> {
    let all = first..=last;
    if all.clone().count() <= LINES_MAX {
        return all.collect();
    }
    let around = marks.iter().flat_map(|mark| mark.line.saturating_sub(1)..=mark.line + 2);
    (first..=first + 1).chain(around).filter(|line| all.contains(line)).collect()
}
