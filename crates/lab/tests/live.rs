//! A lab that changes while pods talk: clients that keep their backend, and connections that are cut
//! though nobody sends. Without root it says SKIPPED, and fails where `RINGFENCE_REQUIRE_KERNEL=1`
//! says that nothing may be skipped.
#![expect(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lab::{Lab, LabName, Outcome, Probe, progress::Quiet};
use model::{
    Action, AddressPlan, Direction, Peer, Peers, Pod, PolicyKind, PolicyRef, Ports, Protocol, Rule,
    RuleRef, Rules, Selector, Service, ServicePort, Subject, TargetPort, Tier, World, WorldParts,
};
use support::{netns_of, pod, settings, within};

const PORT: u16 = 8080;
const PORTS: [(Protocol, u16); 2] = [(Protocol::Tcp, PORT), (Protocol::Udp, PORT)];
const SERVICE_PORT: u16 = 80;
const CONNECTIONS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(10);

/// A Service of all pods of `app`, by TCP and UDP.
fn service(name: &str, app: &str, affinity_seconds: Option<u32>) -> Service {
    let ports = [("stream", Protocol::Tcp), ("datagram", Protocol::Udp)];
    let ports = ports.map(|(name, protocol)| ServicePort {
        name: Some(name.into()),
        protocol,
        port: SERVICE_PORT,
        target: TargetPort::Number(PORT),
    });
    Service {
        namespace: "shop".into(),
        name: name.into(),
        addresses: Vec::new(),
        headless: false,
        affinity_seconds,
        ports: ports.into(),
        selector: Some(Selector::equals("app", app)),
        endpoints: Vec::new(),
    }
}

fn world(backends: &[&str]) -> World {
    // Its name says where a backend is, so that the same one has the same address in every world.
    let backends = backends.iter().map(|name| {
        let number = name.trim_start_matches("api");
        let addresses = [format!("100.64.3.{number}"), format!("fd77::{number}")];
        let addresses = addresses.map(|address| address.parse().unwrap());
        Pod { addresses: addresses.into(), ..pod(name, "api", &PORTS) }
    });
    let clients =
        ["web1", "web2", "web3", "web4", "web5", "web6"].map(|name| pod(name, "web", &PORTS));
    let services = vec![
        service("sticky", "api", Some(60)),
        service("free", "api", None),
        service("web", "web", None),
    ];
    let pods = backends.chain(clients).collect();
    let mut parts = WorldParts { pods, services, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    World::new(parts).unwrap()
}

/// The backends that one client reaches by a Service over IPv4, one connection after the other.
fn reached(lab: &mut Lab, client: &str, service: &str) -> BTreeSet<String> {
    let probes = lab.probes().unwrap();
    let is_wanted = |probe: &&Probe| {
        probe.from == format!("shop/{client}")
            && probe.to == format!("shop/svc/{service}")
            && probe.destination.is_ipv4()
    };
    let probe = probes.iter().find(is_wanted).unwrap();
    let results = (0..CONNECTIONS).map(|_| {
        let results = lab.probe(std::slice::from_ref(probe), &mut Quiet).unwrap();
        results.into_iter().next().unwrap()
    });
    let by = results.map(|result| match result.outcome {
        Outcome::Reached { by } => by,
        outcome @ (Outcome::Timeout
        | Outcome::Refused
        | Outcome::Forbidden
        | Outcome::Error { .. }) => outcome.to_string(),
    });
    by.collect()
}

#[test]
fn a_pod_keeps_the_backend_of_a_service_that_wants_it_until_the_backend_goes() {
    let Some(settings) = settings("t-affinity") else { return };
    let backends = ["api1", "api2", "api3", "api4"];
    let mut lab = Lab::up_enforced(settings, world(&backends), Rules::default()).unwrap();
    let kept = reached(&mut lab, "web1", "sticky");
    assert_eq!(kept.len(), 1, "{kept:?}");
    let free = reached(&mut lab, "web1", "free");
    assert!(free.len() > 1, "{free:?}");
    let clients = ["web1", "web2", "web3", "web4", "web5", "web6"];
    let spread: BTreeSet<String> =
        clients.iter().flat_map(|client| reached(&mut lab, client, "sticky")).collect();
    assert!(spread.len() > 1, "{spread:?}");
    let stays = |name: &&str| !kept.iter().any(|by| by.contains(*name));
    let rest: Vec<&str> = backends.into_iter().filter(stays).collect();
    assert_eq!(rest.len(), 3, "{kept:?}");
    lab.apply(world(&rest), Rules::default(), &[]).unwrap();
    let next = reached(&mut lab, "web1", "sticky");
    assert!(next.len() == 1 && next != kept, "{next:?}");
    lab.down().unwrap();
}

/// Nobody may reach `api` from `web`.
fn no_web_to_api() -> Rules {
    let policy =
        PolicyRef { name: "api".into(), namespace: None, kind: PolicyKind::ClusterNetworkPolicy };
    let of = |app| Selector::equals("app", app);
    Rules::new(vec![Rule {
        tier: Tier::Admin,
        group: 0,
        origin: RuleRef { policy, direction: Direction::Ingress, index: 0 },
        subject: Subject::new(Selector::everything(), of("api")),
        peers: Peers::OneOf(vec![Peer::Pods {
            namespaces: Selector::everything(),
            pods: of("web"),
        }]),
        ports: Ports::Any,
        action: Action::Deny,
    }])
}

fn address(world: &World, name: &str) -> IpAddr {
    let mut pods = world.pods().map(|(_, pod)| pod);
    let pod = pods.find(|pod| pod.name == name).unwrap();
    *pod.addresses.iter().find(|address| address.is_ipv4()).unwrap()
}

/// Waits until the kernel says that the connection was ended.
fn is_ended(end: &TcpStream) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if end.take_error().unwrap().is_some() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

#[test]
fn a_connection_that_waits_is_ended_by_the_change_that_cuts_it_and_no_other_is() {
    let Some(settings) = settings("t-silent") else { return };
    let name = settings.name.clone();
    let world = world(&["api1"]);
    let [web, other, api] = ["web1", "web2", "api1"].map(|name| address(&world, name));
    let mut lab = Lab::up_enforced(settings, world, Rules::default()).unwrap();
    let netns = netns_of(&name, web);
    let [mut cut, mut kept] = [api, other].map(|to| {
        let to = SocketAddr::from((to, PORT));
        within(&netns, move || TcpStream::connect_timeout(&to, PATIENCE).unwrap())
    });
    for end in [&mut cut, &mut kept] {
        end.set_read_timeout(Some(PATIENCE)).unwrap();
        end.read_exact(&mut [0]).unwrap();
    }
    lab.apply(self::world(&["api1"]), no_web_to_api(), &[]).unwrap();
    assert!(is_ended(&cut), "nobody sent anything");
    assert!(kept.take_error().unwrap().is_none());
    lab.down().unwrap();
}

/// A process in a pod's place with a datagram socket to a Service; it says when it is connected, and
/// when its socket is ended.
fn waits_for_service(lab: &LabName, world: &World, pod: &str, service: &str) -> Waiting {
    const SCRIPT: &str = "echo $$ > $1/cgroup.procs && exec nsenter --net=$2 bash -c \
        'exec 3<>/dev/udp/$0/$1 && echo connected && read -r -u 3; echo ended' $3 $4";
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let root = mounts.lines().find_map(|line| line.strip_prefix("cgroup2 ")).unwrap();
    let root = root.split(' ').next().unwrap();
    let cgroup = format!("{root}/ringfence/{lab}/n.node1/shop.{pod}/main");
    let mut services = world.services().iter();
    let service = services.find(|one| one.name == service).unwrap();
    let to = service.addresses.iter().find(|address| address.is_ipv4()).unwrap();
    let netns = netns_of(lab, address(world, pod));
    let process = Command::new("bash")
        .args(["-c", SCRIPT, "bash", &cgroup])
        .arg(netns)
        .args([to.to_string(), SERVICE_PORT.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    Waiting::of(process.unwrap())
}

/// A process that waits, and the lines that it says. It is ended with the test.
struct Waiting {
    process: Child,
    lines: Receiver<String>,
}

impl Waiting {
    fn of(mut process: Child) -> Self {
        let (said, lines) = channel();
        let output = BufReader::new(process.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| said.send(line))
        });
        Self { process, lines }
    }

    fn says(&self, line: &str) {
        assert_eq!(self.lines.recv_timeout(PATIENCE).as_deref(), Ok(line));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_datagram_socket_whose_backend_goes_is_ended_and_one_whose_backend_stays_is_not() {
    let Some(settings) = settings("t-orphan") else { return };
    let name = settings.name.clone();
    let before = world(&["api1"]);
    let mut lab = Lab::up_enforced(settings, before.clone(), Rules::default()).unwrap();
    let orphan = waits_for_service(&name, &before, "web1", "free");
    let mut spared = waits_for_service(&name, &before, "web1", "web");
    orphan.says("connected");
    spared.says("connected");
    lab.apply(world(&["api2"]), Rules::default(), &[]).unwrap();
    orphan.says("ended");
    assert!(spared.process.try_wait().unwrap().is_none());
    lab.down().unwrap();
}
