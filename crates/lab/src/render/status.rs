//! What there is to say of labs, as text and as JSON. Schema: docs/schema/lab-status.json.
//!
//! The text leaves out what is as it should be; the JSON has everything.

use std::fmt::Write as _;

use serde::Serialize;

use crate::state::PodState;
use crate::status::{HookStatus, HostStatus, LabStatus, NodeStatus, RuleUse};

const MIB: f64 = 1024.0 * 1024.0;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    labs: &'a [LabStatus],
}

/// The labs as one JSON document.
///
/// # Errors
/// Never for labs that were read; the format could hold what JSON cannot.
pub fn status_json(labs: &[LabStatus]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document { schema: "ringfence/lab-status/v1", labs })
}

/// The labs for people; no line where there is none.
#[must_use]
pub fn status(labs: &[LabStatus]) -> String {
    labs.iter().map(lab).collect()
}

fn lab(lab: &LabStatus) -> String {
    let up = if lab.is_up { "up" } else { "left behind" };
    let Some(state) = &lab.state else { return format!("{}  {up}\n", lab.name) };
    let head = format!("{}  {up}  agent {}  {} pods\n", lab.name, state.agent, state.pods.len());
    let pods = state.pods.iter().map(pod).collect::<String>();
    let nodes = lab.nodes.iter().map(node).collect::<String>();
    head + &pods + &nodes
}

fn pod(pod: &PodState) -> String {
    let addresses: Vec<String> = pod.addresses.iter().map(ToString::to_string).collect();
    let netns = pod.netns.file_name().unwrap_or("-".as_ref()).to_string_lossy();
    format!("  {}  {}  {}  {netns}\n", pod.pod, pod.node, addresses.join(" "))
}

fn node(node: &NodeStatus) -> String {
    let mut text = format!(
        "  node {}: {:.1} MiB in {} maps; connections {} of {}, half-open {} of {}; \
         {} events lost; {} connections cut\n",
        node.node,
        mib(node.memory),
        node.maps.len(),
        node.established.used,
        node.established.capacity,
        node.half.used,
        node.half.capacity,
        node.events_lost,
        node.cut,
    );
    for map in &node.maps {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "    map {:<16} {:>9} {:>8.2} MiB",
            map.map,
            map.entries_max,
            mib(map.memory)
        );
    }
    node.rules.iter().filter(|rule| rule.packets > 0).for_each(|rule| text += &used(rule));
    node.hooks.iter().for_each(|hook| text += &company(hook));
    text += &host(&node.host);
    for repair in &node.repairs {
        let _ = writeln!(text, "    {}, {}: {}", repair.drift, repair.repair, repair.count);
    }
    for left_out in &node.left_out {
        let _ = writeln!(text, "    {}", left_out.message);
    }
    for alarm in &node.alarms {
        let _ = writeln!(text, "    alarm {}: {}", alarm.alarm, alarm.message);
    }
    text
}

fn used(rule: &RuleUse) -> String {
    format!("    rule {:>9} packets {:>12} bytes  {}\n", rule.packets, rule.bytes, rule.rule)
}

/// Nothing where we are alone.
fn company(hook: &HookStatus) -> String {
    let place = |before| if before { "before" } else { "after" };
    let line = |other: &crate::status::Program| {
        let place = place(other.is_before_ours);
        format!("    {} {}: {} runs {place} ours\n", hook.pod, hook.direction, other.name)
    };
    hook.others.iter().map(line).collect()
}

/// Nothing of a node that no rule speaks for.
fn host(host: &HostStatus) -> String {
    if host.state.is_empty() || host.state == "none" {
        return String::new();
    }
    let head = format!("    the node itself: {}, {} rules\n", host.state, host.rules);
    let refused = host.refused.iter().map(|line| format!("      refused: {line}\n"));
    head + &refused.collect::<String>()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people, with two places")]
fn mib(octets: u64) -> f64 {
    octets as f64 / MIB
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use std::collections::BTreeSet;

    use datapath::{Alarm, Drift};
    use model::{PolicyKind, PolicyRef};
    use node::{Held, HeldEndpoint, HeldPeer, HeldService, NotProgrammed, Shortage};
    use serde_json::Value;

    use super::*;
    use crate::render::tests::misfit;
    use crate::state::LabState;
    use crate::status::{AlarmStatus, MapStatus, Program, RepairCount, RuleUse};
    use enforce::status::left_out;

    /// One of each kind.
    fn not_programmed() -> NotProgrammed {
        let shortage = Shortage { table: "rows", needed: 12, capacity: 8 };
        let policy = PolicyRef {
            name: "deny-all".into(),
            namespace: Some("shop".into()),
            kind: PolicyKind::NetworkPolicy,
        };
        let endpoint = |slot, held, policies| HeldEndpoint {
            slot,
            pod: "shop/web".into(),
            held,
            policies,
            shortage,
        };
        NotProgrammed {
            endpoints: vec![
                endpoint(1, Held::LastGood, BTreeSet::from([policy])),
                endpoint(2, Held::Quarantine, BTreeSet::new()),
            ],
            services: vec![HeldService { service: "shop/web".into(), shortage }],
            peers: vec![HeldPeer {
                pod: "shop/db".into(),
                address: [10, 244, 0, 9].into(),
                shortage,
            }],
            interrupted: Vec::new(),
            shortages: vec![shortage],
        }
    }

    fn node_status() -> NodeStatus {
        let program = Program { id: 9, name: "foreign".into(), is_before_ours: false };
        let others = vec![program];
        let hook = HookStatus {
            pod: "shop/web".into(),
            interface: 7,
            direction: "ingress".into(),
            is_ours_first: true,
            others,
        };
        let repair = |drift: Drift| RepairCount {
            drift: drift.word().into(),
            repair: drift.repair().word().into(),
            count: 3,
        };
        let drifts = [
            Drift::PinRemoved,
            Drift::PinChanged,
            Drift::Detached,
            Drift::ProgramChanged,
            Drift::Preceded,
        ];
        let fill = datapath::Fill { used: 90, capacity: 100 };
        let alarm =
            |alarm: Alarm| AlarmStatus { alarm: alarm.word().into(), message: alarm.to_string() };
        let alarms = [
            Alarm::NearlyFull(fill),
            Alarm::EstablishedFull(1),
            Alarm::ShareFull(2),
            Alarm::HalfFailed(3),
            Alarm::EventsLost(4),
        ];
        NodeStatus {
            node: "node1".into(),
            hooks: vec![hook],
            repairs: drifts.map(repair).into(),
            maps: vec![MapStatus { map: "est".into(), entries_max: 100, memory: 3 << 20 }],
            memory: 3 << 20,
            established: fill.into(),
            half: fill.into(),
            events_lost: 4,
            established_full: 1,
            share_full: 2,
            half_failed: 3,
            cut: 5,
            not_programmed: 4,
            left_out: left_out(&not_programmed()),
            alarms: alarms.map(alarm).into(),
            host: HostStatus {
                state: "refused".into(),
                rules: 2,
                refused: vec!["a rule denies SSH from 192.0.2.1".into()],
            },
            rules: vec![RuleUse {
                rule: "NetworkPolicy a/b ingress[0]".into(),
                packets: 3,
                bytes: 180,
            }],
            enforcement: None,
        }
    }

    fn lab_status() -> LabStatus {
        let pod = PodState {
            pod: "shop/web".into(),
            node: "node1".into(),
            addresses: vec!["10.0.0.1".parse().unwrap()],
            netns: "/run/netns/x".into(),
            cgroup: "/sys/fs/cgroup/x".into(),
        };
        let state = LabState {
            name: "demo".into(),
            agent: 7,
            paths: vec!["shop.yaml".into()],
            pods: vec![pod],
        };
        LabStatus {
            name: "demo".into(),
            is_up: true,
            state: Some(state),
            nodes: vec![node_status()],
        }
    }

    #[test]
    fn a_status_fits_its_schema() {
        let behind = LabStatus { is_up: false, state: None, nodes: Vec::new(), ..lab_status() };
        let text = status_json(&[lab_status(), behind]).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/lab-status.json");
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        misfit(&schema, &schema, &document).map_or(Ok(()), Err).unwrap();
        for pointer in [
            "",
            "/labs/0",
            "/labs/0/state",
            "/labs/0/nodes/0",
            "/labs/0/nodes/0/hooks/0",
            "/labs/0/nodes/0/left_out/0",
        ] {
            let mut other = document.clone();
            let object = other.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            object.insert("more".into(), Value::Null);
            assert!(misfit(&schema, &schema, &other).is_some(), "an unknown field of {pointer:?}");
        }
    }

    #[test]
    fn a_status_says_who_else_is_there_what_was_repaired_and_what_is_wrong() {
        let text = status(&[lab_status()]);
        for line in [
            "demo  up  agent 7  1 pods",
            "  shop/web  node1  10.0.0.1  x",
            "  node node1: 3.0 MiB in 1 maps; connections 90 of 100, half-open 90 of 100; 4 events \
             lost; 5 connections cut",
            "    shop/web ingress: foreign runs after ours",
            "    preceded, moved to the head: 3",
            "    not programmed: NetworkPolicy shop/deny-all on shop/web, which keeps its last good \
             policies: rows needs 12 entries, there is room for 8",
            "    not programmed: the endpoint on shop/web, which is in quarantine: rows needs 12 \
             entries, there is room for 8",
            "    not programmed: Service shop/web, which is denied: rows needs 12 entries, there is \
             room for 8",
            "    not programmed: shop/db at 10.244.0.9, which is an unknown pod to all: rows needs 12 \
             entries, there is room for 8",
            "    alarm nearly-full: 90 of 100 established connections are in use",
            "    alarm events-lost: 4 events were lost",
        ] {
            assert!(text.lines().any(|found| found == line), "{line:?} is not in\n{text}");
        }
        let behind = LabStatus { is_up: false, state: None, nodes: Vec::new(), ..lab_status() };
        assert_eq!(status(&[behind]), "demo  left behind\n");
    }
}
