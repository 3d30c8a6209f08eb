//! Nodes: labels, addresses and their part of the pod network.

use std::net::IpAddr;

use ipnet::IpNet;
use model::Node;

use crate::check::{address, network};
use crate::fields::{Fields, text};
use crate::object::Object;
use crate::reader::{Read, Reader};
use crate::yaml::{Span, Tree};

/// A node and what it says about the pod network.
pub(crate) struct NodeRead {
    pub(crate) node: Node,
    pub(crate) pod_networks: Vec<IpNet>,
    pub(crate) span: Span,
}

/// Reads a Node.
pub(crate) fn node(object: &Object<'_>, reader: &mut Reader<'_>) -> Read<NodeRead> {
    let pod_networks = object.fields.optional("spec", reader, pod_networks);
    let addresses = object.fields.optional("status", reader, addresses);
    let metadata = &object.metadata;
    let node = Node {
        name: metadata.name.clone(),
        labels: metadata.labels.clone(),
        addresses: addresses?.unwrap_or_default(),
    };
    let pod_networks = pod_networks?.unwrap_or_default();
    Ok(NodeRead { node, pod_networks, span: metadata.name_span })
}

/// `podCIDRs`, or the older `podCIDR` where that is all there is.
fn pod_networks(spec: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Vec<IpNet>> {
    let fields = Fields::of(spec, "a node's spec", reader)?;
    let fields = fields.reject_near(&["podCIDRs", "podCIDR"], &[], reader)?;
    match fields.list("podCIDRs", reader, network)? {
        Some(networks) => Ok(networks),
        None => Ok(fields.optional("podCIDR", reader, network)?.into_iter().collect()),
    }
}

fn addresses(status: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Vec<IpAddr>> {
    let fields = Fields::of(status, "a node's status", reader)?;
    let listed = fields.list("addresses", reader, node_address)?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in listed.into_iter().flatten().flatten() {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// An address of the types that are IP addresses; the others are names.
fn node_address(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Option<IpAddr>> {
    let fields = Fields::of(node, "a node's address", reader)?;
    match fields.required("type", reader, text)? {
        "InternalIP" | "ExternalIP" => fields.required("address", reader, address).map(Some),
        _ => Ok(None),
    }
}
