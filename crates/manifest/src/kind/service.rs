//! Services: addresses, ports, and how their backends are found.

use std::net::IpAddr;

use model::{Protocol, Selector, Service, ServicePort, TargetPort};

use crate::check::{address, dns_label, in_range, port_number, protocol, word, word_or_number};
use crate::fields::{Fields, text};
use crate::object::Object;
use crate::problem::ObjectError;
use crate::reader::{Read, Reader};
use crate::selector::labels;
use crate::yaml::{Span, Tree};

const SPEC_READ: [&str; 7] = [
    "type",
    "clusterIP",
    "clusterIPs",
    "ports",
    "selector",
    "sessionAffinity",
    "sessionAffinityConfig",
];
const SPEC_OTHERS: [&str; 4] = ["externalIPs", "externalName", "ipFamilies", "ipFamilyPolicy"];
const AFFINITIES: [(&str, bool); 2] = [("None", false), ("ClientIP", true)];
/// What an API server writes where a Service says nothing, and the most that it takes.
const AFFINITY_SECONDS: u32 = 10_800;
const AFFINITY_SECONDS_MAX: i64 = 86_400;
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
    let affinity_seconds = affinity(&fields, reader);
    let (cluster, external) = (cluster?, kind? == Some("ExternalName"));
    let selector = selector?.filter(|labels| labels.iter().next().is_some());
    let metadata = &object.metadata;
    let service = Service {
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        addresses: cluster.addresses,
        headless: cluster.none || external,
        affinity_seconds: affinity_seconds?,
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

/// How long a client keeps its backend; without affinity there is nothing to configure.
fn affinity(fields: &Fields<'_>, reader: &mut Reader<'_>) -> Read<Option<u32>> {
    let by_client = fields.optional("sessionAffinity", reader, |node, field, reader| {
        word(node, field, &AFFINITIES, reader)
    })?;
    let config = fields.get("sessionAffinityConfig");
    match (by_client, config) {
        (Some(true), Some(config)) => affinity_seconds(config, reader).map(Some),
        (Some(true), None) => Ok(Some(AFFINITY_SECONDS)),
        (Some(false) | None, None) => Ok(None),
        (Some(false) | None, Some(config)) => {
            let field = "sessionAffinityConfig".to_owned();
            let of = "a Service's spec without sessionAffinity: ClientIP";
            let error = ObjectError::UnknownField { field, of, near: None, deeper: false };
            Err(reader.refuse(config.span(), error))
        }
    }
}

fn affinity_seconds(config: Tree<'_>, reader: &mut Reader<'_>) -> Read<u32> {
    let fields = Fields::strict(config, "sessionAffinityConfig", &["clientIP"], reader)?;
    let Some(client) = fields.get("clientIP") else { return Ok(AFFINITY_SECONDS) };
    let fields = Fields::strict(client, "clientIP", &["timeoutSeconds"], reader)?;
    let seconds = fields.optional("timeoutSeconds", reader, |node, field, reader| {
        in_range(node, field, (1, AFFINITY_SECONDS_MAX), reader)
    })?;
    Ok(seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(AFFINITY_SECONDS))
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
