//! A node with a bridge and two pods, whose programs can be attached and detached again.
//!
//! Both pods have policies in the direction of the traffic, so every packet meets four verdicts on the
//! way: two of the sender's hook and two of the receiver's, with their replies.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use abi::{Interface, interface_flags};
use compile::{Image, Scope, Slots, compile};
use datapath::{AttachError, EventsError, Instance, OpenError, PerformError, Programs, TableError};
use model::{
    Action, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldError, WorldParts,
};
use plan::Op;
use ringfence_kernel::{Bench, BenchError, Namespace, NamespaceError, Wire};

/// What the server listens to and policies allow.
pub(crate) const PORT: u16 = 8_080;
/// The server's address.
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
const NAMESPACE: &str = "bench";
const BRIDGE: &str = "br0";

/// The two pods could not be made or their programs not be switched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetError {
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    #[error("cannot read the cookie of the node's network namespace")]
    Cookie(#[source] std::io::Error),
    #[error("the world of the two pods is none")]
    World(#[from] WorldError),
    #[error("the policies of the two pods do not compile")]
    Compile(#[from] compile::CompileError),
    #[error("the table of the two pods cannot be planned")]
    Plan(#[from] plan::PlanError),
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error("the programs cannot be opened again")]
    Open(#[from] OpenError),
    #[error("the programs cannot be attached or detached")]
    Attach(#[from] AttachError),
    #[error("the tables cannot be written")]
    Perform(#[from] PerformError),
    #[error("the connections cannot be read")]
    Table(#[from] TableError),
    #[error("the ring of events cannot be read")]
    Events(#[from] EventsError),
}

/// One of the two pods.
#[derive(Clone, Copy, Debug)]
struct End {
    name: &'static str,
    address: Ipv4Addr,
    mac: [u8; 6],
    device: u32,
}

const ENDS: [End; 2] = [
    End {
        name: "client",
        address: Ipv4Addr::new(10, 0, 0, 1),
        mac: [2, 0, 0, 0, 0, 1],
        device: 11,
    },
    End { name: "server", address: SERVER, mac: [2, 0, 0, 0, 0, 2], device: 12 },
];

/// Three network namespaces, and an instance that knows both pods.
#[derive(Debug)]
pub(crate) struct Net {
    pub(crate) client: Namespace,
    pub(crate) server: Namespace,
    pub(crate) bench: Bench,
    node: Namespace,
    image: Image,
    slots: [u32; 2],
}

impl Net {
    /// With nothing attached.
    pub(crate) fn new() -> Result<Self, NetError> {
        let (node, client, server) = (Namespace::new()?, Namespace::new()?, Namespace::new()?);
        node.ip(&format!("link add {BRIDGE} type bridge"))?;
        node.ip(&format!("link set {BRIDGE} up"))?;
        for (end, pod) in ENDS.into_iter().zip([&client, &server]) {
            end.wire(&node, pod)?;
        }
        let cookie = node.run(datapath::netns_cookie)?.map_err(NetError::Cookie)?;
        let (image, slots) = image()?;
        let bench = Bench::with(|config| {
            config.programs = Programs::Hooks;
            config.node_namespace = Some(cookie);
        })?;
        bench.perform(&plan::plan(&Image::default(), &image)?)?;
        Ok(Self { client, server, bench, node, image, slots })
    }

    /// Attaches the programs to both veths or detaches them, in the node's namespace.
    pub(crate) fn switch(&self, attached: bool) -> Result<(), NetError> {
        let config = self.bench.instance().config().clone();
        let (ops, slots) = (self.endpoints(), self.slots);
        self.node.run(move || {
            let mut instance = Instance::open(&config)?;
            if attached {
                instance.perform(&ops)?;
            }
            for (end, slot) in ENDS.into_iter().zip(slots) {
                match attached {
                    true => instance.attach(end.device, end.record(slot))?,
                    false => instance.detach(end.device, 0).map(drop)?,
                }
            }
            Ok(())
        })?
    }

    /// Whether the programs know a connection: they do if and only if they were in the way.
    pub(crate) fn knows_connections(&self) -> Result<bool, NetError> {
        Ok(!self.bench.instance().connections()?.is_empty())
    }

    /// Detaching leaves an endpoint without sets.
    fn endpoints(&self) -> Vec<Op> {
        let of = |(slot, record): (&u32, &abi::Endpoint)| Op::Endpoint {
            endpoint: *slot,
            record: *record,
        };
        self.image.endpoints.iter().map(of).collect()
    }
}

impl End {
    fn wire(self, node: &Namespace, pod: &Namespace) -> Result<(), NamespaceError> {
        let [a, b, c, d, e, f] = self.mac;
        Wire {
            host: self.name,
            index: self.device,
            mac: &format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"),
            address: &format!("{}/24", self.address),
            bridge: BRIDGE,
        }
        .connect(node, pod)
    }

    fn record(self, slot: u32) -> Interface {
        Interface {
            endpoint: slot,
            flags: interface_flags::IPV4,
            ipv4: IpAddr::V4(self.address).into(),
            mac: self.mac,
            ..Interface::default()
        }
    }

    fn pod(self) -> Pod {
        Pod {
            namespace: NAMESPACE.to_owned(),
            name: self.name.to_owned(),
            labels: Labels::default().with("app", self.name),
            owner: None,
            node: Some("here".to_owned()),
            addresses: vec![self.address.into()],
            host_network: false,
            containers: Vec::new(),
            ports: Vec::new(),
        }
    }
}

/// The client may send to the server's port and nowhere else; the server may be reached from it there.
fn image() -> Result<(Image, [u32; 2]), NetError> {
    let world = World::new(WorldParts {
        namespaces: BTreeMap::from([(NAMESPACE.to_owned(), Labels::default())]),
        pods: ENDS.map(End::pod).into(),
        ..WorldParts::default()
    })?;
    let [client, server] = ENDS.map(|end| end.name);
    let rules =
        vec![rule(client, Direction::Egress, server), rule(server, Direction::Ingress, client)];
    let slots = Slots::of(&world, Scope::Everywhere);
    let mut image = compile(&world, &Rules::new(rules), &slots)?.image;
    plan::number(&Image::default(), &mut image);
    Ok((image, ENDS.map(|end| slots.get(&end.pod()).unwrap_or_default())))
}

fn rule(subject: &str, direction: Direction, peer: &str) -> Rule {
    let own = || Selector::equals("kubernetes.io/metadata.name", NAMESPACE);
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef {
            policy: PolicyRef {
                name: subject.to_owned(),
                namespace: Some(NAMESPACE.to_owned()),
                kind: PolicyKind::NetworkPolicy,
            },
            direction,
            index: 0,
        },
        subject: Subject::new(own(), Selector::equals("app", subject)),
        peers: Peers::OneOf(vec![Peer::Pods {
            namespaces: own(),
            pods: Selector::equals("app", peer),
        }]),
        ports: Ports::OneOf(vec![PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(PORT),
        }]),
        action: Action::Allow,
    }
}
