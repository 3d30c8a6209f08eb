//! The node's network and the pods' places in it: namespaces that stay, veths that come and go.
//!
//! It is routed, and neighbours are written down, so that no packet waits for an answer to a question
//! and none is lost but by the programs.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::try_join_all;
use model::Family;
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags};
use rtnetlink::packet_route::link::{InfoData, InfoVeth, LinkAttribute, LinkMessage, State};
use rtnetlink::packet_route::route::{RouteMessage, RouteScope};
use rtnetlink::{
    AddressAddRequest, Handle, LinkMessageBuilder, LinkUnspec, LinkVeth, RouteMessageBuilder,
};
use thiserror::Error;

use crate::netns::Netns;
use crate::pod::Pod;

/// The index of every pod's one device.
const POD_DEVICE: u32 = 99;
const LOOPBACK: u32 = 1;
/// How often a device is asked whether it is up.
const POLL: Duration = Duration::from_millis(1);
/// The next hop of all pods; nobody has these addresses, their neighbours are written down.
const GATEWAYS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1)),
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)),
];
/// How many requests the node's kernel is given at the same time.
const AT_ONCE: usize = 4;

/// Why the network cannot be made.
#[derive(Debug, Error)]
pub enum FabricError {
    /// A namespace.
    #[error("a network namespace cannot be made")]
    Netns(#[from] io::Error),
    /// The kernel refused a step.
    #[error("the kernel refused {step} of {pod}")]
    Refused {
        /// Which.
        step: &'static str,
        /// For whom.
        pod: String,
        /// What it said.
        source: rtnetlink::Error,
    },
    /// There is no such place.
    #[error("there is no place {0}")]
    Place(usize),
}

/// Where a pod can be.
#[derive(Debug)]
struct Place {
    netns: Arc<Netns>,
    handle: Handle,
}

/// The node and all places.
#[derive(Debug)]
pub(crate) struct Fabric {
    node: Netns,
    handles: Vec<Handle>,
    places: Vec<Place>,
}

impl Fabric {
    /// A node with this many places, all empty.
    pub(crate) fn new(places: usize) -> Result<Self, FabricError> {
        let node = Netns::new()?;
        let handles = (0..AT_ONCE).map(|_| connect(&node)).collect::<Result<_, _>>()?;
        let place = |_| {
            let netns = Netns::new()?;
            Ok(Place { handle: connect(&netns)?, netns: Arc::new(netns) })
        };
        let places = (0..places).map(place).collect::<io::Result<_>>()?;
        Ok(Self { node, handles, places })
    }

    /// The node's namespace.
    pub(crate) fn node(&self) -> &Netns {
        &self.node
    }

    /// The namespace of a place.
    pub(crate) fn netns(&self, place: usize) -> Result<Arc<Netns>, FabricError> {
        Ok(Arc::clone(&self.place(place)?.netns))
    }

    /// Plugs pods in, as a CNI plugin does.
    pub(crate) async fn plug(&self, pods: &[Pod]) -> Result<(), FabricError> {
        try_join_all(pods.iter().map(|pod| self.plug_one(pod))).await.map(drop)
    }

    /// Removes the veths of pods.
    pub(crate) async fn unplug(&self, pods: &[Pod]) -> Result<(), FabricError> {
        let removed = pods.iter().map(|pod| async move {
            let done = self.handle(pod).link().del(pod.interface()).execute().await;
            done.map_err(refused("the removal", pod))
        });
        try_join_all(removed).await.map(drop)
    }

    async fn plug_one(&self, pod: &Pod) -> Result<(), FabricError> {
        let (node, place) = (self.handle(pod), self.place(pod.place)?);
        let veth = veth(pod, &place.netns);
        node.link().add(veth).execute().await.map_err(refused("the veth", pod))?;
        let there = &place.handle;
        for device in [LOOPBACK, POD_DEVICE] {
            let up = LinkUnspec::new_with_index(device).up().build();
            there.link().set(up).execute().await.map_err(refused("the device", pod))?;
        }
        self.address(pod).await?;
        for (handle, device) in [(node, pod.interface()), (there, POD_DEVICE)] {
            await_up(handle, device).await.map_err(refused("the state", pod))?;
        }
        Ok(())
    }

    /// Gives a pod its addresses, and both ends their routes and neighbours.
    async fn address(&self, pod: &Pod) -> Result<(), FabricError> {
        let there = &self.place(pod.place)?.handle;
        let families = [Family::V4, Family::V6].into_iter().zip(GATEWAYS);
        let each = families.map(|(family, gateway)| async move {
            self.lead(pod, family).await?;
            let mac = pod.mac(true);
            let neighbour = there.neighbours().add(POD_DEVICE, gateway).link_layer_address(&mac);
            neighbour.replace().execute().await.map_err(refused("the neighbour", pod))?;
            let out = default_route(gateway);
            there.route().add(out).replace().execute().await.map_err(refused("a route", pod))
        });
        try_join_all(each).await.map(drop)
    }

    /// Gives a pod its address of a family, and the node the way to it.
    async fn lead(&self, pod: &Pod, family: Family) -> Result<(), FabricError> {
        let (node, there) = (self.handle(pod), &self.place(pod.place)?.handle);
        let address = pod.ip(family);
        own(there, address).replace().execute().await.map_err(refused("the address", pod))?;
        let neighbour = node.neighbours().add(pod.interface(), address);
        let neighbour = neighbour.link_layer_address(&pod.mac(false)).replace();
        neighbour.execute().await.map_err(refused("the neighbour", pod))?;
        let route = direct(address, pod.interface());
        node.route().add(route).replace().execute().await.map_err(refused("a route", pod))
    }

    /// Gives the addresses of pods that are gone to nobody, and their veths to the pods that have
    /// their places. A new address comes before the old one goes, which keeps the other routes.
    pub(crate) async fn replace(&self, olds: &[Pod], news: &[Pod]) -> Result<(), FabricError> {
        let both = |pods: &[Pod]| -> Vec<(Pod, Family)> {
            pods.iter()
                .flat_map(|pod| [Family::V4, Family::V6].map(|family| (*pod, family)))
                .collect()
        };
        try_join_all(both(olds).iter().map(|(pod, family)| async move {
            let route = direct(pod.ip(*family), pod.interface());
            let gone = self.handle(pod).route().del(route).execute().await;
            gone.map_err(refused("no route", pod))
        }))
        .await?;
        try_join_all(both(news).iter().map(|(pod, family)| self.lead(pod, *family))).await?;
        let stays =
            |old: &Pod| news.iter().any(|new| (new.place, new.address) == (old.place, old.address));
        let going: Vec<Pod> = olds.iter().filter(|old| !stays(old)).copied().collect();
        try_join_all(both(&going).iter().map(|(pod, family)| async move {
            let there = &self.place(pod.place)?.handle;
            let message = own(there, pod.ip(*family)).message_mut().clone();
            let gone = there.address().del(message).execute().await;
            gone.map_err(refused("no address", pod))
        }))
        .await
        .map(drop)
    }

    fn place(&self, place: usize) -> Result<&Place, FabricError> {
        self.places.get(place).ok_or(FabricError::Place(place))
    }

    #[expect(clippy::indexing_slicing, reason = "there are as many as the remainder is of")]
    fn handle(&self, pod: &Pod) -> &Handle {
        &self.handles[pod.place % AT_ONCE]
    }
}

/// A connection to the kernel about a namespace.
fn connect(netns: &Netns) -> io::Result<Handle> {
    let (connection, handle, _) = netns.within(rtnetlink::new_connection)?;
    tokio::spawn(connection);
    Ok(handle)
}

fn refused(step: &'static str, pod: &Pod) -> impl FnOnce(rtnetlink::Error) -> FabricError {
    let pod = pod.name();
    move |source| FabricError::Refused { step, pod, source }
}

fn veth(pod: &Pod, netns: &Netns) -> LinkMessage {
    let peer = LinkMessageBuilder::<LinkUnspec>::new()
        .name("eth0")
        .index(POD_DEVICE)
        .address(pod.mac(false).to_vec())
        .setns_by_fd(netns.file().as_raw_fd())
        .build();
    LinkMessageBuilder::<LinkVeth>::new(&format!("pod{}", pod.place), "eth0")
        .index(pod.interface())
        .address(pod.mac(true).to_vec())
        .set_info_data(InfoData::Veth(InfoVeth::Peer(peer)))
        .up()
        .build()
}

fn own(handle: &Handle, address: IpAddr) -> AddressAddRequest {
    let length = if address.is_ipv4() { 32 } else { 128 };
    let mut request = handle.address().add(POD_DEVICE, address, length);
    let message = request.message_mut();
    message.attributes.retain(|entry| !matches!(entry, AddressAttribute::Broadcast(_)));
    if address.is_ipv6() {
        message.header.flags |= AddressHeaderFlags::Nodad;
    }
    request
}

/// A device hears of its carrier a little later, and drops what it is to send before.
async fn await_up(handle: &Handle, device: u32) -> Result<(), rtnetlink::Error> {
    let is_up = |link: &LinkMessage| link.attributes.contains(&LinkAttribute::OperState(State::Up));
    let found = async || handle.link().get().match_index(device).execute().try_next().await;
    while !found().await?.is_some_and(|link| is_up(&link)) {
        crate::clock::pass(POLL).await;
    }
    Ok(())
}

fn direct(to: IpAddr, device: u32) -> RouteMessage {
    match to {
        IpAddr::V4(to) => RouteMessageBuilder::<Ipv4Addr>::new()
            .destination_prefix(to, 32)
            .output_interface(device)
            .scope(RouteScope::Link)
            .build(),
        IpAddr::V6(to) => RouteMessageBuilder::<Ipv6Addr>::new()
            .destination_prefix(to, 128)
            .output_interface(device)
            .build(),
    }
}

fn default_route(gateway: IpAddr) -> RouteMessage {
    match gateway {
        IpAddr::V4(gateway) => RouteMessageBuilder::<Ipv4Addr>::new()
            .output_interface(POD_DEVICE)
            .gateway(gateway)
            .onlink()
            .build(),
        IpAddr::V6(gateway) => RouteMessageBuilder::<Ipv6Addr>::new()
            .output_interface(POD_DEVICE)
            .gateway(gateway)
            .onlink()
            .build(),
    }
}
