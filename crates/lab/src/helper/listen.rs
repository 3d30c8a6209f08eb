//! Opens every listener before the helper calls itself ready.
//!
//! Listeners are bound to one address each, so that an answer always leaves from the address that
//! was asked.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use crate::helper::{sctp, tcp, udp};
use crate::message::{Carrier, Listener};

/// Listens on all of `listeners`.
///
/// # Errors
/// Where one of them cannot be opened; the error names it.
pub(super) fn everywhere(listeners: &[Listener]) -> io::Result<()> {
    let mut associations: BTreeMap<IpAddr, BTreeMap<u16, String>> = BTreeMap::new();
    for listener in listeners {
        match listener.carrier {
            Carrier::Tcp => tcp::listen(listener).map_err(|error| named(listener, &error))?,
            Carrier::Udp => udp::listen(listener).map_err(|error| named(listener, &error))?,
            Carrier::Sctp => {
                let names = associations.entry(listener.address).or_default();
                names.insert(listener.port, listener.name.clone());
            }
            Carrier::Echo => {}
        }
    }
    associations.into_iter().try_for_each(|(address, names)| sctp::listen(address, names))
}

fn named(listener: &Listener, error: &io::Error) -> io::Error {
    let Listener { address, carrier, port, name } = listener;
    io::Error::new(
        error.kind(),
        format!("{name} cannot listen on {address} port {port} ({carrier:?}): {error}"),
    )
}
