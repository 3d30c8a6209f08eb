//! The two ends of a pod's veth, asked of the kernel.
//!
//! A name says nothing, and a number is another's in another namespace: the end on the node counts
//! only if it names the pod's end, in the pod's namespace, as its own peer.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the kernel says much of a link, and few of its words matter"
)]

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::path::Path;

use enforce::netns;
use futures::TryStreamExt;
use rtnetlink::Handle;
use rtnetlink::packet_core::{NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};
use rtnetlink::packet_route::nsid::{NsidAttribute, NsidMessage};

/// Why there is no end on the node.
#[derive(Debug, thiserror::Error)]
pub enum HostEndError {
    /// The namespace is gone, or was never there.
    #[error("the pod's network namespace cannot be entered")]
    Namespace(#[from] io::Error),
    /// The kernel does not answer.
    #[error("the kernel does not say which interfaces there are")]
    Kernel(#[from] rtnetlink::Error),
    /// No interface of that name.
    #[error("the pod has no interface {0}")]
    NoInterface(String),
    /// Another kind of interface, whose traffic passes nothing on the node where programs could stand.
    #[error("the pod's interface {name} is {kind}, which has no end on the node: only veth has")]
    NotVeth {
        /// Its name.
        name: String,
        /// Its kind.
        kind: String,
    },
    /// The other end is not in the node's network namespace.
    #[error("the other end of the pod's interface {0} is not on the node")]
    Elsewhere(String),
}

/// A pod's end, and where the other one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEnd {
    /// The pod's end's name.
    pub name: String,
    /// The index of the node's end, on the node.
    pub index: u32,
    /// The pod's end's.
    pub mac: [u8; 6],
    /// The pod's end's, link-local ones left out.
    pub addresses: Vec<IpAddr>,
}

/// What a namespace says of one of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Link {
    name: String,
    index: u32,
    kind: String,
    /// The index of the other end, where that is.
    peer: Option<u32>,
    /// The number by which this namespace knows the other end's; nothing where it is the same.
    peer_namespace: Option<i32>,
    mac: Vec<u8>,
}

/// The ends of the pod's interface `name`, for a node in the network namespace at `node`.
///
/// # Errors
/// Where there is no such interface, or no end of it on the node.
pub(crate) fn find(node: &Path, pod: &Path, name: &str) -> Result<HostEnd, HostEndError> {
    let (links, addresses) = of_pod(pod)?;
    let link = links.into_iter().find(|link| link.name == name);
    let link = link.ok_or_else(|| HostEndError::NoInterface(name.to_owned()))?;
    joined(node, pod, link, &addresses)
}

/// All interfaces of the namespace at `pod` that lead to the node at `node`.
///
/// # Errors
/// Where the namespace cannot be entered or the kernel does not answer.
pub(crate) fn all(node: &Path, pod: &Path) -> Result<Vec<HostEnd>, HostEndError> {
    let (links, addresses) = of_pod(pod)?;
    let mut found = Vec::new();
    for link in links {
        match joined(node, pod, link, &addresses) {
            Ok(end) => found.push(end),
            Err(HostEndError::NotVeth { .. } | HostEndError::Elsewhere(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The addresses of the network namespace at `node`, the host's own loopback ones left out.
///
/// # Errors
/// Where the kernel does not answer.
pub(crate) fn addresses_of_node(node: &Path) -> Result<Vec<IpAddr>, HostEndError> {
    let addresses = asked(node, |handle| async move { addresses(&handle).await })?;
    let mut found: Vec<IpAddr> = addresses.into_iter().map(|(_, address)| address).collect();
    found.retain(|address| !address.is_loopback());
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

type Addresses = Vec<(u32, IpAddr)>;

fn of_pod(pod: &Path) -> Result<(Vec<Link>, Addresses), HostEndError> {
    asked(pod, |handle| async move { Ok((links(&handle).await?, addresses(&handle).await?)) })
}

fn joined(
    node: &Path,
    pod: &Path,
    link: Link,
    addresses: &Addresses,
) -> Result<HostEnd, HostEndError> {
    if link.kind != VETH {
        return Err(HostEndError::NotVeth { name: link.name, kind: link.kind });
    }
    let elsewhere = || HostEndError::Elsewhere(link.name.clone());
    let index = link.peer.filter(|_| link.peer_namespace.is_some()).ok_or_else(elsewhere)?;
    let pod = File::open(pod)?;
    let (number, back) = asked(node, |handle| async move {
        Ok((number_of(&handle, &pod).await?, link_at(&handle, index).await?))
    })?;
    let leads_back = back.is_some_and(|back| {
        back.kind == VETH
            && back.peer == Some(link.index)
            && number.is_some()
            && back.peer_namespace == number
    });
    let mac = <[u8; 6]>::try_from(link.mac.as_slice()).ok().filter(|_| leads_back);
    let of_link = addresses.iter().filter(|(at, _)| *at == link.index);
    let of_link = of_link.map(|(_, address)| *address).filter(|address| !is_link_local(*address));
    Ok(HostEnd {
        index,
        mac: mac.ok_or_else(elsewhere)?,
        addresses: of_link.collect(),
        name: link.name,
    })
}

const VETH: &str = "veth";

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Asks the kernel something in a network namespace.
fn asked<T: Send, W: Future<Output = Result<T, rtnetlink::Error>>>(
    netns: &Path,
    work: impl FnOnce(Handle) -> W + Send,
) -> Result<T, HostEndError> {
    netns::within(netns, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let (connection, handle, _) = rtnetlink::new_connection()?;
            let connection = tokio::spawn(connection);
            let answer = work(handle).await;
            connection.abort();
            Ok(answer?)
        })
    })
}

async fn links(handle: &Handle) -> Result<Vec<Link>, rtnetlink::Error> {
    let found: Vec<LinkMessage> = handle.link().get().execute().try_collect().await?;
    Ok(found.iter().map(link).collect())
}

/// Nothing where no link has this index.
async fn link_at(handle: &Handle, index: u32) -> Result<Option<Link>, rtnetlink::Error> {
    match handle.link().get().match_index(index).execute().try_next().await {
        Ok(found) => Ok(found.as_ref().map(link)),
        Err(rtnetlink::Error::NetlinkError(refused))
            if refused.raw_code() == -nix::libc::ENODEV =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn addresses(handle: &Handle) -> Result<Addresses, rtnetlink::Error> {
    let mut all = handle.address().get().execute();
    let mut found = Vec::new();
    while let Some(message) = all.try_next().await? {
        let own = message.attributes.iter().filter_map(|attribute| match attribute {
            AddressAttribute::Local(address) => Some((0, *address)),
            AddressAttribute::Address(address) => Some((1, *address)),
            _ => None,
        });
        // On a link to one neighbour `Address` is the neighbour's, and `Local` the own one.
        let own = own.min_by_key(|(order, _)| *order);
        found.extend(own.map(|(_, address)| (message.header.index, address)));
    }
    Ok(found)
}

/// The number by which the namespace of `handle` knows another; nothing where it knows none.
async fn number_of(handle: &Handle, other: &File) -> Result<Option<i32>, rtnetlink::Error> {
    let mut message = NsidMessage::default();
    message.attributes.push(NsidAttribute::Fd(other.as_raw_fd().unsigned_abs()));
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::GetNsId(message));
    request.header.flags = NLM_F_REQUEST;
    let mut answers = handle.clone().request(request)?;
    while let Some(answer) = futures::StreamExt::next(&mut answers).await {
        match answer.payload {
            NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewNsId(known)) => {
                let number = known.attributes.iter().find_map(|attribute| match attribute {
                    NsidAttribute::Id(number) => Some(*number),
                    _ => None,
                });
                return Ok(number.filter(|number| *number >= 0));
            }
            NetlinkPayload::Error(error) => return Err(rtnetlink::Error::NetlinkError(error)),
            _ => {}
        }
    }
    Ok(None)
}

fn link(message: &LinkMessage) -> Link {
    let mut found = Link {
        name: String::new(),
        index: message.header.index,
        kind: "of no kind".to_owned(),
        peer: None,
        peer_namespace: None,
        mac: Vec::new(),
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => found.name.clone_from(name),
            LinkAttribute::Link(peer) => found.peer = Some(*peer),
            LinkAttribute::LinkNetNsId(number) => found.peer_namespace = Some(*number),
            LinkAttribute::Address(mac) => found.mac.clone_from(mac),
            LinkAttribute::LinkInfo(infos) => {
                found.kind = kind(infos).unwrap_or(found.kind);
            }
            _ => {}
        }
    }
    found
}

fn kind(infos: &[LinkInfo]) -> Option<String> {
    infos.iter().find_map(|info| match info {
        LinkInfo::Kind(InfoKind::Veth) => Some(VETH.to_owned()),
        LinkInfo::Kind(kind) => Some(kind.to_string()),
        _ => None,
    })
}
