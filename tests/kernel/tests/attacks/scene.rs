//! The scene of all attacks: a victim with a policy, a pod that it lets in, a pod that it does not,
//! and somebody on the same link who is no pod of ours and whom no hook of its own holds back.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use abi::{Address, Event, EventKind};
use datapath::Config;
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Namespace, Pod, Wire,
    packet::{ETHERNET_SIZE, Packet, Payload},
};

use crate::{
    net::{NODE, Net, send_frame},
    tap::Tap,
    world::{CLIENT, SERVER, ops, rule},
};

/// The client is let in to the victim on this port.
pub(crate) const PORT: u16 = 8080;
/// The rule that says so.
pub(crate) const ALLOWED_BY: u32 = 7;
pub(crate) const VICTIM: Pod = SERVER;
/// Nothing holds its egress back but anti-spoofing; the victim's set does not know it.
pub(crate) const ATTACKER: Pod = Pod {
    endpoint: 3,
    ipv4: Some(Ipv4Addr::new(10, 0, 0, 3)),
    ipv6: Some(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 3)),
    mac: [2, 0, 0, 0, 0, 3],
    dhcp: false,
};
/// The host on the link that is no pod: only the victim's own hook stands between.
pub(crate) const STRANGER: Pod = Pod {
    endpoint: 0,
    ipv4: Some(Ipv4Addr::new(10, 0, 0, 9)),
    ipv6: Some(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 9)),
    mac: [2, 0, 0, 0, 0, 9],
    dhcp: false,
};
/// A machine that is slow for once is not a lost packet.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is with the victim.
    Arrived,
    /// A reason of its own dropped it, at the hook of this endpoint.
    Refused(u32, Builtin),
    /// A rule dropped it, at the hook of this endpoint.
    Denied(u32, u32),
}

/// What anti-spoofing says to the attacker.
pub(crate) const SPOOFED: Fate = Fate::Refused(ATTACKER.endpoint, Builtin::Spoofed);

pub(crate) struct Scene {
    pub(crate) net: Net,
    pub(crate) attacker: Namespace,
    pub(crate) stranger: Namespace,
    tap: Tap,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Client,
    Victim,
    Attacker,
    Stranger,
}

impl By {
    pub(crate) fn pod(self) -> Pod {
        match self {
            Self::Client => CLIENT,
            Self::Victim => VICTIM,
            Self::Attacker => ATTACKER,
            Self::Stranger => STRANGER,
        }
    }
}

/// The addresses of a pod, by family.
pub(crate) fn addresses(pod: &Pod) -> [IpAddr; 2] {
    [pod.ipv4.unwrap().into(), pod.ipv6.unwrap().into()]
}

impl Scene {
    pub(crate) fn new(name: &str) -> Self {
        Self::with(name, &[], |_| ())
    }

    /// With writes after those of the usual table, and another configuration.
    pub(crate) fn with(name: &str, more: &[Op], change: impl FnOnce(&mut Config)) -> Self {
        let tables =
            ops(&[(PORT, rule(ALLOWED_BY, true))], rule(crate::world::DEFAULT_DENY, false));
        let net = Net::with(name, &tables, |config| {
            // Equal denials are told apart.
            config.lifetimes.report_interval = Duration::ZERO;
            change(config);
        });
        // A bridge that listens to memberships would keep them from the victim.
        net.node.ip("link set br0 type bridge mcast_snooping 0").unwrap();
        net.instance.perform(&[live(ATTACKER.endpoint)]).unwrap();
        net.instance.perform(more).unwrap();
        net.instance.set_node_addresses(&NODE).unwrap();
        let attacker = plug(&net, "attacker", 13, &ATTACKER);
        net.attach(13, ATTACKER.interface());
        let stranger = plug(&net, "stranger", 14, &STRANGER);
        let tap = Tap::open(&net.server);
        let scene = Self { net, attacker, stranger, tap };
        [&scene.attacker, &scene.stranger, &scene.net.client, &scene.net.server]
            .into_iter()
            .for_each(await_addresses);
        scene
    }

    pub(crate) fn namespace(&self, by: By) -> &Namespace {
        match by {
            By::Client => &self.net.client,
            By::Victim => &self.net.server,
            By::Attacker => &self.attacker,
            By::Stranger => &self.stranger,
        }
    }

    /// Sends a frame to the victim and waits for what becomes of it.
    pub(crate) fn fate(&mut self, by: By, frame: &[u8]) -> Fate {
        self.net.told();
        self.tap.drain();
        self.send(by, frame);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.tap.saw(frame) {
                return Fate::Arrived;
            }
            if let Some(fate) = self.net.told().iter().find_map(|event| refused(event, frame)) {
                assert!(!self.tap.saw(frame), "refused, and there all the same");
                return fate;
            }
            std::thread::yield_now();
        }
        panic!("neither arrived nor refused: {frame:02x?}");
    }

    /// Sends a frame and waits for nothing.
    pub(crate) fn send(&self, by: By, frame: &[u8]) {
        let frame = frame.to_vec();
        self.namespace(by).run(move || send_frame(&frame)).unwrap();
    }

    /// What becomes of each of these, in order.
    pub(crate) fn assert_fates(&mut self, by: By, cases: &[(&str, Vec<u8>, Fate)]) {
        for (what, frame, fate) in cases {
            assert_eq!(self.fate(by, frame), *fate, "{what}");
        }
    }
}

/// Endpoint without a policy.
fn live(endpoint: u32) -> Op {
    let sets = abi::Sets::live(0, 0).unwrap();
    Op::Endpoint {
        endpoint,
        record: abi::Endpoint { sets, generation: 1, ..abi::Endpoint::default() },
    }
}

fn plug(net: &Net, host: &str, index: u32, pod: &Pod) -> Namespace {
    let namespace = Namespace::new().unwrap();
    let mac = pod.mac.map(|octet| format!("{octet:02x}")).join(":");
    let [v4, v6] = addresses(pod);
    let address = format!("{v4}/24");
    let wire = Wire { host, index, mac: &mac, address: &address, bridge: "br0" };
    wire.connect(&net.node, &namespace).unwrap();
    namespace.ip(&format!("address add {v6}/64 dev eth0 nodad")).unwrap();
    namespace
}

/// Until duplicate address detection is over, nothing of it is mistaken for an attack.
fn await_addresses(pod: &Namespace) {
    let begun = Instant::now();
    let listing = || {
        let words = ["-6", "address", "show", "dev", "eth0", "tentative"];
        std::process::Command::new("ip").args(words).output().unwrap().stdout
    };
    while !pod.run(listing).unwrap().is_empty() {
        assert!(begun.elapsed() < PATIENCE, "addresses stay tentative");
        std::thread::yield_now();
    }
}

/// The fate of `frame`, if this event is about it. An event names the opener first, a frame its sender.
fn refused(event: &Event, frame: &[u8]) -> Option<Fate> {
    let [source, destination] = ends(frame);
    let told = [event.source, event.destination];
    let is_about = told == [source, destination] || told == [destination, source];
    (is_about && event.kind == EventKind::Denied as u8).then(|| {
        match Builtin::from_code(event.reason) {
            Some(reason) if event.rule == 0 => Fate::Refused(event.endpoint, reason),
            Some(_) | None => Fate::Denied(event.endpoint, event.rule),
        }
    })
}

/// Source and destination of a frame, as events have them; zero where it has none.
fn ends(frame: &[u8]) -> [Address; 2] {
    let network = &frame[ETHERNET_SIZE..];
    match frame[12..ETHERNET_SIZE] {
        [0x08, 0x00] => [12, 16].map(|at| {
            let octets: [u8; 4] = network[at..at + 4].try_into().unwrap();
            IpAddr::from(octets).into()
        }),
        [0x86, 0xdd] => [8, 24].map(|at| {
            let octets: [u8; 16] = network[at..at + 16].try_into().unwrap();
            IpAddr::from(octets).into()
        }),
        _ => [Address::default(); 2],
    }
}

/// A frame to the victim: from whose link-layer address, from which address, with what.
pub(crate) fn frame(
    mac: [u8; 6],
    source: IpAddr,
    destination: IpAddr,
    payload: Payload,
) -> Vec<u8> {
    packet(mac, source, destination, payload).build()
}

/// The same before it is built.
pub(crate) fn packet(
    mac: [u8; 6],
    source: IpAddr,
    destination: IpAddr,
    payload: Payload,
) -> Packet {
    let mut packet = Packet::new(mac, source, destination, payload);
    packet.destination_mac = VICTIM.mac;
    packet
}

/// A frame to the victim that claims nothing.
pub(crate) fn to_victim(by: By, family: usize, payload: Payload) -> Vec<u8> {
    let pod = by.pod();
    frame(pod.mac, addresses(&pod)[family], addresses(&VICTIM)[family], payload)
}

/// A frame of the victim.
pub(crate) fn from_victim(to: &Pod, family: usize, payload: Payload) -> Vec<u8> {
    let (source, destination) = (addresses(&VICTIM)[family], addresses(to)[family]);
    let mut packet = packet(VICTIM.mac, source, destination, payload);
    packet.destination_mac = to.mac;
    packet.build()
}

/// A packet of TCP between two ports.
pub(crate) fn tcp(source: u16, destination: u16, flags: u8) -> Payload {
    Payload::Tcp { source, destination, flags }
}

/// A datagram between two ports.
pub(crate) fn udp(source: u16, destination: u16) -> Payload {
    Payload::Udp { source, destination, data: vec![7; 8] }
}
