//! What an agent answers to people, read by what people read it with.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::net::{SocketAddr, TcpListener};

use agent::Settings;
use cni::{Answer, Attached};
use fleet::{Agent, Fleet, FleetError, Heard, NodePath, NodeState, Said};
use flows::{FlowEvent, FlowFilter, FlowQuery, FlowRecord};
use support::{PATIENCE, SILENCE, Sandbox, Site};

const ENFORCED: Answer = Answer::Attached(Attached::Enforced);
const DENIED: &str = "default-deny by NetworkPolicy shop/api";

/// A free address for an agent's pages.
fn address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn pods(site: &Site) -> [Sandbox; 2] {
    let pods = [("web", 10), ("api", 11)].map(|(name, number)| site.sandbox(name, number));
    for pod in &pods {
        site.know(pod, true);
        assert_eq!(site.add(pod), ENFORCED);
    }
    pods
}

/// What the agent has told of denials until now, and whether anything was lost.
fn denied(site: &Site, agent: &Agent) -> Vec<FlowRecord> {
    let filter = FlowFilter { verdicts: vec!["deny".to_owned()], ..FlowFilter::default() };
    let query = FlowQuery { filter, ..FlowQuery::default() };
    let mut records = Vec::new();
    site.runtime.block_on(fleet::flows(std::slice::from_ref(agent), &query, |heard| {
        match heard {
            Heard::Flow(record) => records.push(*record),
            Heard::Lost { lost, .. } => panic!("{lost} were lost"),
            Heard::Failed(error) => panic!("{error:?}"),
        }
        true
    }));
    records
}

fn path(site: &Site, agent: &Agent, to: &str) -> Result<NodePath, FleetError> {
    let asked = fleet::paths(std::slice::from_ref(agent), "shop/web", to, "8080", None);
    site.runtime.block_on(asked).pop().unwrap()
}

#[test]
fn a_denial_is_told_with_the_names_of_both_ends_and_the_policy_that_isolates() {
    let Some(site) = Site::new("flows") else { return };
    site.policy("api", "api", &[]);
    let at = address();
    let _agent = site.start(Settings { listen: Some(at), ..site.settings() });
    let [web, api] = pods(&site);
    assert!(!site.connects(&web, &api, SILENCE));
    assert!(site.connects(&api, &web, PATIENCE));
    let agent = Agent::at(&at.to_string());
    // Of their own accord kernels send other things, before they are anybody's.
    let is_it = |one: &FlowRecord| one.destination.port == Some(support::PORT);
    let found = support::wait_for(|| denied(&site, &agent).into_iter().find(is_it));
    assert_eq!((found.event, found.node.as_str()), (FlowEvent::Denied, support::NODE));
    assert_eq!(
        (found.source.called(), found.destination.called()),
        ("shop/web".into(), "shop/api".into())
    );
    assert_eq!((found.reason.as_str(), found.direction.as_str()), (DENIED, "ingress"));
    assert_eq!(found.file, None);
}

#[test]
fn the_oracle_the_table_and_the_kernel_say_the_same_of_a_flow() {
    let Some(site) = Site::new("path") else { return };
    site.policy("api", "api", &[]);
    let at = address();
    let _agent = site.start(Settings { listen: Some(at), ..site.settings() });
    let _pods = pods(&site);
    let agent = Agent::at(&at.to_string());
    let found = path(&site, &agent, "shop/api").unwrap();
    assert_eq!((found.oracle.verdict.as_str(), found.ends.len()), ("deny", 2));
    let [egress, ingress] = &found.ends[..] else { panic!("{found:?}") };
    assert!(egress.agrees && ingress.agrees, "{found:?}");
    assert_eq!((egress.pod.as_str(), ingress.pod.as_str()), ("shop/web", "shop/api"));
    assert_eq!((ingress.kernel.reason.as_str(), &ingress.kernel), (DENIED, &ingress.table));
    assert!(ingress.interfaces[0].ends_with(": enforced"), "{:?}", ingress.interfaces);
    let twin = path(&site, &agent, "shop/web").unwrap();
    assert!(twin.ends.iter().all(|end| end.agrees && end.oracle.verdict == "allow"), "{twin:?}");
    let stranger = path(&site, &agent, "shop/nobody");
    assert!(matches!(stranger, Err(FleetError::Refused { code: 422, .. })), "{stranger:?}");
}

#[test]
fn status_says_since_when_and_what_is_in_force_on_whom() {
    let Some(site) = Site::new("status") else { return };
    let at = address();
    let _agent = site.start(Settings { listen: Some(at), ..site.settings() });
    let _pods = pods(&site);
    let fleet = Fleet { agents: vec![Agent::at(&at.to_string())], without: Vec::new() };
    let ready = || {
        let states: Vec<NodeState> = site.runtime.block_on(fleet::states(&fleet));
        states.into_iter().next().filter(|state| state.ready_since().is_some())
    };
    let state = support::wait_for(ready);
    assert_eq!((state.node.as_str(), state.lacks()), (support::NODE, Vec::<String>::new()));
    let Said::Answers(status) = &state.said else { panic!("{state:?}") };
    let pods: Vec<(&str, &str)> =
        status.part.pods.iter().map(|(pod, state)| (pod.as_str(), state.as_str())).collect();
    assert_eq!(pods, [("shop/api", "enforced"), ("shop/web", "enforced")]);
}
