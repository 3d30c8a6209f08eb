//! A lab that enforces only after its pods ran: their connections go on where policy allows them
//! whoever opened them, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test may crash")]

mod support;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use lab::Lab;
use model::{
    Action, AddressPlan, Block, Direction, Peer, Peers, PolicyKind, PolicyRef, Ports, Rule,
    RuleRef, Rules, Selector, Subject, Tier, World, WorldParts,
};
use support::{netns_of, pod, settings, within};

const PORT: u16 = 9_999;
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is waited for.
const SILENCE: Duration = Duration::from_secs(1);

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
        subject: Subject::new(Selector::everything(), app("api")),
        peers: Peers::OneOf(vec![peer]),
        ports: Ports::Any,
        action: Action::Allow,
    };
    let web = Peer::Pods { namespaces: Selector::everything(), pods: app("web") };
    let elsewhere = Peer::Block(Block::whole("192.0.2.0/24".parse().unwrap()));
    Rules::new(vec![rule(Direction::Ingress, web), rule(Direction::Egress, elsewhere)])
}

fn world() -> World {
    let pods = ["web", "batch", "api"].map(|name| pod(name, name, &[])).into();
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
    within(&netns_of(lab.name(), address), task)
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
    let Some(settings) = settings("t-adoption") else { return };
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
