//! From the kernel's numbers to names, with what the node knows at this moment.
//!
//! It holds references only; one is made for each batch of events.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use abi::{Event, EventKind, verdict_code};
use compile::Compiled;
use datapath::Instance;
use flows::{FlowEnd, FlowEvent, FlowRecord, Staged};
use model::{Builtin, End, Reason, Rules, World};

use crate::clock::now_ns;
use crate::{Containers, EnforceError, Enforcer, executable};

/// IP protocol numbers that have no ports.
const ICMP: [u8; 2] = [1, 58];

/// What an event's rule id and reason code mean; nothing for an id that the table does not use.
#[must_use]
pub fn reason(compiled: Option<&Compiled>, rule: u32, code: u8) -> Option<Reason> {
    match rule {
        0 => Builtin::from_code(code).map(Reason::Builtin),
        rule => compiled?.reason(rule).cloned(),
    }
}

impl Enforcer {
    /// The records of events that this node's kernel said, with the names that are true now.
    ///
    /// # Errors
    /// Where the kernel's clock cannot be read.
    pub fn records(
        &mut self,
        events: &[Event],
        world: &World,
        rules: &Rules,
    ) -> Result<Vec<FlowRecord>, EnforceError> {
        self.containers.know(events);
        let naming = Naming {
            node: &self.name,
            world,
            rules,
            compiled: self.compiled(),
            containers: &self.containers,
            instance: &self.instance,
            now_ns: now_ns()?,
        };
        Ok(events.iter().filter_map(|event| naming.record(event)).collect())
    }
}

/// What names are found with.
struct Naming<'a> {
    node: &'a str,
    world: &'a World,
    rules: &'a Rules,
    compiled: Option<&'a Compiled>,
    containers: &'a Containers,
    instance: &'a Instance,
    /// The kernel's time now, nanoseconds since boot.
    now_ns: u64,
}

impl Naming<'_> {
    /// The record of an event; nothing for a kind that is not known.
    fn record(&self, event: &Event) -> Option<FlowRecord> {
        let kind = EventKind::from_code(event.kind)?;
        let has_ended = kind == EventKind::Closed || kind == EventKind::Cut;
        let found = reason(self.compiled, event.rule, event.reason);
        let place = found.as_ref().and_then(|reason| self.rules.reason_place(reason));
        Some(FlowRecord {
            time: self.time(event),
            node: self.node.to_owned(),
            event: event_of(kind),
            verdict: verdict_code::verdict(event.verdict).to_string(),
            direction: if event.direction == 0 { "egress" } else { "ingress" }.to_owned(),
            source: FlowEnd {
                container: self.containers.name(event.container),
                executable: executable::path(self.instance, event),
                process: (event.process != 0).then_some(event.process),
                ..self.end(event.source.into(), event.source_port, event)
            },
            destination: self.end(event.destination.into(), event.destination_port, event),
            protocol: protocol(event.protocol),
            file: place.map(|place| place.file.to_string()),
            line: place.map(|place| place.line),
            reason: said(found, event.rule),
            staged: self.staged(event),
            denied: (kind == EventKind::Denied).then_some(event.denied),
            packets: has_ended.then_some(event.packets),
            bytes: has_ended.then_some(event.bytes),
            duration_ms: has_ended.then_some(event.duration_ns / 1_000_000),
        })
    }

    fn time(&self, event: &Event) -> String {
        let ago = Duration::from_nanos(self.now_ns.saturating_sub(event.time_ns));
        let at = SystemTime::now().checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH);
        humantime::format_rfc3339_millis(at).to_string()
    }

    fn end(&self, address: IpAddr, port: u16, event: &Event) -> FlowEnd {
        let name = match self.world.end_at(address) {
            End::Pod { pod, .. } => Some(self.world.pod(pod).to_string()),
            End::Host { node: Some(node), .. } => {
                Some(format!("node/{}", self.world.node(node).name))
            }
            End::Host { node: None, .. }
            | End::UnknownPod { .. }
            | End::External { .. }
            | End::Domain { .. } => None,
        };
        let port = (!ICMP.contains(&event.protocol)).then_some(port);
        FlowEnd { address, port, name, container: None, executable: None, process: None }
    }

    /// Nothing where nothing is staged: then the kernel leaves both numbers empty.
    fn staged(&self, event: &Event) -> Option<Staged> {
        let Event { staged_rule, staged_reason, staged_verdict, .. } = *event;
        (staged_rule != 0 || staged_reason != 0).then(|| {
            let found = reason(self.compiled, staged_rule, staged_reason);
            let place = found.as_ref().and_then(|reason| self.rules.reason_place(reason));
            Staged {
                verdict: verdict_code::verdict(staged_verdict).to_string(),
                file: place.map(|place| place.file.to_string()),
                line: place.map(|place| place.line),
                reason: said(found, staged_rule),
            }
        })
    }
}

fn said(reason: Option<Reason>, rule: u32) -> String {
    reason.map_or_else(|| format!("rule {rule} of another table"), |reason| reason.to_string())
}

fn protocol(number: u8) -> String {
    match number {
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "icmpv6".to_owned(),
        132 => "sctp".to_owned(),
        other => other.to_string(),
    }
}

fn event_of(kind: EventKind) -> FlowEvent {
    match kind {
        EventKind::Opened => FlowEvent::Opened,
        EventKind::Denied => FlowEvent::Denied,
        EventKind::Cut => FlowEvent::Cut,
        EventKind::Closed => FlowEvent::Closed,
    }
}
