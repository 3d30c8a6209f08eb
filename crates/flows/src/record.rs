//! One line of the record: docs/schema/lab-flow.json.
//!
//! It is what people and scripts get, so it has words where the kernel has numbers.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlowEvent {
    /// A new flow was allowed.
    Opened,
    /// Packets were denied.
    Denied,
    /// A flow that was allowed no longer is.
    Cut,
    /// A flow ended.
    Closed,
}

impl fmt::Display for FlowEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opened => "opened",
            Self::Denied => "denied",
            Self::Cut => "cut",
            Self::Closed => "closed",
        })
    }
}

/// One end of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowEnd {
    /// Its address.
    pub address: IpAddr,
    /// Its port; none for protocols without ports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `NAMESPACE/NAME` of the pod that had the address, or `node/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The container whose process sent the packet, where the kernel knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The path of the executable that made the sender's socket, where the kernel knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    /// The number of its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}

impl FlowEnd {
    /// The name, or the address where it has none.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.address.to_string())
    }
}

/// What staged policies would have said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staged {
    /// `allow` or `deny`.
    pub verdict: String,
    /// Why.
    pub reason: String,
    /// Where the rule or the first policy was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// One line of the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRecord {
    /// When, in RFC 3339.
    pub time: String,
    /// The node whose kernel said it.
    pub node: String,
    /// What happened.
    pub event: FlowEvent,
    /// `allow` or `deny`: what the policy of one end said.
    pub verdict: String,
    /// Which policy: `egress` of the source or `ingress` of the destination.
    pub direction: String,
    /// Who opened the flow.
    pub source: FlowEnd,
    /// Whom it is for.
    pub destination: FlowEnd,
    /// `tcp`, `udp`, `sctp`, `icmp`, `icmpv6` or a number.
    pub protocol: String,
    /// The rule, the policies or the fact that decided.
    pub reason: String,
    /// Where the rule or the first policy was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What this end would have said if staged policies were enforced, where some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staged: Option<Staged>,
    /// For denials: packets since the last line about this flow, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<u32>,
    /// For flows that ended: packets of both directions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packets: Option<u64>,
    /// For flows that ended: bytes of both directions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// For flows that ended: from the first to the last packet, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

#[cfg(test)]
impl FlowRecord {
    /// A denied flow of which nothing more is said.
    pub(crate) fn example(source: FlowEnd, destination: FlowEnd) -> Self {
        Self {
            time: String::new(),
            node: "a".to_owned(),
            event: FlowEvent::Denied,
            verdict: "deny".to_owned(),
            direction: "ingress".to_owned(),
            source,
            destination,
            protocol: "tcp".to_owned(),
            reason: "NetworkPolicy data/db ingress[0]".to_owned(),
            file: None,
            line: None,
            staged: None,
            denied: Some(1),
            packets: None,
            bytes: None,
            duration_ms: None,
        }
    }
}
