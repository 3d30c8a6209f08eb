//! Labs on the real kernel. Without root they say SKIPPED, and fail where
//! `RINGFENCE_REQUIRE_KERNEL=1` says that nothing may be skipped.
#![expect(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::net::IpAddr;

use lab::{Lab, RunReport, progress::Quiet};
use model::{
    Action, AddressPlan, Block, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef,
    PortMatch, PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Service, ServicePort,
    Subject, TargetPort, Tier, Verdict, World, WorldParts,
};
use support::{pod, settings};

fn world(pods: Vec<Pod>, nodes: u16) -> World {
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes }).unwrap();
    World::new(parts).unwrap()
}

fn app(name: &str) -> Selector {
    Selector::equals("app", name)
}

/// `api` takes web's TCP and SCTP, and one block outside; nothing else comes in.
fn rules(block: &str) -> Rules {
    let policy = PolicyRef {
        name: "api".into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    };
    let rule = |index, peers, ports| Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy: policy.clone(), direction: Direction::Ingress, index },
        subject: Subject::new(Selector::everything(), app("api")),
        peers,
        ports,
        action: Action::Allow,
    };
    let port = |protocol, port| PortMatch::Numbers { protocol, range: PortRange::single(port) };
    let web = Peer::Pods { namespaces: Selector::everything(), pods: app("web") };
    Rules::new(vec![
        rule(
            0,
            Peers::OneOf(vec![web]),
            Ports::OneOf(vec![port(Protocol::Tcp, 8080), port(Protocol::Sctp, 3868)]),
        ),
        rule(1, Peers::OneOf(vec![Peer::Block(Block::whole(block.parse().unwrap()))]), Ports::Any),
    ])
}

fn pods() -> Vec<Pod> {
    vec![
        pod("web", "web", &[(Protocol::Tcp, 80)]),
        pod("api", "api", &[(Protocol::Tcp, 8080), (Protocol::Udp, 53), (Protocol::Sctp, 3868)]),
        pod("batch", "batch", &[]),
    ]
}

fn assert_good(report: &RunReport) {
    for (probe, outcome) in report.control_failed.iter().take(10) {
        eprintln!(
            "control: {} -> {} {:?} {}: {outcome}",
            probe.from, probe.to, probe.carrier, probe.port
        );
    }
    for result in report.results.iter().filter(|result| !result.differences.is_empty()).take(20) {
        let probe = &result.probe;
        eprintln!(
            "{} -> {} {:?} {} {}:",
            probe.from, probe.to, probe.carrier, probe.destination, probe.port
        );
        result.differences.iter().for_each(|difference| eprintln!("    {difference}"));
    }
    assert!(report.is_good(), "{}", report.counts());
}

#[test]
fn without_programs_everybody_reaches_everybody() {
    let Some(settings) = settings("t-control") else { return };
    let started = std::time::Instant::now();
    let mut lab = Lab::up(settings, world(pods(), 2), rules("198.51.100.0/24"), &[]).unwrap();
    eprintln!("up after {:?}", started.elapsed());
    let probes = lab.probes().unwrap();
    let started = std::time::Instant::now();
    let failed = lab.control(&probes, &mut Quiet).unwrap();
    eprintln!("{} probes in {:?}", probes.len(), started.elapsed());
    lab.down().unwrap();
    for (probe, outcome) in failed.iter().take(20) {
        eprintln!(
            "{} -> {} {:?} {} {}: {outcome}",
            probe.from, probe.to, probe.carrier, probe.destination, probe.port
        );
    }
    assert!(failed.is_empty(), "{} of {} failed", failed.len(), probes.len());
    assert!(probes.len() > 100, "{} probes", probes.len());
}

#[test]
fn what_is_enforced_is_what_the_oracle_says() {
    let Some(settings) = settings("t-enforce") else { return };
    for (nodes, block) in [(1, "198.51.100.0/24"), (2, "2001:db8:7::/48")] {
        let world = world(pods(), nodes);
        let report = lab::run(settings.clone(), world, rules(block), &mut Quiet).unwrap();
        assert_good(&report);
        let counts = report.counts();
        assert!(counts.allowed > 0 && counts.denied > 0, "{counts}");
    }
}

#[test]
fn pods_have_whatever_address_they_were_given() {
    let Some(settings) = settings("t-odd") else { return };
    let odd: [IpAddr; 2] = ["100.64.3.9".parse().unwrap(), "fd77::9".parse().unwrap()];
    let mut pods = pods();
    for pod in pods.iter_mut().take(1) {
        pod.addresses = odd.to_vec();
    }
    let report = lab::run(settings, world(pods, 2), rules("198.51.100.0/24"), &mut Quiet).unwrap();
    assert_good(&report);
}

#[test]
fn a_lab_follows_its_world() {
    let Some(settings) = settings("t-apply") else { return };
    let name = settings.name.clone();
    let mut lab = Lab::up_enforced(settings, world(pods(), 2), rules("198.51.100.0/24")).unwrap();
    let mut next = pods();
    next.remove(0);
    next.push(pod("web2", "web2", &[(Protocol::Tcp, 80)]));
    for pod in next.iter_mut().filter(|pod| pod.name == "batch") {
        pod.labels = Labels::default().with("app", "web");
    }
    lab.apply(world(next, 2), rules("198.51.0.0/16"), &[]).unwrap();
    let probes = lab.probes().unwrap();
    let results = lab.probe(&probes, &mut Quiet).unwrap();
    let report =
        RunReport { lab: name.to_string(), results, control_failed: Vec::new(), left_out: 0 };
    lab.down().unwrap();
    assert_good(&report);
    let opened = report.results.iter().any(|result| {
        let probe = &result.probe;
        probe.from == "shop/batch" && probe.to == "shop/api" && probe.port == 8080
    });
    assert!(opened, "the relabelled pod is probed");
    assert!(!name.state_dir().exists(), "nothing is left");
}

/// A Service that leads to the pods of `app`, by TCP on port 80 and by UDP on port 53.
fn service(app_name: &str) -> Service {
    let port = |name: &str, protocol, port, target| ServicePort {
        name: Some(name.into()),
        protocol,
        port,
        target: TargetPort::Number(target),
    };
    Service {
        namespace: "shop".into(),
        name: app_name.into(),
        addresses: Vec::new(),
        headless: false,
        affinity_seconds: None,
        ports: vec![port("web", Protocol::Tcp, 80, 8080), port("dns", Protocol::Udp, 53, 53)],
        selector: Some(app(app_name)),
        endpoints: Vec::new(),
    }
}

/// Nobody may send to `api`, not even itself.
fn no_egress_to_api() -> Rules {
    let policy =
        PolicyRef { name: "api".into(), namespace: None, kind: PolicyKind::ClusterNetworkPolicy };
    Rules::new(vec![Rule {
        tier: Tier::Admin,
        group: 0,
        origin: RuleRef { policy, direction: Direction::Egress, index: 0 },
        subject: Subject::new(Selector::everything(), Selector::everything()),
        peers: Peers::OneOf(vec![Peer::Pods {
            namespaces: Selector::everything(),
            pods: app("api"),
        }]),
        ports: Ports::Any,
        action: Action::Deny,
    }])
}

#[test]
fn a_pod_reaches_itself_through_its_service_only_where_it_may() {
    let Some(settings) = settings("t-hairpin") else { return };
    let both = [(Protocol::Tcp, 8080), (Protocol::Udp, 53)];
    let pods = vec![pod("api", "api", &both), pod("web", "web", &both)];
    let services = vec![service("api"), service("web")];
    let mut parts = WorldParts { pods, services, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    let world = World::new(parts).unwrap();
    let mut lab = Lab::up_enforced(settings, world, no_egress_to_api()).unwrap();
    let name = lab.name().to_string();
    let probes = lab.probes().unwrap();
    // Twice in a row: each has an event of its own.
    for _ in 0..2 {
        let control_failed = lab.control_new(&mut Quiet).unwrap();
        let results = lab.probe(&probes, &mut Quiet).unwrap();
        let report = RunReport { lab: name.clone(), results, control_failed, left_out: 0 };
        assert_good(&report);
        for (pod, verdict) in [("api", Verdict::Deny), ("web", Verdict::Allow)] {
            let to_itself = report.results.iter().map(|result| &result.probe).filter(|probe| {
                probe.from == format!("shop/{pod}") && probe.to == format!("shop/svc/{pod}")
            });
            let verdicts: Vec<Verdict> = to_itself.map(|probe| probe.decision.verdict()).collect();
            assert_eq!(verdicts, vec![verdict; 4], "TCP and UDP, both families, of {pod}");
        }
    }
    lab.down().unwrap();
}
