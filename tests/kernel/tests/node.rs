//! The node between pods: what it rewrites is judged by who asked (ruling N35), and what its own
//! sockets send is known by the socket, never by the address (ruling N15).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod net;
mod world;

use std::{
    io::Write,
    net::{IpAddr, SocketAddr, TcpStream},
};

use abi::{Event, RowKey, RowValue, Sets, verdict_code};
use model::Builtin;
use net::{Net, PATIENCE, datagram};
use plan::Op;
use ringfence_kernel::{
    Namespace, Wire, available,
    packet::{ETHERNET_SIZE, Fragment, Packet, Payload, protocol},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, pod_ops, rule};

const PORT: u16 = 8080;
const NODE_PORT: u16 = 30_080;
/// What the server's set says of the node's address.
const OF_THE_NODE: u32 = 8;
const NODE_CLASS: u32 = 3;
const INGRESS: u8 = 1;

/// Traffic to the node's port goes to the server and comes from the node, as kube-proxy has it.
const PROXY: &str = "
    table inet proxy {
        chain before {
            type nat hook prerouting priority -100;
            ip daddr 10.0.0.254 meta l4proto { tcp, udp } th dport 30080 dnat ip to 10.0.0.2:8080
            ip6 daddr fd00::fe meta l4proto { tcp, udp } th dport 30080 dnat ip6 to [fd00::2]:8080
        }
        chain after {
            type nat hook postrouting priority 100;
            ct status dnat masquerade
        }
    }";

const TRACKER: &str = "
    table ip6 tracked {
        chain before {
            type filter hook prerouting priority 0;
            ct state new accept
        }
    }";

/// The server's addresses and the node's, by family.
fn families() -> [(IpAddr, IpAddr); 2] {
    let server = [SERVER.ipv4.unwrap().into(), SERVER.ipv6.unwrap().into()];
    [(server[0], net::NODE[0]), (server[1], net::NODE[1])]
}

/// The client may ask the server or not; whoever has the node's address always may.
fn tables(client: bool) -> Vec<Op> {
    const BASE: u32 = 1000;
    const WIDTH: u32 = 3;
    let mut ops = pod_ops(&[(PORT, rule(7, client))]);
    let cell = |index| Op::Cell { index, cell: rule(OF_THE_NODE, true) };
    ops.extend((BASE..BASE + WIDTH).map(cell));
    let key = RowKey { set: SET, class: NODE_CLASS };
    ops.push(Op::Row { key, value: RowValue { base: BASE, width: WIDTH } });
    ops.extend(net::NODE.map(|address| Op::Peer { address: address.into(), class: NODE_CLASS }));
    ops
}

fn proxied(name: &str, client: bool) -> Net {
    let net = Net::new(name, &tables(client));
    net.instance.set_node_addresses(&net::NODE).unwrap();
    net.forward();
    net.node.nft(PROXY).unwrap();
    net
}

/// The node reports its groups as well.
fn to_the_server(event: &Event) -> bool {
    event.endpoint == SERVER.endpoint
        && event.direction == INGRESS
        && event.protocol == protocol::UDP
}

/// What the server's ingress says of a datagram to the node's port.
fn asked(net: &mut Net, pod: fn(&Net) -> &Namespace, node: IpAddr) -> (bool, u32, u8) {
    net.told();
    datagram(pod(net), SocketAddr::from((node, NODE_PORT)));
    let event = net.await_told(to_the_server);
    assert_eq!(IpAddr::from(event.source), node, "the packet names the node");
    (event.verdict == verdict_code::ALLOW, event.rule, event.reason)
}

#[test]
fn a_pod_behind_the_nodes_port_is_judged_as_itself_and_cannot_pass_for_the_node() {
    if !available() {
        return;
    }
    for allowed in [true, false] {
        let mut net = proxied("nodeport", allowed);
        for (server, node) in families() {
            assert_eq!(asked(&mut net, |net| &net.client, node), (allowed, 7, 0), "{server}");
        }
    }
}

/// A connection by the node's port: both its ends, after an octet each way.
fn connected(net: &Net, pod: &Namespace, (server, node): (IpAddr, IpAddr)) -> [TcpStream; 2] {
    let listener = net::listen(&net.server, SocketAddr::from((server, PORT)));
    let to = SocketAddr::from((node, NODE_PORT));
    let client = pod.run(move || TcpStream::connect_timeout(&to, PATIENCE).unwrap());
    let mut ends = [client.unwrap(), listener.accept().unwrap().0];
    ends.iter().for_each(net::patient);
    let [client, server] = &mut ends;
    net::exchange(client, server);
    ends
}

#[test]
fn a_connection_by_the_nodes_port_works_and_is_cut_when_its_real_opener_loses_its_rule() {
    if !available() {
        return;
    }
    let net = proxied("nodeport-tcp", true);
    for (generation, family) in (2..).zip(families()) {
        let [mut client, mut server] = connected(&net, &net.client, family);
        net.instance.perform(&tables(false)).unwrap();
        net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), generation);
        // By an answer: that way round the tracker must be asked for the reversed tuple.
        server.write_all(b"z").unwrap();
        assert!(net::is_reset(&mut server) && net::is_reset(&mut client), "{family:?}");
        net.instance.perform(&tables(true)).unwrap();
    }
}

#[test]
fn a_pods_connection_to_itself_is_cut_when_a_cluster_wide_policy_objects() {
    if !available() {
        return;
    }
    let net = proxied("nodeport-self-tcp", true);
    way_back(&net, true);
    for (generation, family) in (2..).step_by(2).zip(families()) {
        let hairpin = |sets| net.instance.perform(&[Op::Hairpin { endpoint: 2, sets }]).unwrap();
        let [mut client, mut server] = connected(&net, &net.server, family);
        hairpin(Sets::live(0, 0).unwrap());
        net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), generation);
        net::exchange(&mut client, &mut server);
        hairpin(Sets::live(SET, 0).unwrap());
        net.flip(SERVER.endpoint, Sets::live(SET, 0).unwrap(), generation + 1);
        client.write_all(b"z").unwrap();
        assert!(net::is_reset(&mut server) && net::is_reset(&mut client), "{family:?}");
        hairpin(Sets::default());
    }
}

/// The two ways back into the pod: over the bridge, by the device it came from, and by the router.
fn way_back(net: &Net, over_the_bridge: bool) {
    if over_the_bridge {
        return net.node.ip("link set server type bridge_slave hairpin on").unwrap();
    }
    for family in ["iptables", "ip6tables"] {
        let switch = format!("/proc/sys/net/bridge/bridge-nf-call-{family}");
        // Without the switch there is no filtering on bridges and only the router's way.
        if std::path::Path::new(&switch).exists() {
            net.node.run(move || std::fs::write(switch, "0").unwrap()).unwrap();
        }
    }
}

#[test]
fn a_pod_reaches_itself_by_the_nodes_port_unless_its_cluster_wide_policies_object() {
    if !available() {
        return;
    }
    for over_the_bridge in [true, false] {
        let mut net = proxied("nodeport-self", true);
        way_back(&net, over_the_bridge);
        for (server, node) in families() {
            let own = asked(&mut net, |net| &net.server, node);
            assert_eq!(own, (true, 0, Builtin::Itself.code()), "{server} {over_the_bridge}");
        }
        let sets = Sets::live(SET, 0).unwrap();
        net.instance.perform(&[Op::Hairpin { endpoint: SERVER.endpoint, sets }]).unwrap();
        for (server, node) in families() {
            let own = asked(&mut net, |net| &net.server, node);
            assert_eq!(own, (false, DEFAULT_DENY, 0), "{server} {over_the_bridge}");
        }
    }
}

/// The kernel may lack the tracker's lookup: then whoever comes by the node's port is the node, the
/// pod itself too, and who comes directly is still who he is.
#[test]
fn without_the_trackers_lookup_the_nodes_address_is_judged() {
    if !available() {
        return;
    }
    for allowed in [true, false] {
        let mut net = Net::with("no-lookup", &tables(allowed), |config| {
            config.features.ct_lookup = false;
        });
        net.instance.set_node_addresses(&net::NODE).unwrap();
        net.forward();
        net.node.nft(PROXY).unwrap();
        way_back(&net, false);
        for (server, node) in families() {
            let of_the_node = (true, OF_THE_NODE, 0);
            assert_eq!(asked(&mut net, |net| &net.client, node), of_the_node, "{server}");
            assert_eq!(asked(&mut net, |net| &net.server, node), of_the_node, "{server}");
            net.told();
            datagram(&net.client, SocketAddr::from((server, PORT)));
            let direct = net.await_told(to_the_server);
            let verdict = direct.verdict == verdict_code::ALLOW;
            assert_eq!((verdict, direct.rule), (allowed, 7), "{server}");
        }
    }
}

/// What the server's ingress says of a datagram that the node itself sends it.
fn sent_by_the_node(net: &mut Net, server: IpAddr) -> (bool, u32, u8) {
    net.told();
    datagram(&net.node, SocketAddr::from((server, PORT + 1)));
    let event = net.await_told(to_the_server);
    (event.verdict == verdict_code::ALLOW, event.rule, event.reason)
}

#[test]
fn the_nodes_own_socket_is_let_in_in_both_families() {
    if !available() {
        return;
    }
    let mut net = Net::new("own", &pod_ops(&[(PORT, rule(7, true))]));
    net.instance.set_node_addresses(&net::NODE).unwrap();
    for (server, _) in families() {
        let said = sent_by_the_node(&mut net, server);
        assert_eq!(said, (true, 0, Builtin::LocalNode.code()), "{server}");
    }
    net.instance.set_node_addresses(&[]).unwrap();
    for (server, _) in families() {
        assert_eq!(sent_by_the_node(&mut net, server), (false, DEFAULT_DENY, 0), "{server}");
    }
}

/// Since Linux 6.15 a packet's namespace can be read.
fn tells_namespaces() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap(), numbers.next().unwrap()) >= (6, 15)
}

#[test]
fn a_socket_of_another_namespace_is_not_the_nodes_where_the_kernel_tells_namespaces() {
    if !available() {
        return;
    }
    let elsewhere = Namespace::new().unwrap().run(datapath::netns_cookie).unwrap().unwrap();
    let tables = pod_ops(&[(PORT, rule(7, true))]);
    let mut net = Net::with("cookie", &tables, |config| config.node_namespace = Some(elsewhere));
    net.instance.set_node_addresses(&net::NODE).unwrap();
    for (server, _) in families() {
        let said = sent_by_the_node(&mut net, server);
        assert_eq!(said.0, !tells_namespaces(), "{server}: {said:?}");
    }
}

/// Two fragments that claim the node's address, the first behind a hop-by-hop header that makes the
/// kernel take the datagram apart again by a way that forgets the incoming device.
fn forged_fragments(to: IpAddr) -> [Vec<u8>; 2] {
    const FIRST: u16 = 512;
    let data = vec![7; 1000];
    let udp = Payload::Udp { source: 40_000, destination: PORT + 1, data };
    let whole = Packet::new(CLIENT.mac, net::NODE[1], to, udp).build();
    let datagram = &whole[ETHERNET_SIZE + 40..];
    let (first, second) = datagram.split_at(usize::from(FIRST));
    [(first, 0), (second, FIRST)].map(|(part, offset)| {
        let payload = Payload::Other { protocol: protocol::UDP, data: part.to_vec() };
        let mut packet = Packet::new([2, 0, 0, 0, 0, 9], net::NODE[1], to, payload);
        packet.destination_mac = SERVER.mac;
        // A padding option of 252 octets.
        let options = [&[1, 252][..], &[0; 252]].concat();
        packet.extensions =
            if offset == 0 { vec![(protocol::HOP_BY_HOP, options)] } else { vec![] };
        packet.fragment = Some(Fragment { id: 77, offset, more: offset == 0 });
        packet.build()
    })
}

#[test]
fn fragments_that_lost_their_device_on_the_way_are_not_the_nodes() {
    if !available() {
        return;
    }
    let mut net = Net::new("fragments", &pod_ops(&[(PORT, rule(7, true))]));
    net.instance.set_node_addresses(&net::NODE).unwrap();
    // The tracker puts fragments together, also those that only cross the bridge.
    net.node.nft(TRACKER).unwrap();
    // Not a pod of ours: what comes from it has no hook of its own.
    let rogue = Namespace::new().unwrap();
    let mac = "02:00:00:00:00:09";
    let wire = Wire { host: "rogue", index: 13, mac, address: "10.0.0.9/24", bridge: "br0" };
    wire.connect(&net.node, &rogue).unwrap();
    net.told();
    let fragments = forged_fragments(SERVER.ipv6.unwrap().into());
    rogue.run(move || fragments.iter().for_each(|frame| net::send_frame(frame))).unwrap();
    let event = net.await_told(to_the_server);
    assert_eq!((event.verdict, event.rule), (verdict_code::DENY, DEFAULT_DENY), "{event:?}");
}
