//! Services as the programs need them: address and port to the backends, and those to addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use abi::{BackendKey, BackendValue, ServiceKey, ServiceValue};
use model::{Backend, Family, Service, World};

use crate::Image;
use crate::name::{content_id, free_id};

/// Writes every Service address and port of the world, but of no Service at a `refused` address.
pub(crate) fn write(world: &World, refused: &BTreeSet<IpAddr>, image: &mut Image) {
    let is_refused = |service: &Service| service.addresses.iter().any(|at| refused.contains(at));
    for service in world.services().iter().filter(|service| !is_refused(service)) {
        for address in &service.addresses {
            for port in &service.ports {
                let backends = world.backends(service, port, Family::of(*address));
                let key = ServiceKey {
                    address: (*address).into(),
                    port: port.port,
                    protocol: port.protocol.number(),
                    pad: 0,
                };
                write_port(key, &backends, service.affinity_seconds.unwrap_or(0), image);
            }
        }
    }
}

/// Equal lists of backends have equal ids, so Services may share them.
fn write_port(key: ServiceKey, backends: &[Backend], affinity_seconds: u32, image: &mut Image) {
    let id = content_id("backends", &backends);
    let taken = |id| match image.backends.get(&BackendKey { backends: id, index: 0 }) {
        Some(first) => Some(*first) != backends.first().map(value) || !is_list(image, id, backends),
        None => false,
    };
    let id = free_id(id, u32::MAX, taken);
    for (index, backend) in (0..).zip(backends) {
        image.backends.insert(BackendKey { backends: id, index }, value(backend));
    }
    let count = u32::try_from(backends.len()).unwrap_or(u32::MAX);
    image.services.insert(key, ServiceValue { backends: id, count, affinity_seconds });
}

fn is_list(image: &Image, id: u32, backends: &[Backend]) -> bool {
    let listed = (0..).map_while(|index| image.backends.get(&BackendKey { backends: id, index }));
    listed.copied().eq(backends.iter().map(value))
}

fn value(backend: &Backend) -> BackendValue {
    BackendValue { address: backend.address.into(), port: backend.port, pad: 0 }
}
