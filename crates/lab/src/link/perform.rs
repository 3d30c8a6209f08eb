//! Performs steps over one rtnetlink connection per namespace; decides nothing.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::path::Path;

use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressScope};
use rtnetlink::packet_route::link::{InfoData, InfoVeth};
use rtnetlink::packet_route::route::{RouteMessage, RouteScope};
use rtnetlink::{
    AddressAddRequest, Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder,
};

use crate::link::{Mac, Route, Step};

/// Why a namespace's network cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The namespace or the connection into it cannot be had.
    #[error("the namespace cannot be entered")]
    Enter(#[from] io::Error),
    /// The kernel refused a step.
    #[error("the kernel refused to {step}")]
    Refused {
        /// The step.
        step: String,
        /// What the kernel said.
        source: rtnetlink::Error,
    },
}

/// Performs `steps` in order inside the namespace under `netns`.
///
/// # Errors
/// Names the first step that fails; those before it stand.
pub(crate) fn perform(netns: &Path, steps: &[Step]) -> Result<(), LinkError> {
    enforce::netns::within(netns, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (connection, handle, _) = rtnetlink::new_connection()?;
            let connection = tokio::spawn(connection);
            for step in steps {
                perform_one(&handle, step).await?;
            }
            connection.abort();
            Ok(())
        })
    })
}

async fn perform_one(handle: &Handle, step: &Step) -> Result<(), LinkError> {
    let done = match step {
        Step::Veth { name, index, mac, peer } => {
            let netns = File::open(&peer.0)?;
            let message = veth(name, *index, *mac, (&netns, peer.1, peer.2, peer.3));
            handle.link().add(message).execute().await
        }
        Step::NoLink { index } => handle.link().del(*index).execute().await,
        Step::Up { index } => {
            handle.link().set(LinkUnspec::new_with_index(*index).up().build()).execute().await
        }
        Step::Address { index, address, link_local } => {
            address_request(handle, *index, *address, *link_local).execute().await
        }
        Step::NoAddress { index, address } => {
            let message = address_request(handle, *index, *address, false).message_mut().clone();
            handle.address().del(message).execute().await
        }
        Step::Route(to) => handle.route().add(route(to)).replace().execute().await,
        Step::NoRoute(to) => handle.route().del(route(to)).execute().await,
        Step::Neighbour { index, address, mac } => {
            let request = handle.neighbours().add(*index, *address);
            request.link_layer_address(&mac.0).replace().execute().await
        }
    };
    done.map_err(|source| LinkError::Refused { step: step.to_string(), source })
}

fn veth(
    name: &str,
    index: u32,
    mac: Mac,
    (peer_netns, peer_name, peer_index, peer_mac): (&File, &str, u32, Mac),
) -> rtnetlink::packet_route::link::LinkMessage {
    let peer = LinkMessageBuilder::<LinkUnspec>::new()
        .name(peer_name)
        .index(peer_index)
        .address(peer_mac.0.to_vec())
        .setns_by_fd(peer_netns.as_raw_fd())
        .build();
    LinkMessageBuilder::<LinkVeth>::new(name, peer_name)
        .index(index)
        .address(mac.0.to_vec())
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
        .up()
        .build()
}

/// An IPv6 address of full length makes no route to its neighbours, so a link-local one gets /64.
fn address_request(
    handle: &Handle,
    index: u32,
    address: IpAddr,
    link_local: bool,
) -> AddressAddRequest {
    let length = match (address, link_local) {
        (IpAddr::V4(_), _) => 32,
        (IpAddr::V6(_), true) => 64,
        (IpAddr::V6(_), false) => 128,
    };
    let mut request = handle.address().add(index, address, length);
    let message = request.message_mut();
    message.attributes.retain(|entry| !matches!(entry, AddressAttribute::Broadcast(_)));
    if address.is_ipv6() {
        message.header.flags |= AddressHeaderFlags::Nodad;
    } else if link_local {
        message.header.scope = AddressScope::Link;
    }
    request
}

/// What is not of the destination's family is left out; plugs make no such route.
fn route(route: &Route) -> RouteMessage {
    match route.to {
        (IpAddr::V4(to), length) => route_v4(route, to, length),
        (IpAddr::V6(to), length) => route_v6(route, to, length),
    }
}

fn route_v4(route: &Route, to: Ipv4Addr, length: u8) -> RouteMessage {
    let mut builder = RouteMessageBuilder::<Ipv4Addr>::new()
        .destination_prefix(to, length)
        .output_interface(route.index);
    if let Some(IpAddr::V4(source)) = route.source {
        builder = builder.pref_source(source);
    }
    match route.via {
        Some(IpAddr::V4(via)) => builder.gateway(via).onlink().build(),
        Some(IpAddr::V6(_)) | None => builder.scope(RouteScope::Link).build(),
    }
}

fn route_v6(route: &Route, to: Ipv6Addr, length: u8) -> RouteMessage {
    let mut builder = RouteMessageBuilder::<Ipv6Addr>::new()
        .destination_prefix(to, length)
        .output_interface(route.index);
    if let Some(IpAddr::V6(source)) = route.source {
        builder = builder.pref_source(source);
    }
    match route.via {
        Some(IpAddr::V6(via)) => builder.gateway(via).onlink().build(),
        Some(IpAddr::V4(_)) | None => builder.build(),
    }
}
