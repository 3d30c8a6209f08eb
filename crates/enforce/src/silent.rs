//! Ends what a change has cut and nobody would notice: connections that are silent, and datagram
//! sockets that were led to a backend that is gone.
//!
//! What sends is cut by its next packet. What waits would wait for ever, so its socket is ended in
//! the pod's own network namespace; the kernel's reset tells the other end, and the hooks let it
//! through because they cut by a reset themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use abi::{ConnectionKey, TranslationKey};
use compile::Image;
use datapath::{Instance, OpenSocket, SocketsError, end_sockets};
use model::Protocol;

use crate::{EnforceError, netns};

/// Where sockets of one endpoint are; those of a node without a policy of its own have none.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: Option<u32>,
    pub(crate) netns: PathBuf,
}

/// One end of a connection, as its socket knows it.
type Ends = (u16, SocketAddr);

/// Ends what `image` no longer allows, on a node with these addresses. Returns how many sockets.
///
/// # Errors
/// Where maps cannot be read, or the kernel cannot end sockets.
pub(crate) fn end_silent(
    instance: &Instance,
    image: &Image,
    node: &[IpAddr],
    places: &[Place],
) -> Result<usize, EnforceError> {
    let is_node = |address: abi::Address| node.contains(&address.into());
    let mut cut: BTreeMap<u32, BTreeSet<Ends>> = BTreeMap::new();
    for (key, connection) in &instance.connections()? {
        if plan::is_cut(image, is_node, (key, connection)) {
            cut.entry(key.endpoint.into()).or_default().insert(ends(key));
        }
    }
    let translations = instance.translations()?;
    let orphans = translations.iter().filter(|(key, value)| plan::is_orphan(image, (key, value)));
    let orphans: Vec<&TranslationKey> = orphans.map(|(key, _)| key).collect();
    let mut ended = 0;
    for place in places {
        let of_place = place.endpoint.and_then(|endpoint| cut.get(&endpoint));
        ended += end_in(place, of_place, &orphans)?;
    }
    orphans.iter().try_for_each(|key| instance.forget_translation(key))?;
    Ok(ended)
}

fn end_in(
    place: &Place,
    cut: Option<&BTreeSet<Ends>>,
    orphans: &[&TranslationKey],
) -> Result<usize, EnforceError> {
    let led_there = |socket: &OpenSocket| {
        orphans.iter().any(|key| key.cookie == socket.cookie && backend(key) == socket.remote)
    };
    let has_orphans = orphans.iter().any(|key| key.protocol == Protocol::Udp.number());
    if cut.is_none() && !has_orphans {
        return Ok(0);
    }
    netns::within(&place.netns, || {
        let mut ended = 0;
        if let Some(cut) = cut {
            let is_cut = |socket: &OpenSocket| cut.contains(&(socket.local.port(), socket.remote));
            ended += end_sockets(Protocol::Tcp, is_cut)?.len();
        }
        if has_orphans {
            ended += end_sockets(Protocol::Udp, led_there)?.len();
        }
        Ok(ended)
    })
}

/// Whether this is about a kernel that cannot do it, which is no failure of a change: then a silent
/// connection ends with its next packet.
pub(crate) fn is_unsupported(error: &EnforceError) -> bool {
    matches!(error, EnforceError::Sockets(SocketsError::Unsupported))
}

fn ends(key: &ConnectionKey) -> Ends {
    (key.local_port, SocketAddr::new(key.remote.into(), key.remote_port))
}

fn backend(key: &TranslationKey) -> SocketAddr {
    SocketAddr::new(key.address.into(), key.port)
}
