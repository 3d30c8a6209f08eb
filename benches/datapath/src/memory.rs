//! How much of the kernel's memory the maps of a usual node hold, map by map.
//!
//! The node has 110 pods of 20 workloads, in a cluster of 10,000. It is measured twice: with the sizes
//! that maps have unless an instance was told otherwise, and with sizes that suit the node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use compile::{Image, Scope, Slots, compile};
use datapath::{Capacities, Config, MapUsage, Programs};
use ipnet::{IpNet, Ipv4Net};
use model::{
    Action, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldParts,
};
use ringfence_kernel::Bench;

use crate::table::TableError;

/// Pods of the cluster: those that the node's may be peers of.
pub(crate) const PODS: u32 = 10_000;
/// Pods on the node, and the workloads that they are of.
pub(crate) const HERE: u32 = 110;
pub(crate) const WORKLOADS_HERE: u32 = 20;
/// Workloads of the cluster.
const WORKLOADS: u32 = 500;
/// Other workloads that each may be reached by, and as many that it may reach.
const FRIENDS: u32 = 3;
/// Connections of one pod that the node has room for, established and not yet.
const ESTABLISHED_EACH: u32 = 256;
const HALF_EACH: u32 = 64;
/// No table is made smaller than this.
const ENTRIES_MIN: u32 = 1_024;
/// Octets of the ring of events.
const EVENTS: u32 = 1 << 18;
const NODE: &str = "here";
const NAMESPACE: &str = "bench";

/// One map, in octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapMemory {
    pub(crate) map: String,
    /// With the usual sizes: before anything is written, and with the node's tables.
    pub(crate) usual: Sized,
    /// With sizes that suit the node.
    pub(crate) suited: Sized,
}

/// One map of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sized {
    pub(crate) entries_max: u32,
    /// What was set aside before anything was written.
    pub(crate) empty: u64,
    /// With the node's tables in it.
    pub(crate) filled: u64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub(crate) struct NodeMemory {
    pub(crate) maps: Vec<MapMemory>,
    pub(crate) suited: Capacities,
    /// Entries of the node's tables.
    pub(crate) rows: usize,
    pub(crate) cells: usize,
}

/// Both configurations.
pub(crate) fn run() -> Result<NodeMemory, TableError> {
    let image = image()?;
    let suited = suited(&image);
    let (usual, small) = (measured(&image, Capacities::default())?, measured(&image, suited)?);
    let of = |maps: &BTreeMap<String, Sized>, map| maps.get(map).copied().unwrap_or_default();
    let maps = usual.keys().map(|map| MapMemory {
        map: map.clone(),
        usual: of(&usual, map),
        suited: of(&small, map),
    });
    Ok(NodeMemory {
        maps: maps.collect(),
        suited,
        rows: image.rows.len(),
        cells: image.cells.len(),
    })
}

/// Twice what the tables need, because a change may need the old and the new side by side.
fn suited(image: &Image) -> Capacities {
    let twice = |entries: usize| (entries as u32 * 2).next_power_of_two().max(ENTRIES_MIN);
    Capacities {
        peers: twice(image.peers.len()),
        prefixes: twice(image.prefixes.len()),
        rows: twice(image.rows.len()),
        cells: twice(image.cells.len()),
        half: (HERE * HALF_EACH).next_power_of_two(),
        established: (HERE * ESTABLISHED_EACH).next_power_of_two(),
        established_share: (HERE * ESTABLISHED_EACH).next_power_of_two() / 4,
        events: EVENTS,
        ..Capacities::default()
    }
}

fn measured(image: &Image, capacities: Capacities) -> Result<BTreeMap<String, Sized>, TableError> {
    let bench = Bench::with(|config: &mut Config| {
        config.programs = Programs::Hooks;
        config.capacities = capacities;
    })?;
    let empty = bench.instance().maps()?;
    bench.perform(&plan::plan(&Image::default(), image)?)?;
    let filled = bench.instance().maps()?;
    let sized = |(empty, filled): (MapUsage, MapUsage)| {
        let MapUsage { map, entries_max, memory } = filled;
        (map, Sized { entries_max, empty: empty.memory, filled: memory })
    };
    Ok(empty.into_iter().zip(filled).map(sized).collect())
}

/// What the node's agent would compile.
fn image() -> Result<Image, TableError> {
    let world = World::new(WorldParts {
        namespaces: BTreeMap::from([(NAMESPACE.to_owned(), Labels::default())]),
        pods: (0..PODS).map(pod).collect(),
        pod_networks: vec![IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8))],
        ..WorldParts::default()
    })?;
    let rules = (0..WORKLOADS).flat_map(|workload| {
        [Direction::Ingress, Direction::Egress].map(|direction| rule(workload, direction))
    });
    let slots = Slots::of(&world, Scope::Node(NODE));
    let mut image = compile(&world, &Rules::new(rules.collect()), &slots)?.image;
    plan::number(&Image::default(), &mut image);
    Ok(image)
}

fn app(workload: u32) -> String {
    format!("app{}", workload % WORKLOADS)
}

/// The first ones are the node's.
fn pod(number: u32) -> Pod {
    let is_here = number < HERE;
    let workload = if is_here { number % WORKLOADS_HERE } else { number };
    Pod {
        namespace: NAMESPACE.to_owned(),
        name: format!("pod{number}"),
        labels: Labels::default().with("app", app(workload)),
        owner: None,
        node: Some(if is_here { NODE } else { "elsewhere" }.to_owned()),
        addresses: vec![Ipv4Addr::from(0x0a00_0100 + number).into()],
        host_network: false,
        containers: Vec::new(),
        ports: Vec::new(),
    }
}

/// Other workloads than itself, and other ones in each direction.
fn rule(workload: u32, direction: Direction) -> Rule {
    let own = || Selector::equals("kubernetes.io/metadata.name", NAMESPACE);
    let (step, port) = match direction {
        Direction::Ingress => (7, 8_080),
        Direction::Egress => (11, 5_432),
    };
    let friends = (1..=FRIENDS).map(|number| Peer::Pods {
        namespaces: own(),
        pods: Selector::equals("app", app(workload + number * step)),
    });
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef {
            policy: PolicyRef {
                name: app(workload),
                namespace: Some(NAMESPACE.to_owned()),
                kind: PolicyKind::NetworkPolicy,
            },
            direction,
            index: 0,
        },
        subject: Subject::new(own(), Selector::equals("app", app(workload))),
        peers: Peers::OneOf(friends.collect()),
        ports: Ports::OneOf(vec![PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(port),
        }]),
        action: Action::Allow,
    }
}
