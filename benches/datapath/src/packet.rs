//! Whole packets through the real program: established connections, and new ones.
//!
//! Connections are made as they are made in life, by their first three packets.

use std::net::Ipv4Addr;

use datapath::Direction::{Egress, Ingress};
use ringfence_kernel::packet::tcp;
use ringfence_kernel::{BenchError, Origin};

use crate::layout::object;
use crate::peers::{mask, sequence};
use crate::racer::{Racer, RacerError};
use crate::table::{Table, TableError};

/// "Next program", which is how a packet is let through.
const NEXT: i32 = -1;
/// So many events, twice, fit into the ring.
const REPEAT_OPENING: u32 = 40_000;
const REPEAT: u32 = 200_000;

/// What the packets are of.
#[derive(Clone, Copy, Debug)]
enum Flows {
    /// Connections that exist, of one source port.
    Known,
    /// Each of a connection of its own: a peer that comes again is asked from another port.
    New,
}

/// Packets that are rewritten and nothing else.
pub(crate) fn rewritten(table: &Table) -> Result<Racer, RacerError> {
    racer(table, "race_without", Flows::Known)
}

/// Packets of connections that exist.
pub(crate) fn established(table: &mut Table) -> Result<Racer, TableError> {
    let others = table.others.clone();
    others.iter().try_for_each(|peer| connect(table, *peer))?;
    let (found, wanted) = (table.bench.instance().established(table.slot)?, others.len());
    if found != wanted as u64 {
        return Err(TableError::NotEstablished { found, wanted });
    }
    Ok(racer(table, "race", Flows::Known)?)
}

/// Packets that each open a connection.
pub(crate) fn opening(table: &Table) -> Result<Racer, RacerError> {
    let mut racer = racer(table, "race", Flows::New)?;
    racer.events = Some(table.bench.instance().events()?);
    Ok(racer)
}

fn racer(table: &Table, program: &'static str, flows: Flows) -> Result<Racer, RacerError> {
    let (flags, repeat, asks_anew) = match flows {
        Flows::Known => (tcp::ACK, REPEAT, 0_u32),
        Flows::New => (tcp::SYN, REPEAT_OPENING, 1),
    };
    let mask = mask(table.others.len());
    let mut racer = Racer::load("whole packets", object!("packet"), program, |loader| {
        table.share(loader);
        loader.override_global("sequence_mask", &mask, true);
        loader.override_global("asks_anew", &asks_anew, true);
    })?
    .with_sequence(sequence(&table.others))?;
    racer.packet = Table::request(Ipv4Addr::new(10, 1, 0, 0), flags);
    racer.context = context(table.slot);
    (racer.wanted, racer.lookups, racer.repeat) = (NEXT, 1, repeat);
    Ok(racer)
}

fn connect(table: &mut Table, peer: Ipv4Addr) -> Result<(), BenchError> {
    let slot = table.slot;
    let origin = Origin::Elsewhere;
    table.bench.run(Egress, slot, origin, &Table::request(peer, tcp::SYN))?;
    table.bench.run(Ingress, slot, origin, &Table::reply(peer, tcp::SYN | tcp::ACK))?;
    table.bench.run(Egress, slot, origin, &Table::request(peer, tcp::ACK)).map(drop)
}

/// The start of `struct __sk_buff`, with the hook's arguments in the control block.
fn context(interface: u32) -> Vec<u8> {
    let mut words = [0_u32; 17];
    words[12] = interface;
    words[13] = interface;
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}
