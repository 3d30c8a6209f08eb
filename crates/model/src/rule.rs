//! The lowered rule: the one form that every policy kind becomes before anything is decided.

use std::fmt;
use std::sync::Arc;

use crate::{Block, Labels, PortRange, ProcessMatch, Protocol, Selector};

/// Which end's policy a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The rule speaks for the source of a flow.
    Egress,
    /// The rule speaks for the destination of a flow.
    Ingress,
}

impl Direction {
    /// Both, egress first as ruling D1 names them.
    pub const ALL: [Self; 2] = [Self::Egress, Self::Ingress];
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Egress => "egress",
            Self::Ingress => "ingress",
        })
    }
}

/// How the rules of a tier combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// By priority group and order; the first match decides (ruling C3 for ties).
    FirstMatch,
    /// Any allowing rule allows; a subject that some rule applies to is isolated otherwise.
    Additive,
}

/// The stages of a decision, in their order. Source: ruling C1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Admin-tier cluster policies.
    Admin,
    /// Namespaced `NetworkPolicy`.
    NetworkPolicy,
    /// Baseline-tier cluster policies.
    Baseline,
}

impl Tier {
    /// All tiers in the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::Admin, Self::NetworkPolicy, Self::Baseline];

    /// How the rules of this tier combine.
    #[must_use]
    pub fn manner(self) -> Manner {
        match self {
            Self::Admin | Self::Baseline => Manner::FirstMatch,
            Self::NetworkPolicy => Manner::Additive,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "Admin",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Baseline => "Baseline",
        })
    }
}

/// What a matching rule does. In an additive tier only `Allow` has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The flow may pass this end.
    Allow,
    /// It may not.
    Deny,
    /// This tier has no opinion; ask the next.
    Pass,
}

/// The kinds of policy that lower to rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyKind {
    /// `networking.k8s.io/v1`.
    NetworkPolicy,
    /// `policy.networking.k8s.io/v1alpha2`.
    ClusterNetworkPolicy,
    /// `policy.networking.k8s.io/v1alpha1`.
    AdminNetworkPolicy,
    /// `policy.networking.k8s.io/v1alpha1`.
    BaselineAdminNetworkPolicy,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NetworkPolicy => "NetworkPolicy",
            Self::ClusterNetworkPolicy => "ClusterNetworkPolicy",
            Self::AdminNetworkPolicy => "AdminNetworkPolicy",
            Self::BaselineAdminNetworkPolicy => "BaselineAdminNetworkPolicy",
        })
    }
}

/// One policy object. The order is by name first: ruling D2 names the least policy by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyRef {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; none for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// The kind.
    pub kind: PolicyKind,
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// One rule of a policy object, by its place in that object's list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleRef {
    /// The policy.
    pub policy: PolicyRef,
    /// Which of its two lists.
    pub direction: Direction,
    /// The position in that list, from 0.
    pub index: u32,
}

impl fmt::Display for RuleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}[{}]", self.policy, self.direction, self.index)
    }
}

/// Where a person wrote something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The name of the document's file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
}

/// Whom a rule speaks for: pods, of which host-network pods are never some (rulings N16, C6), and
/// nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Selects namespaces; one namespace is `kubernetes.io/metadata.name` equal to its name.
    pub namespaces: Selector,
    /// Selects pods inside those namespaces.
    pub pods: Selector,
    /// Selects processes of those pods, of rules about what they send.
    pub processes: ProcessMatch,
    /// Selects nodes: what their own processes and host-network pods send and receive (ruling N39).
    pub nodes: Option<Selector>,
}

impl Subject {
    /// Every process of the pods that both selectors select.
    #[must_use]
    pub fn new(namespaces: Selector, pods: Selector) -> Self {
        Self { namespaces, pods, processes: ProcessMatch::default(), nodes: None }
    }

    /// The nodes that `selector` selects, and no pod.
    #[must_use]
    pub fn of_nodes(selector: Selector) -> Self {
        let nobody = Selector::nothing();
        Self { nodes: Some(selector), ..Self::new(nobody.clone(), nobody) }
    }

    /// Whether the rule speaks for a node with these labels.
    #[must_use]
    pub fn selects_node(&self, labels: &Labels) -> bool {
        self.nodes.as_ref().is_some_and(|nodes| nodes.matches(labels))
    }
}

/// Who stands at the other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// Pods by the labels of their namespace and their own.
    Pods {
        /// Selects namespaces.
        namespaces: Selector,
        /// Selects pods inside those namespaces.
        pods: Selector,
    },
    /// Addresses, whoever has them (ruling N9).
    Block(Block),
    /// Nodes by their labels, at every address in their status (ruling C6).
    Nodes(Selector),
    /// A DNS name, or `*.` and a suffix; lower case, no trailing dot (ruling C8).
    Domain(String),
}

/// The peers of a rule. *Absent* and *empty* differ all the way to the kernel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peers {
    /// The field was absent: everybody, external addresses included.
    Any,
    /// Exactly these; none at all if the list is empty.
    OneOf(Vec<Peer>),
}

/// One entry of a rule's ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortMatch {
    /// Destination ports by number.
    Numbers {
        /// The protocol.
        protocol: Protocol,
        /// The destination ports.
        range: PortRange,
    },
    /// A container port's name on the destination pod, resolved per pod; any protocol if absent
    /// (rulings N5, C7).
    Named {
        /// The container port's protocol; any if absent.
        protocol: Option<Protocol>,
        /// The container port's name.
        name: String,
    },
}

/// The ports of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ports {
    /// The field was absent: every protocol, ICMP included.
    Any,
    /// Exactly these; none at all if the list is empty.
    OneOf(Vec<PortMatch>),
}

/// A lowered rule.
///
/// In an additive tier a rule isolates its subject in its direction by being there, whether or not
/// it matches anyone: `ingress: []` lowers to one rule whose peers are the empty list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    /// The stage.
    pub tier: Tier,
    /// The priority group inside a first-match tier, smaller first; 0 in an additive tier.
    pub group: u16,
    /// Policy, direction and position; the position is the order inside the policy.
    pub origin: RuleRef,
    /// Whom it speaks for.
    pub subject: Subject,
    /// Who stands at the other end.
    pub peers: Peers,
    /// What it is about.
    pub ports: Ports,
    /// What it does.
    pub action: Action,
}

impl Rule {
    /// Which end of a flow this rule speaks for.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.origin.direction
    }
}
