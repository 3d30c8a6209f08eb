//! Why no patch is offered.
//!
//! Each is a fact about the manifests that somebody can look up, never "not supported".

use std::fmt;
use std::net::IpAddr;

use model::{RuleRef, Traffic};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Why no patch is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Some objects were not understood, so nothing is known of what a change would do (ruling E4).
    Incomplete,
    /// A rule of the Admin tier denies, over which no NetworkPolicy has a say.
    AdminRule {
        /// The rule.
        rule: RuleRef,
    },
    /// The asked word stands for many addresses.
    Example {
        /// The word.
        word: String,
    },
    /// The destination is a Service's address, behind which backends are judged (ruling N13).
    AskForService {
        /// The Service, as a word for a peer.
        service: String,
    },
    /// A NetworkPolicy knows no DNS names.
    Name {
        /// The name.
        name: String,
    },
    /// Nobody is known at this address of the pod network, and no selector or block admits such an
    /// address (ruling N34).
    UnknownPod {
        /// The address.
        address: IpAddr,
    },
    /// A node whose address is not known.
    NodeAddress {
        /// The node.
        node: String,
    },
    /// No rule can name this traffic without allowing everything (ruling N17).
    Traffic {
        /// What was asked for.
        traffic: Traffic,
    },
    /// A workload without labels can only be selected together with its whole namespace.
    NoLabels {
        /// The workload.
        workload: String,
    },
    /// Two workloads that no selector tells apart.
    Inseparable {
        /// The workload.
        workload: String,
        /// The other.
        other: String,
    },
    /// Every change that opens the flow changes more.
    Beyond {
        /// Whom it would be opened at.
        workload: String,
        /// What else would open.
        opens: Vec<String>,
        /// What would close, as it does where a first NetworkPolicy isolates a pod.
        closes: Vec<String>,
    },
    /// A rule that should have opened the flow was tried, and something else still denies it.
    Unmoved {
        /// Whom it would have been opened at.
        workload: String,
        /// On what.
        traffic: Traffic,
    },
    /// A document is rendered, of an old revision, from a pipe or changed since: a patch of it would
    /// not apply.
    NotAFile {
        /// The document.
        name: String,
    },
    /// No text could be written that reads as what is meant.
    Text {
        /// The document.
        name: String,
    },
}

impl Refusal {
    /// A stable word for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::AdminRule { .. } => "admin-rule",
            Self::Example { .. } => "example",
            Self::AskForService { .. } => "ask-for-service",
            Self::Name { .. } => "name",
            Self::UnknownPod { .. } => "unknown-pod",
            Self::NodeAddress { .. } => "node-address",
            Self::Traffic { .. } => "traffic",
            Self::NoLabels { .. } => "no-labels",
            Self::Inseparable { .. } => "inseparable",
            Self::Beyond { .. } => "beyond",
            Self::Unmoved { .. } => "unmoved",
            Self::NotAFile { .. } => "not-a-file",
            Self::Text { .. } => "text",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => {
                f.write_str("some objects were not understood: correct these first")
            }
            Self::AdminRule { rule } => {
                write!(f, "{rule} denies in the Admin tier, which no NetworkPolicy can override")
            }
            Self::Example { word } => {
                write!(f, "`{word}` stands for many addresses; name one as ip:ADDRESS")
            }
            Self::AskForService { service } => write!(
                f,
                "this is the address of a Service, and policy is judged on its backends: ask for \
                 {service}"
            ),
            Self::Name { name } => write!(f, "a NetworkPolicy cannot name dns:{name}"),
            Self::UnknownPod { address } => {
                write!(f, "no known pod has {address}, and no rule admits an unknown pod")
            }
            Self::NodeAddress { node } => write!(f, "the address of {node} is not known"),
            Self::Traffic { traffic } => write!(
                f,
                "no rule can name {traffic}: only one without ports allows it, and that allows \
                 everything"
            ),
            Self::NoLabels { workload } => {
                write!(f, "{workload} has no labels, so only its whole namespace could be selected")
            }
            Self::Inseparable { workload, other } => write!(
                f,
                "{workload} and {other} have the same labels, so no selector tells them apart"
            ),
            Self::Beyond { workload, opens, closes } => beyond(f, workload, opens, closes),
            Self::Unmoved { workload, traffic } => {
                write!(f, "no NetworkPolicy for {workload} alone changes what is said of {traffic}")
            }
            Self::NotAFile { name } => {
                write!(f, "{name} is no file as it was read, so a patch of it would not apply")
            }
            Self::Text { name } => write!(f, "{name} is written in a way that cannot be added to"),
        }
    }
}

fn beyond(
    f: &mut fmt::Formatter<'_>,
    workload: &str,
    opens: &[String],
    closes: &[String],
) -> fmt::Result {
    write!(f, "a NetworkPolicy that opens {workload} to this would also ")?;
    let parts = [("open", opens), ("close", closes)];
    let parts = parts.into_iter().filter(|(_, list)| !list.is_empty());
    let parts: Vec<String> =
        parts.map(|(word, list)| format!("{word} {}", list.join(", "))).collect();
    f.write_str(&parts.join(" and "))
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Refusal", 2)?;
        object.serialize_field("reason", self.code())?;
        object.serialize_field("why", &self.to_string())?;
        object.end()
    }
}
