//! EndpointSlices: the ready backends that a cluster states for a Service.

use std::net::IpAddr;

use model::{Backend, Protocol, ServiceEndpoint};

use crate::check::{address, port_number, protocol};
use crate::fields::{Fields, boolean, text};
use crate::object::Object;
use crate::reader::{Read, Reader};
use crate::yaml::Tree;

/// The endpoints of one slice.
pub(crate) struct EndpointSlice {
    pub(crate) namespace: String,
    /// The Service, by the label `kubernetes.io/service-name`; a slice without it is nobody's.
    pub(crate) service: Option<String>,
    pub(crate) endpoints: Vec<ServiceEndpoint>,
}

/// Reads an EndpointSlice.
pub(crate) fn endpoint_slice(object: &Object<'_>, reader: &mut Reader<'_>) -> Read<EndpointSlice> {
    let kind = object.fields.required("addressType", reader, text);
    let ports = object.fields.list("ports", reader, port);
    let is_names = kind? == "FQDN";
    let addresses = match is_names {
        true => Ok(None),
        false => object.fields.list("endpoints", reader, endpoint),
    };
    let (ports, addresses) = (ports?.unwrap_or_default(), addresses?.unwrap_or_default());
    let addresses: Vec<IpAddr> = addresses.into_iter().flatten().collect();
    let on_port = |port: &Port| {
        let (name, protocol, number) = (port.name.clone(), port.protocol, port.number);
        let of = move |address: &IpAddr| ServiceEndpoint {
            port_name: name.clone(),
            backend: Backend { address: *address, protocol, port: number },
        };
        addresses.iter().map(of).collect::<Vec<_>>()
    };
    Ok(EndpointSlice {
        namespace: object.metadata.namespace.clone(),
        service: object.metadata.labels.get("kubernetes.io/service-name").map(str::to_owned),
        endpoints: ports.iter().flatten().flat_map(on_port).collect(),
    })
}

struct Port {
    name: Option<String>,
    protocol: Protocol,
    number: u16,
}

/// A port without a number means all ports, which no Service port can be.
fn port(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Option<Port>> {
    let fields = Fields::of(node, "a slice's port", reader)?;
    let name = fields.optional("name", reader, text);
    let number = fields.optional("port", reader, port_number);
    let protocol = fields.optional("protocol", reader, protocol);
    let name = name?.filter(|name| !name.is_empty()).map(str::to_owned);
    let protocol = protocol?.unwrap_or(Protocol::Tcp);
    Ok(number?.map(|number| Port { name, protocol, number }))
}

/// The addresses of an endpoint that is ready; unknown counts as ready.
fn endpoint(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Vec<IpAddr>> {
    let fields = Fields::of(node, "an endpoint", reader)?;
    let ready = fields.optional("conditions", reader, |node, _, reader| {
        Fields::of(node, "an endpoint's conditions", reader)?.optional("ready", reader, boolean)
    });
    let addresses = fields.list("addresses", reader, address);
    let (ready, addresses) = (ready?.flatten().unwrap_or(true), addresses?.unwrap_or_default());
    Ok(if ready { addresses } else { Vec::new() })
}
