//! Answers that depend on what could not be read: they are said to be unknown.
//!
//! Everything is asked twice: as if what could not be read allowed the least, and as if it allowed
//! the most. What is the same both times is certain.

use std::collections::BTreeSet;

use analysis::By;
use cluster::Unread;
use manifest::{Document, Options, Reading};
use model::{End, Flow, Rules};
use report::{Crowds, Table};
use serde::Serialize;
use serde_json::Value;

use crate::input::Manifests;

/// The least and the most that the rules may be.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// With all that could not be read denying.
    pub(crate) least: Rules,
    /// With all of it allowing.
    pub(crate) most: Rules,
}

/// The bounds of what was read; none where all policies were.
pub(crate) fn bounds(
    documents: &[Document],
    options: &Options,
    reading: &Reading,
    unread: &[Unread],
) -> Option<Bounds> {
    let Reading { parts, written, .. } = reading;
    let of_pods = parts.pods.iter().map(|pod| pod.namespace.clone());
    let namespaces: BTreeSet<String> = of_pods.chain(parts.namespaces.keys().cloned()).collect();
    let labelled = written.iter().filter(|one| &*one.kind == "Namespace");
    let labelled: BTreeSet<String> = labelled.map(|one| one.name.clone()).collect();
    let bounds = cluster::bounds(unread, &namespaces, &labelled)?;
    let [least, most] = bounds.map(|more| {
        let all: Vec<Document> = documents.iter().cloned().chain(more).collect();
        manifest::read(&all, options).rules
    });
    Some(Bounds { least, most })
}

impl Manifests {
    /// The rules whose every allow is certain.
    pub(crate) fn sure_rules(&self) -> &Rules {
        self.bounds.as_ref().map_or(&self.rules, |bounds| &bounds.least)
    }

    /// The words for groups, of whom some may be missing.
    pub(crate) fn crowds(&self, by: By) -> Crowds {
        Crowds::new(&self.world, by).partial(!self.unread.is_empty())
    }

    /// What follows rows that cannot be all.
    pub(crate) fn rest(&self) -> Option<String> {
        let is_partial = !self.unread.is_empty();
        is_partial.then(|| "nothing is said of whoever could not be read".to_owned())
    }

    /// Whether `flow` is decided whatever could not be read. An example of an address is nobody's.
    pub(crate) fn is_certain(&self, flow: &Flow, is_example: bool) -> bool {
        let is_same = self.bounds.as_ref().is_none_or(|bounds| {
            let [least, most] = [&bounds.least, &bounds.most]
                .map(|rules| policy::decide(&self.world, rules, flow).verdict());
            least == most
        });
        let ends = [flow.source(), flow.destination()];
        is_same && (is_example || !ends.into_iter().any(|end| self.may_be_another(end)))
    }

    /// An address may be a pod's or a node's that could not be read.
    fn may_be_another(&self, end: &End) -> bool {
        let is_address = matches!(end, End::UnknownPod { .. } | End::External { .. });
        let has_address = |kind: &str| matches!(kind, "Pod" | "Node");
        is_address && self.unread.iter().any(|one| has_address(one.kind.kind))
    }
}

/// An answer, and the lines of it that may or may not be so.
#[derive(Serialize)]
pub(crate) struct Body<'a, B> {
    #[serde(flatten)]
    body: &'a B,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<Value>,
}

impl<'a, B> Body<'a, B> {
    /// `certain` and `possible`: the lines of both bounds.
    pub(crate) fn new<L: Serialize>(body: &'a B, certain: &[L], possible: &[L]) -> Self {
        let certain: Vec<Value> = certain.iter().filter_map(plain).collect();
        let possible = possible.iter().filter_map(plain);
        let unknown = possible.filter(|line| !certain.contains(line)).collect();
        Self { body, unknown }
    }
}

/// A line without its reasons, which are no part of what it says.
fn plain<L: Serialize>(line: &L) -> Option<Value> {
    let mut line = serde_json::to_value(line).ok()?;
    let fields = line.as_object_mut()?;
    for reasons in ["because", "allowed_by", "denied_by"] {
        fields.remove(reasons);
    }
    Some(line)
}

/// The rows that only `possible` has, a line each, in the words of the first `columns` columns.
pub(crate) fn rows(certain: &Table, possible: &Table, columns: usize) -> Vec<String> {
    let cut = |row: &Vec<String>| row.iter().take(columns).cloned().collect::<Vec<_>>();
    let known: BTreeSet<Vec<String>> = certain.rows().iter().map(cut).collect();
    let unknown = possible.rows().iter().map(cut).filter(|row| !known.contains(row));
    unknown.map(|row| format!("unknown: {}", row.join(" | ").replace('\n', ", "))).collect()
}

/// Which of `lines` are certain, where `certain` are the lines that are.
pub(crate) fn mask<L: Serialize, C: Serialize>(lines: &[L], certain: &[C]) -> Vec<bool> {
    let certain: Vec<Value> = certain.iter().filter_map(plain).collect();
    lines.iter().map(|line| plain(line).is_some_and(|line| certain.contains(&line))).collect()
}
