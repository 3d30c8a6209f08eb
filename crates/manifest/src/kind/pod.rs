//! Pods and pod templates: what a verdict or a lab needs of them, and nothing else.

use std::net::IpAddr;

use model::{ContainerPort, Family, Labels, Protocol};

use crate::check::{address, dns_label, dns_subdomain, port_name, port_number, protocol};
use crate::fields::{Fields, boolean, text};
use crate::metadata::OwnerReference;
use crate::object::Object;
use crate::reader::{Read, Reader, all};
use crate::yaml::{Span, Tree};

const SPEC_READ: [&str; 4] = ["nodeName", "hostNetwork", "containers", "initContainers"];
const SPEC_OTHERS: [&str; 4] = ["hostname", "nodeSelector", "ephemeralContainers", "hostAliases"];
const PORT_FIELDS: [&str; 3] = ["name", "containerPort", "protocol"];

/// What is read of a pod's spec.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodSpec {
    pub(crate) node: Option<String>,
    pub(crate) host_network: bool,
    pub(crate) containers: Vec<String>,
    pub(crate) ports: Vec<ContainerPort>,
}

/// A Pod object.
#[derive(Clone, Debug)]
pub(crate) struct PodRead {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) owner: Option<OwnerReference>,
    pub(crate) spec: PodSpec,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) host_addresses: Vec<IpAddr>,
    /// Completed or failed: it leaves every set (ruling N27), and still folds into its owner.
    pub(crate) ended: bool,
    pub(crate) span: Span,
}

/// Reads a Pod.
pub(crate) fn pod(object: &Object<'_>, reader: &mut Reader<'_>) -> Read<PodRead> {
    let spec = object.fields.required("spec", reader, pod_spec);
    let status = object.fields.optional("status", reader, status);
    let (spec, status) = (spec?, status?.unwrap_or_default());
    let metadata = &object.metadata;
    Ok(PodRead {
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        labels: metadata.labels.clone(),
        owner: metadata.owner.clone(),
        spec,
        addresses: status.addresses,
        host_addresses: status.host_addresses,
        ended: status.ended,
        span: metadata.name_span,
    })
}

/// Reads the spec of a pod or of a pod template.
pub(crate) fn pod_spec(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<PodSpec> {
    let fields = Fields::of(node, "a pod's spec", reader)?;
    let fields = fields.reject_near(&SPEC_READ, &SPEC_OTHERS, reader)?;
    let node_name = fields.optional("nodeName", reader, dns_subdomain);
    let host_network = fields.optional("hostNetwork", reader, boolean);
    let init = fields.list("initContainers", reader, container);
    let main = fields.required("containers", reader, |node, field, reader| {
        all(crate::fields::items(node, field, reader)?, |item| container(item, field, reader))
    });
    let (node, host_network) = (node_name?, host_network?.unwrap_or(false));
    let sidecars = init?.into_iter().flatten().filter(|container| container.restarts_always);
    let containers: Vec<Container> = sidecars.chain(main?).collect();
    let names = containers.iter().map(|container| container.name.clone()).collect();
    let ports = containers.into_iter().flat_map(|container| container.ports).collect();
    Ok(PodSpec { node, host_network, containers: names, ports })
}

struct Container {
    name: String,
    restarts_always: bool,
    ports: Vec<ContainerPort>,
}

fn container(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Container> {
    let fields = Fields::of(node, "a container", reader)?;
    let fields =
        fields.reject_near(&["ports", "restartPolicy"], &["restartPolicyRules"], reader)?;
    let name = fields.required("name", reader, dns_label);
    let restart = fields.optional("restartPolicy", reader, text);
    let ports = fields.list("ports", reader, container_port);
    let (name, restarts_always) = (name?, restart? == Some("Always"));
    let ports = ports?.into_iter().flatten();
    let ports = ports.map(|port| ContainerPort { container: name.clone(), ..port }).collect();
    Ok(Container { name, restarts_always, ports })
}

fn container_port(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<ContainerPort> {
    let fields = Fields::of(node, "a container's port", reader)?;
    let fields = fields.reject_near(&PORT_FIELDS, &["hostPort", "hostIP"], reader)?;
    let name = fields.optional("name", reader, port_name);
    let number = fields.required("containerPort", reader, port_number);
    let protocol = fields.optional("protocol", reader, protocol);
    Ok(ContainerPort {
        container: String::new(),
        name: name?,
        protocol: protocol?.unwrap_or(Protocol::Tcp),
        number: number?,
    })
}

#[derive(Default)]
struct Status {
    addresses: Vec<IpAddr>,
    host_addresses: Vec<IpAddr>,
    ended: bool,
}

fn status(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<Status> {
    let fields = Fields::of(node, "a pod's status", reader)?;
    let phase = fields.optional("phase", reader, text);
    let addresses = addresses_of(&fields, "podIPs", "podIP", reader);
    let host_addresses = addresses_of(&fields, "hostIPs", "hostIP", reader);
    let ended = matches!(phase?, Some("Succeeded" | "Failed"));
    Ok(Status { addresses: addresses?, host_addresses: host_addresses?, ended })
}

/// The list form, or the single form where that is all there is.
fn addresses_of(
    fields: &Fields<'_>,
    list: &str,
    single: &str,
    reader: &mut Reader<'_>,
) -> Read<Vec<IpAddr>> {
    let listed = fields.list(list, reader, |node, _, reader| {
        Fields::of(node, "an address", reader)?.required("ip", reader, address)
    })?;
    match listed {
        Some(addresses) => Ok(addresses),
        None => Ok(fields.optional(single, reader, address)?.into_iter().collect()),
    }
}

/// The first address of each family.
pub(crate) fn first_of_each_family(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first = |family| addresses.iter().copied().find(|address| Family::of(*address) == family);
    [first(Family::V4), first(Family::V6)].into_iter().flatten().collect()
}
