//! Reads the ends and the traffic of a flow from the words of the command line.
//!
//! `NS/NAME` is a pod, `node/NAME` a node, `ip:ADDR` whoever has that address, `NS/svc/NAME` a
//! Service's own address, `dns:NAME` a name; ports are `5432/tcp`, `icmp` and `protocol/47`.

use std::net::IpAddr;

use model::{End, Family, Flow, Protocol, Service, Traffic, World};

use super::Fault;

/// The words of a flow.
#[derive(Clone, Copy, Debug)]
pub struct FlowTerms<'a> {
    /// The source.
    pub from: &'a str,
    /// The destination.
    pub to: &'a str,
    /// The traffic.
    pub port: &'a str,
    /// The family; that of a written address, else IPv4, if absent.
    pub family: Option<Family>,
}

impl FlowTerms<'_> {
    /// The flow in `world`.
    ///
    /// # Errors
    /// Where an end is not there, the port cannot be read, or families differ.
    pub fn flow(self, world: &World) -> Result<Flow, Fault> {
        let family = self.family.unwrap_or_else(|| self.written_family());
        let source = end(world, self.from, family)?;
        let destination = end(world, self.to, family)?;
        let traffic = traffic(self.port, family)?;
        Flow::new(source, destination, traffic, family).map_err(Fault::Flow)
    }

    fn written_family(self) -> Family {
        let written = |text: &str| text.strip_prefix("ip:")?.parse::<IpAddr>().ok();
        written(self.from).or_else(|| written(self.to)).map_or(Family::V4, Family::of)
    }
}

/// The end that `text` names.
///
/// # Errors
/// Where nothing has that name.
pub fn end(world: &World, text: &str, family: Family) -> Result<End, Fault> {
    find(world, text, family).ok_or_else(|| Fault::Peer(text.to_owned()))
}

fn find(world: &World, text: &str, family: Family) -> Option<End> {
    if let Some(address) = text.strip_prefix("ip:") {
        return Some(world.end_at(address.parse().ok()?));
    }
    if let Some(name) = text.strip_prefix("dns:") {
        let name = name.trim_end_matches('.').to_lowercase();
        return Some(End::Domain { name });
    }
    let (first, rest) = text.split_once('/')?;
    match (first, rest.split_once('/')) {
        ("node", None) => node(world, rest, family),
        (namespace, Some(("svc", name))) => service(world, namespace, name, family),
        (namespace, None) => Some(world.pod_end(world.find_pod(namespace, rest)?, family)),
        (_, Some(_)) => None,
    }
}

fn node(world: &World, name: &str, family: Family) -> Option<End> {
    let node = world.find_node(name)?;
    let addresses = &world.node(node).addresses;
    let address = addresses.iter().copied().find(|address| Family::of(*address) == family);
    Some(End::Host { node: Some(node), address })
}

fn service(world: &World, namespace: &str, name: &str, family: Family) -> Option<End> {
    let is_meant = |service: &&Service| service.namespace == namespace && service.name == name;
    let service = world.services().iter().find(is_meant)?;
    let mut addresses = service.addresses.iter().copied();
    addresses.find(|address| Family::of(*address) == family).map(|address| world.end_at(address))
}

/// The traffic that `text` names.
///
/// # Errors
/// Where it names none.
pub fn traffic(text: &str, family: Family) -> Result<Traffic, Fault> {
    let bad = || Fault::Port(text.to_owned());
    if text == "icmp" {
        return Ok(Traffic::icmp(family));
    }
    if let Some(number) = text.strip_prefix("protocol/") {
        return number.parse().map(|number| Traffic::new(number, 0)).map_err(|_| bad());
    }
    let (number, protocol) = text.split_once('/').ok_or_else(bad)?;
    let protocol = Protocol::ALL.into_iter().find(|known| known.name() == protocol);
    match (number.parse(), protocol) {
        (Ok(number), Some(protocol)) => Ok(Traffic::Port(protocol, number)),
        (Err(_), _) | (_, None) => Err(bad()),
    }
}
