//! What is drawn: boxes for namespaces, nodes in and outside of them, edges with ports and rules.
//!
//! Positions in lists are the identities; every format counts in the same way.

use serde::Serialize;

/// A picture without a layout.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The namespaces, in order.
    pub boxes: Vec<Box>,
    /// Whoever stands at an end of an edge, or could.
    pub nodes: Vec<Node>,
    /// Who reaches whom.
    pub edges: Vec<Edge>,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Box {
    /// Its name.
    pub name: String,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One workload, pod or namespace.
    Member,
    /// Everybody of a namespace, or everybody.
    Crowd,
    /// A node of the cluster.
    Node,
    /// Addresses outside.
    Outside,
}

/// One who may talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The word that the command line takes.
    pub word: String,
    /// What is written on it: the word without the namespace that is around it.
    pub label: String,
    /// What it stands for.
    pub kind: Kind,
    /// The namespace around it, by position.
    pub inside: Option<usize>,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Who starts, by position.
    pub from: usize,
    /// For whom, by position.
    pub to: usize,
    /// On what.
    pub ports: String,
    /// The rules that let it pass, egress first.
    pub because: Vec<Because>,
}

/// A reason with its lines, where it has some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Because {
    /// Which end says so: `egress` or `ingress`.
    pub end: &'static str,
    /// The rule or the reason without a rule.
    pub reason: String,
    /// FILE:LINE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The lines of YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yaml: Option<String>,
}
