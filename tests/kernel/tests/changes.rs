//! Changes of policy and of peers under live connections, from the world to the wire: what may no
//! longer be is cut both ways, whichever end it concerns and whichever speaks next (ruling N25).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    collections::BTreeMap,
    io::Write,
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
};

use abi::{EventKind, Interface};
use compile::{Scope, Slots, compile};
use model::{
    Action, ContainerPort, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch,
    PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldParts,
};
use net::{CLIENT_DEVICE, Net, SERVER_DEVICE, exchange, is_reset};
use plan::plan;
use ringfence_kernel::available;
use world::{CLIENT, SERVER};

const PORT: u16 = 8080;

/// Two pods by name, with these labels.
struct Cluster {
    net: Net,
    slots: Slots,
    attached: BTreeMap<String, u32>,
}

fn pod(name: &str, labels: Labels, of: &ringfence_kernel::Pod) -> Pod {
    let port =
        |protocol| ContainerPort { container: "main".into(), name: None, protocol, number: PORT };
    Pod {
        namespace: "shop".into(),
        name: name.into(),
        labels,
        owner: None,
        node: None,
        addresses: vec![of.ipv4.unwrap().into(), of.ipv6.unwrap().into()],
        host_network: false,
        containers: vec!["main".into()],
        ports: vec![port(Protocol::Tcp), port(Protocol::Udp)],
    }
}

fn labelled(role: &str) -> Labels {
    Labels::default().with("role", role)
}

/// The client by this name and these labels, and the server.
fn world(client: &str, labels: Labels) -> World {
    let pods = vec![pod(client, labels, &CLIENT), pod("server", labelled("server"), &SERVER)];
    World::new(WorldParts { pods, ..WorldParts::default() }).unwrap()
}

fn policy() -> PolicyRef {
    PolicyRef {
        name: "api".into(),
        namespace: Some("shop".into()),
        kind: PolicyKind::NetworkPolicy,
    }
}

/// One end lets the other in, or goes out to it, by role, on the port.
fn rules(direction: Direction, (subject, peer): (&str, &str)) -> Rules {
    let everywhere = Selector::everything;
    let role = |role: &str| Selector::equals("role", role);
    let port = |protocol| PortMatch::Numbers { protocol, range: PortRange::single(PORT) };
    Rules::new(vec![Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy: policy(), direction, index: 0 },
        subject: Subject::new(everywhere(), role(subject)),
        peers: Peers::OneOf(vec![Peer::Pods { namespaces: everywhere(), pods: role(peer) }]),
        ports: Ports::OneOf(vec![port(Protocol::Tcp), port(Protocol::Udp)]),
        action: Action::Allow,
    }])
}

fn lets_in(peer: &str) -> Rules {
    rules(Direction::Ingress, ("server", peer))
}

impl Cluster {
    fn new(name: &str, world: &World, rules: &Rules) -> Self {
        let net = Net::new(name, &[]);
        let mut cluster = Self { net, slots: Slots::default(), attached: BTreeMap::new() };
        cluster.step(world, rules);
        cluster
    }

    /// Leads the kernel from what it holds to what this world and these rules make.
    fn step(&mut self, world: &World, rules: &Rules) {
        self.slots.update(world, Scope::Everywhere);
        let compiled = compile(world, rules, &self.slots).unwrap();
        let observed = self.net.instance.observe().unwrap();
        self.net.instance.perform(&plan(&observed, &compiled.image).unwrap()).unwrap();
        for (_, pod) in world.pods() {
            let slot = self.slots.get(pod).unwrap();
            if self.attached.insert(pod.name.clone(), slot) != Some(slot) {
                self.attach(&pod.name, slot);
            }
        }
    }

    fn attach(&self, name: &str, slot: u32) {
        let (device, of) =
            if name == "server" { (SERVER_DEVICE, SERVER) } else { (CLIENT_DEVICE, CLIENT) };
        self.net.attach(device, Interface { endpoint: slot, ..of.interface() });
    }

    fn connections(&self) -> Vec<[TcpStream; 2]> {
        let connect = |address| {
            let (mut client, mut server) = self.net.connection(address, PORT);
            exchange(&mut client, &mut server);
            [client, server]
        };
        families().map(connect).into()
    }
}

fn families() -> [IpAddr; 2] {
    [SERVER.ipv4.unwrap().into(), SERVER.ipv6.unwrap().into()]
}

/// What a change is to do to connections that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lives,
    IsCut,
}

/// Opens connections in both families, makes the change, and lets this end speak next.
fn changed(name: &str, before: &(World, Rules), after: &(World, Rules), fate: Fate) {
    for client_speaks in [true, false] {
        let mut cluster = Cluster::new(name, &before.0, &before.1);
        let mut connections = cluster.connections();
        cluster.step(&after.0, &after.1);
        for [client, server] in &mut connections {
            let (speaker, listener) =
                if client_speaks { (client, server) } else { (server, client) };
            match fate {
                Fate::Lives => {
                    exchange(speaker, listener);
                    exchange(listener, speaker);
                }
                Fate::IsCut => {
                    speaker.write_all(b"z").unwrap();
                    assert!(is_reset(speaker) && is_reset(listener), "{name} {client_speaks}");
                }
            }
        }
        let cut = cluster.net.instance.counters().unwrap().cut;
        assert_eq!(cut, if fate == Fate::IsCut { 2 } else { 0 }, "{name} {client_speaks}");
    }
}

#[test]
fn a_peer_that_loses_the_label_loses_its_connections_and_another_label_costs_it_none() {
    if !available() {
        return;
    }
    let before = || (world("web", labelled("web")), lets_in("web"));
    let relabelled = (world("web", labelled("batch")), lets_in("web"));
    changed("label-lost", &before(), &relabelled, Fate::IsCut);
    let more = (world("web", labelled("web").with("version", "2")), lets_in("web"));
    changed("label-more", &before(), &more, Fate::Lives);
}

#[test]
fn a_server_that_loses_the_label_its_client_may_go_to_loses_the_connection() {
    if !available() {
        return;
    }
    let out = || rules(Direction::Egress, ("web", "server"));
    let before = || (world("web", labelled("web")), out());
    let pods = vec![pod("web", labelled("web"), &CLIENT), pod("server", labelled("old"), &SERVER)];
    let after = World::new(WorldParts { pods, ..WorldParts::default() }).unwrap();
    changed("egress-lost", &before(), &(after, out()), Fate::IsCut);
    changed("egress-same", &before(), &before(), Fate::Lives);
}

#[test]
fn a_policy_that_lets_in_somebody_else_cuts_and_one_that_keeps_does_not() {
    if !available() {
        return;
    }
    let before = || (world("web", labelled("web")), lets_in("web"));
    let other = (world("web", labelled("web")), lets_in("batch"));
    changed("policy-other", &before(), &other, Fate::IsCut);
    let keeping = (world("web", labelled("web")), lets_in("batch").with_keeping(policy()));
    changed("policy-keeps", &before(), &keeping, Fate::Lives);
}

#[test]
fn a_pod_with_the_address_of_another_inherits_no_connection_with_its_peers() {
    if !available() {
        return;
    }
    let before = || (world("web", labelled("web")), lets_in("web"));
    // The same addresses, another pod that the server does not let in.
    let after = (world("batch", labelled("batch")), lets_in("web"));
    let mut cluster = Cluster::new("reused", &before().0, &before().1);
    let mut connections = cluster.connections();
    let gone = cluster.attached["web"];
    cluster.net.instance.detach(CLIENT_DEVICE, 0).unwrap();
    cluster.step(&after.0, &after.1);
    cluster.net.told();
    for [_, server] in &mut connections {
        // The server speaks: its own end of the connection was the other pod's.
        server.write_all(b"z").unwrap();
        assert!(is_reset(server), "{gone}");
    }
    let cut = |told: Vec<abi::Event>| {
        told.iter().filter(|event| event.kind == EventKind::Cut as u8).count()
    };
    assert_eq!(cut(cluster.net.told()), 2);
}

#[test]
fn datagrams_end_in_silence_in_both_directions_when_their_peer_changes() {
    if !available() {
        return;
    }
    let mut cluster = Cluster::new("datagrams", &world("web", labelled("web")), &lets_in("web"));
    for family in families() {
        let to = SocketAddr::from((family, PORT));
        let server = cluster.net.server.run(move || UdpSocket::bind(to).unwrap()).unwrap();
        let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let client = cluster.net.client.run(move || UdpSocket::bind(any).unwrap()).unwrap();
        for socket in [&client, &server] {
            socket.set_read_timeout(Some(net::PATIENCE)).unwrap();
        }
        client.connect(to).unwrap();
        let mut octets = [0; 8];
        client.send(b"?").unwrap();
        let (_, asker) = server.recv_from(&mut octets).unwrap();
        server.send_to(b"!", asker).unwrap();
        client.recv(&mut octets).unwrap();
        cluster.step(&world("web", labelled("batch")), &lets_in("web"));
        cluster.net.told();
        // An answer to what was asked while it was allowed is no more than that.
        server.send_to(b"!", asker).unwrap();
        cluster.net.await_told(|event| event.kind == EventKind::Cut as u8);
        client.send(b"?").unwrap();
        cluster
            .net
            .await_told(|event| event.kind == EventKind::Denied as u8 && event.protocol == 17);
        for socket in [&client, &server] {
            socket.set_nonblocking(true).unwrap();
            assert!(socket.recv(&mut octets).is_err(), "nothing arrived");
        }
        cluster.step(&world("web", labelled("web")), &lets_in("web"));
    }
}
