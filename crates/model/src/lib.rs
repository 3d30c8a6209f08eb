//! The nouns of Ringfence: labels, selectors, peers, ports, rules, worlds, flows and decisions.
//!
//! Every other crate speaks in these types, so a value that exists is a value that makes sense.
//!
//! **Invariant:** `model` does no IO, reads no clock and draws no random number.
//! **Invariant:** nothing here decides a flow; that is `policy` (naively) and `compile` (as a table).

mod assign;
mod block;
mod decision;
mod enforcement;
mod flow;
mod label;
mod pod;
mod process;
mod reason;
mod rule;
mod rules;
mod selector;
mod service;
mod traffic;
mod world;

pub use assign::{AddressPlan, AssignError};
pub use block::{AddressSet, Block, BlockError, Coverage};
pub use decision::{Decision, Judgement, Reason, Verdict};
pub use enforcement::{ENFORCEMENT_LABEL, Enforcement};
pub use flow::{End, Flow, FlowError, Origin};
pub use label::Labels;
pub use pod::{ContainerPort, Owner, Pod};
pub use process::{Process, ProcessMatch};
pub use reason::Builtin;
pub use rule::{
    Action, Direction, Manner, Peer, Peers, Place, PolicyKind, PolicyRef, PortMatch, Ports, Rule,
    RuleRef, Subject, Tier,
};
pub use rules::Rules;
pub use selector::{Requirement, Selector, Values};
pub use service::{Backend, Service, ServiceEndpoint, ServicePort, TargetPort};
pub use traffic::{Family, OtherProtocol, PortRange, PortRangeError, Protocol, Traffic};
pub use world::{Node, NodeId, PodId, World, WorldError, WorldParts};
