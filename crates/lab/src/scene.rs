//! The world at hand and everything that a lab derives from it before it touches the machine.
//!
//! Everything that can be refused is refused here, before a namespace exists.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use model::{End, Flow, Rules, Traffic, World};

use crate::message::Carrier;
use crate::port::{self, PortOf};
use crate::probe::Probe;
use crate::wanted::{ExtraPorts, Wanted};
use crate::{LabError, Settings, outside};
use enforce::{Desired, Guarded, Protected};

/// The port of an API server.
const API_SERVER: u16 = 6443;

/// The world at hand and what it makes of ports and addresses.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) rules: Rules,
    pub(crate) outside: Vec<IpAddr>,
    pub(crate) extra: ExtraPorts,
    pub(crate) wanted: Wanted,
    /// What policies of the nodes themselves must leave alone.
    pub(crate) guarded: Guarded,
    names: BTreeMap<(IpAddr, PortOf), String>,
}

impl Scene {
    /// With `flows`, what these need; without, what is interesting in general.
    ///
    /// # Errors
    /// Where the world is too large for a lab.
    pub(crate) fn new(
        settings: &Settings,
        world: World,
        rules: Rules,
        flows: &[Flow],
    ) -> Result<Self, LabError> {
        let everywhere: BTreeSet<PortOf> = port::probe_ports(&world, &rules).into();
        let mut extra =
            ExtraPorts { everywhere, outside: port::rule_ports(&rules), at: BTreeMap::new() };
        let mut found = match flows.is_empty() {
            true => outside::interesting(&world, &rules),
            false => Vec::new(),
        };
        let asked = settings.outside.iter().copied();
        found.extend(asked.filter(|address| outside::is_outside(&world, *address)));
        for flow in flows {
            found.extend(outside_ends(flow));
            let port = flow.traffic().port().zip(carrier(flow));
            if let (Some((port, carrier)), Some(at)) = (port, flow.destination().address()) {
                extra.at.entry(at).or_default().insert((carrier, port));
            }
        }
        let guarded = guarded(settings, &world, &rules);
        if let Some(server) = guarded.protected.api_server {
            extra.at.entry(server.ip()).or_default().insert((Carrier::Tcp, server.port()));
            found.extend(Some(server.ip()).filter(|at| outside::is_outside(&world, *at)));
        }
        let outside: BTreeSet<IpAddr> = found.into_iter().collect();
        let outside: Vec<IpAddr> = outside.into_iter().collect();
        let wanted = Wanted::of(&world, &outside, &extra)?;
        let names = wanted.names();
        Ok(Self { world, rules, outside, extra, wanted, guarded, names })
    }

    /// What its nodes are to enforce.
    pub(crate) fn desired(&self) -> Desired<'_> {
        Desired { world: &self.world, rules: &self.rules, guarded: &self.guarded }
    }

    /// Whether anybody listens at this address and port.
    pub(crate) fn listens(&self, address: IpAddr, port: u16) -> bool {
        [Carrier::Tcp, Carrier::Udp, Carrier::Sctp]
            .into_iter()
            .any(|carrier| self.names.contains_key(&(address, (carrier, port))))
    }

    /// Who is to answer a probe; for an echo the address itself.
    pub(crate) fn answerer(&self, probe: &Probe) -> String {
        match probe.carrier {
            Carrier::Echo => probe.destination.to_string(),
            Carrier::Tcp | Carrier::Udp | Carrier::Sctp => {
                let key = (probe.destination, (probe.carrier, probe.port));
                self.names.get(&key).cloned().unwrap_or_else(|| probe.to.clone())
            }
        }
    }
}

/// Where no rule speaks for nodes nobody needs an API server.
fn guarded(settings: &Settings, world: &World, rules: &Rules) -> Guarded {
    let is_needed = rules.iter().any(|rule| rule.subject.nodes.is_some());
    let first = world.nodes().find_map(|(_, node)| node.addresses.first().copied());
    let usual = first.map(|address| SocketAddr::new(address, API_SERVER));
    let host = &settings.host;
    let protected = Protected {
        api_server: host.api_server.or(usual).filter(|_| is_needed),
        dns: host.dns.clone(),
        ssh_from: host.ssh_from.clone(),
    };
    Guarded { protected, allow_lock_out: host.allow_lock_out }
}

fn carrier(flow: &Flow) -> Option<Carrier> {
    match flow.traffic() {
        Traffic::Port(protocol, _) => Some(Carrier::of(protocol)),
        Traffic::Other(_) => None,
    }
}

fn outside_ends(flow: &Flow) -> Vec<IpAddr> {
    [flow.source(), flow.destination()]
        .into_iter()
        .filter_map(|end| match end {
            End::External { address } | End::UnknownPod { address } => {
                outside::is_ordinary(*address).then_some(*address)
            }
            End::Pod { .. } | End::Host { .. } | End::Domain { .. } => None,
        })
        .collect()
}
