//! Every rendering of one small report that has all there is: allowed, denied, through a Service,
//! differing, and a failed control run.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test may crash")]

use std::collections::BTreeSet;

use model::{
    Action, AddressPlan, ContainerPort, Direction, Family, Flow, Labels, Peer, Peers, Place, Pod,
    PolicyKind, PolicyRef, PortMatch, PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector,
    Service, ServicePort, Subject, TargetPort, Tier, Traffic, World, WorldParts,
};
use serde_json::Value;

use super::{Colour, json, junit, matrix, table};
use crate::compare::Difference;
use crate::message::Outcome;
use crate::of_flow::of_flow;
use crate::probe::Probe;
use crate::report::{ProbeResult, RunReport};

fn pod(name: &str) -> Pod {
    Pod {
        namespace: "shop".into(),
        name: name.into(),
        labels: Labels::default().with("app", name),
        owner: None,
        node: None,
        addresses: Vec::new(),
        host_network: false,
        containers: vec!["main".into()],
        ports: vec![ContainerPort {
            container: "main".into(),
            name: None,
            protocol: Protocol::Tcp,
            number: 8080,
        }],
    }
}

fn world() -> World {
    let service = Service {
        namespace: "shop".into(),
        name: "api".into(),
        addresses: Vec::new(),
        headless: false,
        affinity_seconds: None,
        ports: vec![ServicePort {
            name: None,
            protocol: Protocol::Tcp,
            port: 80,
            target: TargetPort::Number(8080),
        }],
        selector: Some(Selector::equals("app", "api")),
        endpoints: Vec::new(),
    };
    let (pods, services) = (vec![pod("api"), pod("web")], vec![service]);
    let mut parts = WorldParts { pods, services, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    World::new(parts).unwrap()
}

/// `api` takes port 8080 of `web`, and nothing else.
fn rules() -> Rules {
    let policy = PolicyRef {
        name: "api".into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    };
    let origin = RuleRef { policy: policy.clone(), direction: Direction::Ingress, index: 0 };
    let selector = |name| Selector::equals("app", name);
    let pods = |name| Peer::Pods { namespaces: Selector::everything(), pods: selector(name) };
    let rule = Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: origin.clone(),
        subject: Subject::new(Selector::everything(), selector("api")),
        peers: Peers::OneOf(vec![pods("web")]),
        ports: Ports::OneOf(vec![PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(8080),
        }]),
        action: Action::Allow,
    };
    let place = |line| Place { file: "shop.yaml".into(), line };
    Rules::new(vec![rule]).with_place(origin, place(9)).with_policy_place(policy, place(1))
}

fn probe(world: &World, from: &str, to: &str, port: u16, through_service: bool) -> Probe {
    let end = |name| world.pod_end(world.find_pod("shop", name).unwrap(), Family::V4);
    let traffic = Traffic::Port(Protocol::Tcp, port);
    let flow = Flow::new(end(from), end(to), traffic, Family::V4).unwrap();
    let flow = if through_service { flow.through_service() } else { flow };
    of_flow(world, &flow, &policy::decide(world, &rules(), &flow)).unwrap()
}

fn report(world: &World) -> RunReport {
    let result = |probe: Probe, outcome, differences| ProbeResult { probe, outcome, differences };
    let reached = |by: &str| Outcome::Reached { by: by.to_owned() };
    let refused = Difference::NotDenied { outcome: Outcome::Refused };
    RunReport {
        lab: "demo".into(),
        results: vec![
            result(probe(world, "web", "api", 8080, false), reached("shop/api"), Vec::new()),
            result(probe(world, "web", "api", 8080, true), reached("shop/api"), Vec::new()),
            result(probe(world, "web", "api", 22, false), Outcome::Timeout, Vec::new()),
            result(probe(world, "web", "api", 23, false), Outcome::Refused, vec![refused]),
            result(probe(world, "api", "web", 8080, false), reached("shop/web"), Vec::new()),
        ],
        control_failed: vec![(probe(world, "api", "web", 9, false), Outcome::Timeout)],
        left_out: 2,
    }
}

#[test]
fn the_matrix_has_a_row_for_each_sender_and_a_column_for_each_receiver() {
    let world = world();
    let drawn = matrix(&report(&world), &world, &rules(), Colour::No);
    let expected = "\
from \\ to         1       2   3
 1  shop/api      .       +2  .
 2  shop/web      +1 -3!  .   +1
 3  shop/svc/api

Legend: + allowed, - denied, the number is the deciding rule; ! differs
  +1   NetworkPolicy shop/api ingress[0]  (shop.yaml:9)
  +2   default-allow
  -3   default-deny by NetworkPolicy shop/api  (shop.yaml:1)";
    assert_eq!(drawn, expected);
}

#[test]
fn counts_are_of_probes_and_both_verdicts_have_their_share() {
    let world = world();
    let counts = report(&world).counts();
    assert_eq!(
        counts.to_string(),
        "pairs=3 probes=5 allowed=3 denied=2 events_matched=5 control_failed=1 differences=1"
    );
    assert!(!report(&world).is_good());
    assert_eq!(counts.allowed + counts.denied, counts.probes, "every probe has one verdict");
    assert!(counts.allowed.min(counts.denied) * 5 > counts.probes, "each above a fifth");
}

#[test]
fn a_report_without_a_difference_or_a_failed_control_run_is_good() {
    let world = world();
    let mut good = report(&world);
    good.results.retain(|result| result.differences.is_empty());
    assert!(!good.is_good(), "the control run failed");
    good.control_failed.clear();
    assert!(good.is_good());
}

#[test]
fn the_table_has_a_line_for_each_probe() {
    let world = world();
    let text = table(&report(&world));
    assert_eq!(text.lines().count(), 5);
    assert_eq!(text.lines().filter(|line| line.starts_with('-')).count(), 2);
    assert!(text.contains("denied, but it was refused"), "{text}");
}

#[test]
fn junit_says_the_same() {
    let world = world();
    let xml = junit(&report(&world)).unwrap();
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (6, 2, 0), "{xml}");
    let suites: BTreeSet<&str> = read.test_suites.iter().map(|suite| suite.name.as_str()).collect();
    assert!(suites.contains("shop/web") && suites.contains("shop/api"), "{suites:?}");
}

#[test]
fn json_fits_its_schema() {
    let world = world();
    let document: Value = serde_json::from_str(&json(&report(&world), &rules()).unwrap()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/lab-run.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    misfit(&schema, &schema, &document).map_or(Ok(()), Err).unwrap();
    let mut other = document.clone();
    other.as_object_mut().unwrap().insert("more".into(), Value::Null);
    assert!(misfit(&schema, &schema, &other).is_some(), "an unknown field does not fit");
    for field in ["counts", "probes", "schema"] {
        let mut other = document.clone();
        other.as_object_mut().unwrap().remove(field);
        assert!(misfit(&schema, &schema, &other).is_some(), "{field} is required");
    }
    for outcome in [
        Outcome::Reached { by: "shop/api".into() },
        Outcome::Timeout,
        Outcome::Refused,
        Outcome::Forbidden,
        Outcome::Error { message: "no route".into() },
    ] {
        let shape = schema.pointer("/$defs/outcome").unwrap();
        let value = serde_json::to_value(&outcome).unwrap();
        assert_eq!(misfit(&schema, shape, &value), None, "{outcome}");
    }
}

/// Where `value` does not fit, by the words that this schema uses; an unknown word is a misfit too.
pub(super) fn misfit(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let words = schema.as_object().unwrap();
    words.iter().find_map(|(word, argument)| match word.as_str() {
        "$schema" | "title" | "description" | "$defs" => None,
        "$ref" => {
            let target = argument.as_str().unwrap().trim_start_matches('#');
            misfit(root, root.pointer(target).unwrap(), value)
        }
        "type" => (!is_of_type(argument, value)).then(|| format!("{value} is no {argument}")),
        "const" => (argument != value).then(|| format!("{value} is not {argument}")),
        "enum" => {
            let is_one = argument.as_array().unwrap().contains(value);
            (!is_one).then(|| format!("{value} is none of {argument}"))
        }
        "minimum" => (value.as_i64() < argument.as_i64() && value.is_number())
            .then(|| format!("{value} is below {argument}")),
        "maximum" => (value.as_i64() > argument.as_i64() && value.is_number())
            .then(|| format!("{value} is above {argument}")),
        "required" => argument.as_array().unwrap().iter().find_map(|field| {
            let is_there = value.get(field.as_str().unwrap()).is_some();
            (!is_there).then(|| format!("{field} is missing"))
        }),
        "properties" => value.as_object()?.iter().find_map(|(name, field)| {
            misfit(root, argument.get(name)?, field).map(|why| format!("{name}: {why}"))
        }),
        "additionalProperties" => {
            let known = schema.get("properties").unwrap();
            let mut unknown = value.as_object()?.keys().filter(|name| known.get(name).is_none());
            unknown.next().map(|name| format!("{name} is unknown"))
        }
        "items" => value.as_array()?.iter().find_map(|item| misfit(root, argument, item)),
        "oneOf" => {
            let ways = argument.as_array().unwrap().iter();
            let fitting = ways.filter(|way| misfit(root, way, value).is_none()).count();
            (fitting != 1).then(|| format!("{value} fits {fitting} ways"))
        }
        other => panic!("the schema says {other}, which this test does not know"),
    })
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    let is = |wanted: &Value| match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("no type {other}"),
    };
    wanted.as_array().map_or_else(|| is(wanted), |types| types.iter().any(is))
}
