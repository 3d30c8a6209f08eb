//! Policies of the node itself: what its own processes and host-network pods may send and receive, and
//! what keeps a node from cutting itself off.

#![expect(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::progress::Quiet;
use lab::status::HostStatus;
use lab::{HostSettings, Lab, Outcome, ProbeResult};
use model::{
    Action, AddressPlan, Direction, Family, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch,
    PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, Traffic, Verdict,
    World, WorldParts,
};
use support::{pod, settings};

const ALLOWED: u16 = 5432;
const DENIED: u16 = 5433;
const NODE_PORT: u16 = 9100;

fn world() -> World {
    let on = |node: &str, pod: Pod| Pod { node: Some(node.to_owned()), ..pod };
    let db = [(Protocol::Tcp, ALLOWED), (Protocol::Tcp, DENIED), (Protocol::Udp, DENIED)];
    let agent = pod("agent", "agent", &[(Protocol::Tcp, NODE_PORT), (Protocol::Udp, NODE_PORT)]);
    let pods = vec![
        on("node1", pod("local", "db", &db)),
        on("node2", pod("remote", "db", &db)),
        on("node1", pod("web", "web", &[])),
        on("node1", Pod { host_network: true, ..agent }),
    ];
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 2 }).unwrap();
    World::new(parts).unwrap()
}

fn rule(name: &str, direction: Direction, index: u32, action: Action) -> Rule {
    let kind = PolicyKind::ClusterNetworkPolicy;
    let policy = PolicyRef { name: name.to_owned(), namespace: None, kind };
    let first = Selector::equals("kubernetes.io/hostname", "node1");
    Rule {
        tier: Tier::Admin,
        group: 0,
        origin: RuleRef { policy, direction, index },
        subject: Subject::of_nodes(first),
        peers: Peers::Any,
        ports: Ports::Any,
        action,
    }
}

fn apps(app: &str) -> Peers {
    let pods = Selector::equals("app", app);
    Peers::OneOf(vec![Peer::Pods { namespaces: Selector::everything(), pods }])
}

fn port(protocol: Protocol, number: u16) -> Ports {
    Ports::OneOf(vec![PortMatch::Numbers { protocol, range: PortRange::single(number) }])
}

/// Node 1 reaches one port of the databases and no other, and hides a port of its own from `web`.
fn rules() -> Rules {
    let egress = |index, action| rule("nodes", Direction::Egress, index, action);
    Rules::new(vec![
        Rule { peers: apps("db"), ports: port(Protocol::Tcp, ALLOWED), ..egress(0, Action::Allow) },
        Rule { peers: apps("db"), ..egress(1, Action::Deny) },
        Rule {
            peers: apps("web"),
            ports: port(Protocol::Tcp, NODE_PORT),
            ..rule("nodes", Direction::Ingress, 0, Action::Deny)
        },
    ])
}

/// A denial of one TCP port in `direction`, whoever is at the other end.
fn shut(direction: Direction, number: u16) -> Rules {
    let ports = port(Protocol::Tcp, number);
    Rules::new(vec![Rule { ports, ..rule("shut", direction, 0, Action::Deny) }])
}

fn find<'a>(results: &'a [ProbeResult], from: &str, to: &str, port: u16) -> &'a ProbeResult {
    let is_wanted = |result: &&ProbeResult| {
        let probe = &result.probe;
        let family = probe.flow.family();
        (probe.from.as_str(), probe.to.as_str(), probe.port) == (from, to, port)
            && family == Family::V4
            && probe.flow.traffic() == Traffic::Port(Protocol::Tcp, port)
    };
    results.iter().find(is_wanted).unwrap()
}

fn probe_all(lab: &mut Lab) -> Vec<ProbeResult> {
    let probes = lab.probes().unwrap();
    lab.probe(&probes, &mut Quiet).unwrap()
}

fn assert_agreed(results: &[ProbeResult]) {
    for result in results {
        let probe = &result.probe;
        let traffic = probe.flow.traffic();
        let what = format!("{} to {} {traffic}", probe.from, probe.to);
        assert!(result.differences.is_empty(), "{what}: {:?}", result.differences);
    }
}

fn status(lab: &Lab, node: usize) -> HostStatus {
    lab.status().unwrap().swap_remove(node).host
}

/// The state of the first node's policy, and how many of its rules are in force.
fn state(lab: &Lab) -> (String, u64) {
    let HostStatus { state, rules, .. } = status(lab, 0);
    (state, rules)
}

fn is(state: &str, rules: u64) -> (String, u64) {
    (state.to_owned(), rules)
}

/// A process of the host-network pod: in its cgroup, on its node's network.
fn agent_reaches(lab: &Lab, to: &str, port: u16) -> bool {
    let (_, to) = lab.world().pods().find(|(_, pod)| pod.name == to).unwrap();
    let address = to.address(Family::V4).unwrap();
    let netns = lab.name().node_netns("node1");
    let connect = format!(
        "echo $$ > {}/cgroup.procs && exec timeout 0.7 nsenter --net={} bash -c 'exec \
         3<>/dev/tcp/{address}/{port}'",
        cgroup(lab).display(),
        netns.display()
    );
    Command::new("sh").args(["-c", &connect]).status().unwrap().success()
}

fn cgroup(lab: &Lab) -> PathBuf {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let root = mounts.lines().find(|line| line.starts_with("cgroup2 ")).unwrap();
    let root = Path::new(root.split(' ').nth(1).unwrap()).join("ringfence");
    root.join(lab.name().to_string()).join("n.node1/shop.agent/main")
}

#[test]
fn a_node_and_its_host_network_pods_have_a_policy_and_its_pods_do_not() {
    let Some(settings) = settings("t-host") else { return };
    let mut lab = Lab::up_enforced(settings, world(), rules()).unwrap();
    let results = probe_all(&mut lab);
    assert_agreed(&results);
    let outcome = |from: &str, to: &str, port| &find(&results, from, to, port).outcome;
    let reaches =
        |from: &str, to: &str, port| matches!(outcome(from, to, port), Outcome::Reached { .. });
    for db in ["shop/local", "shop/remote"] {
        assert!(reaches("node/node1", db, ALLOWED), "{db}");
        assert_eq!(*outcome("node/node1", db, DENIED), Outcome::Timeout, "{db}");
        assert!(reaches("node/node2", db, DENIED), "another node: {db}");
        assert!(reaches("shop/web", db, DENIED), "a pod of the node: {db}");
    }
    assert_eq!(*outcome("shop/web", "node/node1", NODE_PORT), Outcome::Timeout);
    assert!(reaches("shop/remote", "node/node1", NODE_PORT));
    assert!(agent_reaches(&lab, "remote", ALLOWED));
    assert!(!agent_reaches(&lab, "remote", DENIED));
    assert_eq!(state(&lab), is("in-force", 3));
    assert_eq!(status(&lab, 1).state, "none");

    // Without rules nothing of the node is judged any more.
    lab.apply(world(), Rules::default(), &[]).unwrap();
    let results = probe_all(&mut lab);
    assert_agreed(&results);
    assert!(matches!(
        find(&results, "node/node1", "shop/remote", DENIED).outcome,
        Outcome::Reached { .. }
    ));
    assert!(agent_reaches(&lab, "remote", DENIED));
    assert_eq!(state(&lab), is("none", 0));
    lab.down().unwrap();
}

#[test]
fn a_policy_that_locks_the_node_out_is_refused_unless_it_may() {
    let Some(mut settings) = settings("t-host-lock") else { return };
    // SSH from anywhere is among what a node must not lose.
    let mut lab = Lab::up_enforced(settings.clone(), world(), rules()).unwrap();
    assert_agreed(&probe_all(&mut lab));
    lab.apply(world(), shut(Direction::Ingress, 22), &[]).unwrap();
    let refused = status(&lab, 0);
    assert_eq!(is("refused", 3), (refused.state, refused.rules), "what was in force still is");
    assert!(
        refused.refused.iter().any(|line| line.contains("shut ingress[0] denies SSH from")),
        "{:?}",
        refused.refused
    );
    let news = lab.look_after().unwrap().join("\n");
    assert!(news.contains("shut ingress[0] denies SSH from"), "{news}");
    assert!(agent_reaches(&lab, "remote", ALLOWED) && !agent_reaches(&lab, "remote", DENIED));
    lab.apply(world(), shut(Direction::Ingress, 23), &[]).unwrap();
    assert_agreed(&probe_all(&mut lab));
    assert_eq!(state(&lab), is("in-force", 1), "one step beside it");
    lab.down().unwrap();

    settings.host = HostSettings { allow_lock_out: true, ..HostSettings::default() };
    let mut lab = Lab::up_enforced(settings, world(), shut(Direction::Ingress, 22)).unwrap();
    assert_agreed(&probe_all(&mut lab));
    assert_eq!(state(&lab), is("in-force", 1));
    lab.down().unwrap();
}

#[test]
fn a_policy_that_cuts_the_agent_off_gives_way_to_the_one_before() {
    let Some(mut settings) = settings("t-host-dead") else { return };
    let world = world();
    let (_, second) = world.nodes().find(|(_, node)| node.name == "node2").unwrap();
    let server = second.addresses.iter().find(|address| address.is_ipv4()).unwrap();
    let api_server = Some(std::net::SocketAddr::new(*server, 6443));
    settings.host = HostSettings { api_server, allow_lock_out: true, ..HostSettings::default() };
    let mut lab = Lab::up_enforced(settings, world.clone(), rules()).unwrap();
    assert_agreed(&probe_all(&mut lab));
    assert_eq!(state(&lab), is("in-force", 3));

    lab.apply(world.clone(), shut(Direction::Egress, 6443), &[]).unwrap();
    assert_eq!(state(&lab), is("on-trial", 1));
    let mut news = Vec::new();
    while state(&lab).0 == "on-trial" {
        news.extend(lab.look_after().unwrap());
    }
    assert!(news.iter().any(|line| line.contains("gave way")), "{news:?}");
    assert_eq!(state(&lab), is("refused", 3), "what was in force before is back");
    assert!(agent_reaches(&lab, "remote", ALLOWED) && !agent_reaches(&lab, "remote", DENIED));

    // The same rules are not tried again, other ones are.
    lab.apply(world.clone(), shut(Direction::Egress, 6443), &[]).unwrap();
    assert_eq!(state(&lab), is("refused", 3));
    lab.apply(world, shut(Direction::Egress, 6444), &[]).unwrap();
    let results = probe_all(&mut lab);
    assert_agreed(&results);
    assert_eq!(state(&lab), is("in-force", 1));
    assert!(results.iter().any(|result| result.probe.decision.verdict() == Verdict::Allow));
    lab.down().unwrap();
}
