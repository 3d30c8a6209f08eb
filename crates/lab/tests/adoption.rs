//! A lab that enforces only after its pods ran: their connections go on where policy allows them
//! whoever opened them, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test may crash")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use lab::{HelperProgram, Lab, LabName, Settings};
use model::{
    Action, AddressPlan, Block, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, Ports,
    Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldParts,
};
use nix::sched::{CloneFlags, setns};

const PORT: u16 = 9_999;
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is waited for.
const SILENCE: Duration = Duration::from_secs(1);

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
        ports: Vec::new(),
    }
}

/// `api` takes what `web` sends and sends to nobody here.
fn rules() -> Rules {
    let policy = PolicyRef {
        name: "api".into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    };
    let app = |name: &str| Selector::equals("app", name);
    let rule = |direction, peer| Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy: policy.clone(), direction, index: 0 },
        subject: Subject { namespaces: Selector::everything(), pods: app("api") },
        peers: Peers::OneOf(vec![peer]),
        ports: Ports::Any,
        action: Action::Allow,
    };
    let web = Peer::Pods { namespaces: Selector::everything(), pods: app("web") };
    let elsewhere = Peer::Block(Block::whole("192.0.2.0/24".parse().unwrap()));
    Rules::new(vec![rule(Direction::Ingress, web), rule(Direction::Egress, elsewhere)])
}

fn world() -> World {
    let pods = ["web", "batch", "api"].map(pod).into();
    let mut parts = WorldParts { pods, ..WorldParts::default() };
    parts.assign(AddressPlan { nodes: 1 }).unwrap();
    World::new(parts).unwrap()
}

/// Does something in the network namespace that has this address.
fn at<T: Send + 'static>(
    lab: &Lab,
    address: IpAddr,
    task: impl FnOnce() -> T + Send + 'static,
) -> T {
    let folder = fs::read_dir(lab.name().netns_dir()).unwrap();
    let paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    let within = move || {
        let has_it = |path: &PathBuf| {
            setns(File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            TcpListener::bind((address, 0)).is_ok()
        };
        assert!(paths.iter().any(has_it), "no namespace has {address}");
        task()
    };
    thread::spawn(within).join().unwrap()
}

fn address(lab: &Lab, name: &str, family: usize) -> IpAddr {
    let (_, pod) = lab.world().pods().find(|(_, pod)| pod.name == name).unwrap();
    *pod.addresses.iter().find(|address| address.is_ipv6() == (family == 1)).unwrap()
}

/// A connection from one pod to `api`: both its ends.
fn connection(lab: &Lab, from: &str, family: usize) -> [TcpStream; 2] {
    let to = SocketAddr::from((address(lab, "api", family), PORT));
    let listener = at(lab, to.ip(), move || TcpListener::bind(to).unwrap());
    let connect = move || TcpStream::connect_timeout(&to, PATIENCE).unwrap();
    let client = at(lab, address(lab, from, family), connect);
    let ends = [client, listener.accept().unwrap().0];
    ends.iter().for_each(|end| end.set_read_timeout(Some(PATIENCE)).unwrap());
    ends
}

fn exchange([client, server]: &mut [TcpStream; 2]) {
    client.write_all(b"x").unwrap();
    server.read_exact(&mut [0]).unwrap();
    server.write_all(b"y").unwrap();
    client.read_exact(&mut [0]).unwrap();
}

#[test]
fn connections_older_than_the_enforcement_go_on_where_policy_allows_them() {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel tests must not be skipped: {error}");
        eprintln!("SKIPPED: {error}");
        return;
    }
    let helper =
        HelperProgram { path: env!("CARGO_BIN_EXE_lab-helper").into(), arguments: Vec::new() };
    let name = LabName::new("t-adoption").unwrap();
    let settings = Settings { name, helper, outside: Vec::new() };
    let mut lab = Lab::up(settings, world(), rules(), &[]).unwrap();
    let mut allowed = [0, 1].map(|family| connection(&lab, "web", family));
    let mut denied = [0, 1].map(|family| connection(&lab, "batch", family));
    allowed.iter_mut().chain(&mut denied).for_each(exchange);
    lab.enforce().unwrap();
    allowed.iter_mut().for_each(exchange);
    for [client, server] in &mut denied {
        client.write_all(b"x").unwrap();
        server.set_read_timeout(Some(SILENCE)).unwrap();
        assert!(server.read(&mut [0]).is_err(), "nobody let it in");
    }
    lab.down().unwrap();
}
