//! From the names of rules to what a person wrote.
//!
//! Rules know their line; their parts are found in the trees of the reading.

use manifest::{Tree, Written};
use model::{Direction, PolicyRef, RuleRef};

use crate::question::Input;

/// The object of a policy.
pub(crate) fn policy<'a>(input: &Input<'a>, policy: &PolicyRef) -> Option<&'a Written> {
    named(input.written, &policy.kind.to_string(), policy.namespace.as_deref(), &policy.name).next()
}

/// All objects of one kind and name; more than one where the input repeats itself.
pub(crate) fn named<'a>(
    written: &'a [Written],
    kind: &str,
    namespace: Option<&str>,
    name: &str,
) -> impl Iterator<Item = &'a Written> {
    written.iter().filter(move |object| {
        *object.name == *name
            && *object.kind == *kind
            && namespace.is_none_or(|namespace| object.namespace == namespace)
    })
}

/// The list of rules of one direction.
pub(crate) fn section(policy: &Written, direction: Direction) -> Option<Tree<'_>> {
    let field = match direction {
        Direction::Egress => "egress",
        Direction::Ingress => "ingress",
    };
    policy.tree().get("spec")?.get(field)
}

/// A rule.
pub(crate) fn rule<'a>(input: &Input<'a>, rule: &RuleRef) -> Option<(&'a Written, Tree<'a>)> {
    let written = policy(input, &rule.policy)?;
    let tree = section(written, rule.direction)?.items().nth(rule.index as usize)?;
    Some((written, tree))
}

/// The list of a rule's peers.
pub(crate) fn peers(rule: Tree<'_>, direction: Direction) -> Option<Tree<'_>> {
    rule.get(match direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    })
}

/// The list of a rule's ports; the newest cluster policies call it protocols.
pub(crate) fn ports(rule: Tree<'_>) -> Option<Tree<'_>> {
    rule.get("ports").or_else(|| rule.get("protocols"))
}

/// The item of a list at the position that the lowered rule has it at, if each item of the list
/// became one of the rule.
pub(crate) fn item(list: Tree<'_>, lowered: usize, at: usize) -> Option<Tree<'_>> {
    let mut items = list.items();
    if items.len() == lowered { items.nth(at) } else { None }
}

/// The byte after the last thing that stands in a tree, without the blank lines and comments that
/// may follow it.
pub(crate) fn end(tree: Tree<'_>, text: &str) -> usize {
    let (start, end) = (tree.span().start as usize, tree.span().end as usize);
    let own = text.get(start..end).unwrap_or_default();
    if own.starts_with(['[', '{']) || !(tree.is_list() || tree.is_mapping()) {
        return start + own.trim_end().len();
    }
    // What an alias stands for is elsewhere, before it.
    let items = tree.items().map(|item| (item.span().start as usize, self::end(item, text)));
    let entries = tree.entries().flat_map(|entry| {
        let key = (entry.key_span.start as usize, entry.key_span.end as usize);
        [key, (entry.value.span().start as usize, self::end(entry.value, text))]
    });
    let inside = items.chain(entries).filter(|(from, _)| *from >= start).map(|(_, to)| to);
    inside.max().unwrap_or(start)
}
