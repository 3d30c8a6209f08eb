//! Services: addresses, ports, and how their backends are found.

use std::net::IpAddr;

use model::{Protocol, Selector, Service, ServicePort, TargetPort};

use crate::check::{address, dns_label, port_number, protocol, word_or_number};
use crate::fields::{Fields, text};
use crate::object::Object;
use crate::reader::{Read, Reader};
use crate::selector::labels;
use crate::yaml::{Span, Tree};

const SPEC_READ: [&str; 5] = ["type", "clusterIP", "clusterIPs", "ports", "selector"];
const SPEC_OTHERS: [&str; 4] = ["externalIPs", "externalName", "ipFamilies", "ipFamilyPolicy"];
const PORT_READ: [&str; 4] = ["name", "port", "protocol", "targetPort"];
const PORT_OTHERS: [&str; 2] = ["nodePort", "appProtocol"];

/// Reads a Service.
pub(crate) fn service(object: &Object<'_>, reader: &mut Reader<'_>) -> Read<(Service, Span)> {
    let spec = object.fields.need("spec", reader)?;
    let fields = Fields::of(spec, "a Service's spec", reader)?;
    let fields = fields.reject_near(&SPEC_READ, &SPEC_OTHERS, reader)?;
    let kind = fields.optional("type", reader, text);
    let cluster = cluster_addresses(&fields, reader);
    let ports = fields.list("ports", reader, service_port);
    let selector = fields.optional("selector", reader, labels);
    let (cluster, external) = (cluster?, kind? == Some("ExternalName"));
    let selector = selector?.filter(|labels| labels.iter().next().is_some());
    let metadata = &object.metadata;
    let service = Service {
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        addresses: cluster.addresses,
        headless: cluster.none || external,
        ports: ports?.unwrap_or_default(),
        selector: selector.map(|labels| {
            let equal = labels.iter();
            equal.map(|(key, value)| model::Requirement::equals(key, value)).collect::<Selector>()
        }),
        endpoints: Vec::new(),
    };
    Ok((service, metadata.name_span))
}

#[derive(Default)]
struct ClusterAddresses {
    none: bool,
    addresses: Vec<IpAddr>,
}

/// `clusterIPs`, or `clusterIP` where that is all there is; the word None makes it headless.
fn cluster_addresses(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Read<ClusterAddresses> {
    let read = |node: Tree<'_>, field: &str, reader: &mut Reader<'_>| match node.text() {
        Some("None" | "") => Ok(None),
        Some(_) | None => address(node, field, reader).map(Some),
    };
    let listed = fields.list("clusterIPs", reader, read)?;
    let single = fields.optional("clusterIP", reader, read)?;
    let none = fields.get("clusterIP").and_then(Tree::text) == Some("None")
        || listed.iter().flatten().any(Option::is_none);
    let addresses = match listed {
        Some(listed) => listed.into_iter().flatten().collect(),
        None => single.flatten().into_iter().collect(),
    };
    Ok(ClusterAddresses { none, addresses })
}

fn service_port(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<ServicePort> {
    let fields = Fields::of(node, "a Service's port", reader)?;
    let fields = fields.reject_near(&PORT_READ, &PORT_OTHERS, reader)?;
    let name = fields.optional("name", reader, dns_label);
    let port = fields.required("port", reader, port_number);
    let protocol = fields.optional("protocol", reader, protocol);
    let target = fields.optional("targetPort", reader, |node, field, reader| {
        word_or_number(node, field, reader, TargetPort::Number, TargetPort::Name)
    });
    let port = port?;
    Ok(ServicePort {
        name: name?,
        protocol: protocol?.unwrap_or(Protocol::Tcp),
        port,
        target: target?.unwrap_or(TargetPort::Number(port)),
    })
}
