//! Our own layout: worlds of many peers or many rules, compiled and written as an agent would.
//!
//! Nothing is put into the maps by hand, so what is measured is what a node with these policies has.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use abi::{Address, capacity};
use aya::EbpfLoader;
use compile::{Compiled, Image, Scope, Slots, compile};
use datapath::{Capacities, MapUsage};
use ipnet::{IpNet, Ipv4Net};
use kernel::packet::{Packet, Payload};
use kernel::{Bench, BenchError, Pod};
use model::{
    Action, Block, Direction, Labels, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldError, WorldParts,
};
use plan::Op;
use ringfence_kernel as kernel;

use crate::layout::object;
use crate::peers::{mask, peers, sequence, sequence_entries};
use crate::racer::{Racer, RacerError};

/// A table could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    #[error("the world of the benchmark is none")]
    World(#[from] WorldError),
    #[error("the world of the benchmark does not compile")]
    Compile(#[from] compile::CompileError),
    #[error("the table of the benchmark cannot be planned")]
    Plan(#[from] plan::PlanError),
    #[error("the table of the benchmark cannot be written")]
    Bench(#[from] BenchError),
    #[error("the maps of the benchmark cannot be read")]
    Read(#[from] datapath::ReadError),
    #[error("the connections of the benchmark cannot be counted")]
    Count(#[from] datapath::TableError),
    #[error("{found} of {wanted} connections are established: others are not what is measured")]
    NotEstablished { found: u64, wanted: usize },
    #[error(transparent)]
    Racer(#[from] RacerError),
    #[error("the compiled table has no endpoint")]
    NoEndpoint,
}

/// Room for all connections of the largest table, and for most that are opened in a sample.
const ESTABLISHED: u32 = 1 << 17;
const HALF: u32 = 1 << 16;
/// Octets of the ring of events: room for those of a whole sample.
const EVENTS: u32 = 1 << 24;
/// The most peers that the compiler is given; the subject is one more.
const COMPILED_MAX: u32 = 100_000;
const NAMESPACE: &str = "bench";
const SUBJECT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const PORT: u16 = 8_000;
const SOURCE_PORT: u16 = 40_000;

/// Who is at the other end of the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Others {
    /// So many pods, and how many kinds of them rules can tell apart.
    Pods {
        /// How many.
        count: u32,
        /// Kinds at most; never more than there are rules.
        kinds: u32,
    },
    /// One address in each of so many prefixes, each of them in one rule.
    Prefixes(u32),
}

/// A table in the kernel.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) bench: Bench,
    pub(crate) others: Vec<Ipv4Addr>,
    /// The subject's egress set.
    pub(crate) set: u32,
    /// The subject's endpoint.
    pub(crate) slot: u32,
    maps: Vec<MapUsage>,
}

impl Table {
    /// Compiles `rules` rules of one pod about `others` and writes them to a bench of their own.
    pub(crate) fn new(others: Others, rules: u32) -> Result<Self, TableError> {
        let addresses = match others {
            Others::Pods { count, .. } => peers(count),
            // One in each prefix.
            Others::Prefixes(count) => {
                (0..count).map(|number| Ipv4Addr::from(0x2d00_0000 + (number << 8) + 1)).collect()
            }
        };
        let (known, more) = addresses.split_at(addresses.len().min(COMPILED_MAX as usize));
        let mut image = compiled(others, known, rules)?.image;
        plan::number(&Image::default(), &mut image);
        let bench = Bench::with(|config| {
            let peers = (addresses.len() as u32 + 1).next_power_of_two();
            config.capacities = Capacities {
                peers: capacity::PEERS.max(peers),
                rows: capacity::ROWS,
                cells: capacity::CELLS,
                half: HALF,
                established: ESTABLISHED,
                // The one pod may have all of them: what exceeds a share is not established.
                established_share: ESTABLISHED,
                events: EVENTS,
                ..config.capacities
            };
        })?;
        bench.perform(&plan::plan(&Image::default(), &image)?)?;
        bench.perform(&beyond_the_compiler(&image, known, more))?;
        let (slot, record) = image.endpoints.first_key_value().ok_or(TableError::NoEndpoint)?;
        bench.add(&Pod {
            endpoint: *slot,
            ipv4: Some(SUBJECT),
            ipv6: None,
            mac: MAC,
            dhcp: false,
        })?;
        let maps = bench.instance().maps()?;
        Ok(Self { bench, others: addresses, set: record.sets.egress(), slot: *slot, maps })
    }

    /// The lookup by itself.
    pub(crate) fn racer(&self) -> Result<Racer, RacerError> {
        let mask = mask(self.others.len());
        Racer::load("our table", object!("table"), "race", |loader| {
            self.share(loader);
            loader.override_global("set", &self.set, true);
            loader.override_global("sequence_mask", &mask, true);
        })?
        .with_sequence(sequence(&self.others))
    }

    /// Lets an object use the maps of this table, which are as large as was configured.
    pub(crate) fn share<'a>(&'a self, loader: &mut EbpfLoader<'a>) {
        let config = self.bench.instance().config();
        let maps = config.pin_dir.join(format!("v{}/maps", abi::VERSION));
        loader.default_map_pin_directory(maps);
        for MapUsage { map, entries_max, .. } in &self.maps {
            loader.map_max_entries(map, *entries_max);
        }
        loader.map_max_entries("sequence", sequence_entries(self.others.len()));
    }

    /// A packet from the subject to `peer`.
    pub(crate) fn request(peer: Ipv4Addr, flags: u8) -> Vec<u8> {
        let payload = Payload::Tcp { source: SOURCE_PORT, destination: PORT, flags };
        Packet::new(MAC, SUBJECT.into(), peer.into(), payload).build()
    }

    /// A packet from `peer` to the subject.
    pub(crate) fn reply(peer: Ipv4Addr, flags: u8) -> Vec<u8> {
        let payload = Payload::Tcp { source: PORT, destination: SOURCE_PORT, flags };
        Packet::new(MAC, peer.into(), SUBJECT.into(), payload).build()
    }
}

/// The compiler takes no more peers than `peers` usually holds. Whoever is beyond has the class of
/// one that it was given, as he would with more room.
fn beyond_the_compiler(image: &Image, known: &[Ipv4Addr], more: &[Ipv4Addr]) -> Vec<Op> {
    let address = |peer: &Ipv4Addr| Address::from(std::net::IpAddr::V4(*peer));
    let classes = known.iter().cycle().map(|peer| image.peers.get(&address(peer)).copied());
    more.iter()
        .zip(classes)
        .filter_map(|(peer, class)| Some(Op::Peer { address: address(peer), class: class? }))
        .collect()
}

fn compiled(others: Others, peers: &[Ipv4Addr], rules: u32) -> Result<Compiled, TableError> {
    let (pods, kinds) = match others {
        Others::Pods { kinds, .. } => (peers, kinds.min(rules)),
        Others::Prefixes(_) => (Default::default(), rules),
    };
    let subject = pod("subject".to_owned(), "subject".to_owned(), Some("here"), SUBJECT);
    let others_of = |(number, peer): (u32, &Ipv4Addr)| {
        pod(format!("pod{number}"), group(number % kinds), None, *peer)
    };
    let world = World::new(WorldParts {
        namespaces: BTreeMap::from([(NAMESPACE.to_owned(), Labels::default())]),
        pods: std::iter::once(subject).chain((0..).zip(pods).map(others_of)).collect(),
        ..WorldParts::default()
    })?;
    let about = |number: u32| match others {
        Others::Pods { .. } => {
            let pods = Selector::equals("app", group(number % kinds));
            vec![Peer::Pods { namespaces: own(), pods }]
        }
        Others::Prefixes(_) => peers
            .iter()
            .skip(number as usize)
            .step_by(rules as usize)
            .map(|peer| block(*peer))
            .collect(),
    };
    let rules =
        Rules::new((0..rules).map(|number| rule(number, number / kinds, about(number))).collect());
    Ok(compile(&world, &rules, &Slots::of(&world, Scope::Node("here")))?)
}

fn group(number: u32) -> String {
    format!("group{number}")
}

fn own() -> Selector {
    Selector::equals("kubernetes.io/metadata.name", NAMESPACE)
}

fn block(peer: Ipv4Addr) -> Peer {
    Peer::Block(Block::whole(IpNet::V4(Ipv4Net::new_assert(peer, 24).trunc())))
}

fn pod(name: String, app: String, node: Option<&str>, address: Ipv4Addr) -> model::Pod {
    model::Pod {
        namespace: NAMESPACE.to_owned(),
        name,
        labels: Labels::default().with("app", app),
        owner: None,
        node: node.map(str::to_owned),
        addresses: vec![address.into()],
        host_network: false,
        containers: Vec::new(),
        ports: Vec::new(),
    }
}

/// Allows the ports that are asked for and one more, so that rows are as wide as they usually are.
/// `more_of_kind`: how many rules before it are about the same peers.
fn rule(number: u32, more_of_kind: u32, peers: Vec<Peer>) -> Rule {
    let more = PORT + 1_000 + (number % 8 + more_of_kind) as u16;
    let numbers = |range| PortMatch::Numbers { protocol: Protocol::Tcp, range };
    let asked = (PORT..PORT + 8).map(PortRange::single);
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef {
            policy: PolicyRef {
                name: "bench".to_owned(),
                namespace: Some(NAMESPACE.to_owned()),
                kind: PolicyKind::NetworkPolicy,
            },
            direction: Direction::Egress,
            index: number,
        },
        subject: Subject::new(own(), Selector::equals("app", "subject")),
        peers: Peers::OneOf(peers),
        ports: Ports::OneOf(asked.chain([PortRange::single(more)]).map(numbers).collect()),
        action: Action::Allow,
    }
}
