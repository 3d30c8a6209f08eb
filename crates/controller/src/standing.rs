//! On which nodes a policy is in force, and why not on the others.
//!
//! A node says in one number how much of a kind it has, and by name only what it lacks; so a policy is in
//! force where its version is not higher than that number and nothing names it.

use std::collections::{BTreeMap, BTreeSet};

use api::{Change, Enforcement, NodeStatus, ResourceVersion};

/// A node that should have an agent.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// What its agent said, if it has one that said something.
    said: Option<Said>,
}

#[derive(Clone, Debug)]
struct Said {
    status: NodeStatus,
    /// By kind, namespace and name: why it is not in force.
    lacking: BTreeMap<(String, String, String), String>,
}

/// Which policy, in which version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which<'a> {
    pub(crate) kind: &'static str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: ResourceVersion,
}

/// Why a policy is not in force on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// It may be soon: the node has not come to it.
    Yet(&'static str),
    /// The node knows it and cannot have it.
    Refused(String),
}

impl Lack {
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Yet(words) => words,
            Self::Refused(words) => words,
        }
    }
}

pub(crate) const SILENT: &str = "no agent has said anything of this node";
const BEHIND: &str = "its agent has not brought this version to the kernel";
const CUT: &str = "it lacks more than its agent can list";

impl Node {
    pub(crate) fn new(name: String, status: Option<NodeStatus>) -> Self {
        let said = status.map(|status| {
            let all = status.not_programmed.iter().chain(&status.unreadable);
            let lacking = all.map(|one| {
                let key = (one.kind.clone(), one.namespace.clone(), one.name.clone());
                (key, one.reason.clone())
            });
            Said { lacking: lacking.collect(), status }
        });
        Self { name, said }
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.said.is_none()
    }

    /// Why the policy is not in force here; nothing where it is.
    pub(crate) fn lacks(&self, which: Which<'_>) -> Option<Lack> {
        let Some(said) = &self.said else { return Some(Lack::Yet(SILENT)) };
        let reached = said.status.of_kind(which.kind).map(|one| one.resource_version);
        if reached.is_none_or(|reached| reached < which.version) {
            return Some(Lack::Yet(BEHIND));
        }
        let key = (which.kind.to_owned(), which.namespace.to_owned(), which.name.to_owned());
        match said.lacking.get(&key) {
            Some(reason) => Some(Lack::Refused(reason.clone())),
            None if !said.status.is_whole() => Some(Lack::Refused(CUT.to_owned())),
            None => None,
        }
    }

    /// Whether what policies deny is denied here.
    pub(crate) fn enforces(&self) -> bool {
        self.said.as_ref().is_some_and(|said| said.status.enforcement == Enforcement::Enforce)
    }

    /// The last change of a kind that reached its kernel, and up to which version.
    pub(crate) fn change(&self, kind: &str) -> Option<(ResourceVersion, Change)> {
        let of_kind = self.said.as_ref()?.status.of_kind(kind)?;
        Some((of_kind.resource_version, of_kind.change?))
    }
}

/// How a policy stands with all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// How many nodes should have it.
    pub(crate) wanted: usize,
    /// Those that do not, by name.
    pub(crate) lacking: BTreeMap<String, Lack>,
    /// How many have it and deny nothing, by the switch.
    pub(crate) unenforced: usize,
}

impl Standing {
    pub(crate) fn of(which: Which<'_>, nodes: &[Node]) -> Self {
        let lacking = nodes.iter().filter_map(|node| Some((node.name.clone(), node.lacks(which)?)));
        let lacking: BTreeMap<String, Lack> = lacking.collect();
        let others = nodes.iter().filter(|node| !lacking.contains_key(&node.name));
        let unenforced = others.filter(|node| !node.enforces()).count();
        Self { wanted: nodes.len(), lacking, unenforced }
    }

    pub(crate) fn programmed(&self) -> usize {
        self.wanted.saturating_sub(self.lacking.len())
    }

    pub(crate) fn is_everywhere(&self) -> bool {
        self.lacking.is_empty()
    }

    /// Whether a node that knows it cannot have it.
    pub(crate) fn is_refused(&self) -> bool {
        self.lacking.values().any(|lack| matches!(lack, Lack::Refused(_)))
    }

    /// Those that cannot have it before those that may have it soon.
    pub(crate) fn worst_first(&self) -> Vec<(&str, &Lack)> {
        let mut all: Vec<(&str, &Lack)> =
            self.lacking.iter().map(|(node, lack)| (node.as_str(), lack)).collect();
        all.sort_by_key(|(_, lack)| matches!(lack, Lack::Yet(_)));
        all
    }

    pub(crate) fn nodes_without(&self) -> BTreeSet<String> {
        self.lacking.keys().cloned().collect()
    }
}
