//! Joins what single objects say into one world, and finds where they contradict each other.
//!
//! Only with all objects at hand can owners, slices and doubles be told, whatever their order.

use std::collections::{BTreeMap, HashMap};

use model::{Family, Labels, Service, WorldParts};

use crate::kind::endpoint_slice::EndpointSlice;
use crate::kind::node::NodeRead;
use crate::kind::pod::PodRead;
use crate::kind::workload::Workload;
use crate::lower::Policy;
use crate::problem::WorldError;
use crate::reader::Reader;
use crate::workload_pods::{Made, pods};
use crate::yaml::Span;

/// What was read, by kind.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) namespaces: Vec<(String, Labels)>,
    pub(crate) nodes: Vec<NodeRead>,
    pub(crate) pods: Vec<PodRead>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) services: Vec<(Service, Span)>,
    pub(crate) slices: Vec<EndpointSlice>,
    pub(crate) policies: Vec<Policy>,
}

/// The parts of a world that exists, and its pods with the places that they come from.
pub(crate) fn assemble(
    found: Found,
    policies: &[Policy],
    reader: &mut Reader<'_>,
) -> (WorldParts, Vec<Made>) {
    let mut made = pods(&found, policies, reader.options);
    made.sort_by(|Made { pod: one, .. }, Made { pod: other, .. }| {
        (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name))
    });
    let named = policies.iter().filter_map(|policy| policy.reference.namespace.clone());
    let mut namespaces: BTreeMap<String, Labels> =
        named.map(|namespace| (namespace, Labels::default())).collect();
    namespaces.extend(found.namespaces);
    let spans: BTreeMap<String, Span> =
        found.nodes.iter().map(|node| (node.node.name.clone(), node.span)).collect();
    let mut pod_networks = reader.options.pod_networks.clone();
    if pod_networks.is_empty() {
        pod_networks = found.nodes.iter().flat_map(|node| node.pod_networks.clone()).collect();
        pod_networks.sort_unstable();
        pod_networks.dedup();
    }
    let mut nodes: Vec<_> = found.nodes.into_iter().map(|node| node.node).collect();
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    let mut services = services(found.services, &found.slices, &made);
    services
        .sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    let pods = made.iter().map(|made| made.pod.clone()).collect();
    let parts = WorldParts { namespaces, pods, nodes, services, pod_networks };
    (settle(parts, &made, &spans, reader), made)
}

/// Slices count where the Service has no selector, or selects no pod that is known: otherwise each
/// backend would be there twice.
fn services(
    services: Vec<(Service, Span)>,
    slices: &[EndpointSlice],
    pods: &[Made],
) -> Vec<Service> {
    let mut local: HashMap<&str, Vec<&Made>> = HashMap::new();
    pods.iter().for_each(|made| local.entry(&made.pod.namespace).or_default().push(made));
    let complete = |(mut service, _): (Service, Span)| {
        let selects_pods = service.selector.as_ref().is_some_and(|selector| {
            let mut local = local.get(service.namespace.as_str()).into_iter().flatten();
            local.any(|made| selector.matches(&made.pod.labels))
        });
        if !selects_pods {
            let own = slices.iter().filter(|slice| {
                slice.namespace == service.namespace
                    && slice.service.as_deref() == Some(service.name.as_str())
            });
            service.endpoints = own.flat_map(|slice| slice.endpoints.clone()).collect();
        }
        service
    };
    services.into_iter().map(complete).collect()
}

/// Reports every contradiction, and takes the later claim away until the parts make a world. `spans` are
/// of nodes, whose names have no `/`.
fn settle(
    mut parts: WorldParts,
    made: &[Made],
    spans: &BTreeMap<String, Span>,
    reader: &mut Reader<'_>,
) -> WorldParts {
    let span = |name: &str| {
        let of_pod = || made.iter().rfind(|made| made.pod.to_string() == name);
        let of_node = spans.get(name).copied();
        of_node.or_else(|| Some(of_pod()?.span)).unwrap_or_default()
    };
    while let Err(error) = parts.check() {
        match error {
            model::WorldError::PodTwice { pod } => {
                let mut twins = made.iter().filter(|made| made.pod.to_string() == pod);
                let first = twins.next().map_or_else(Span::default, |made| made.span);
                let second = twins.next().map_or(first, |made| made.span);
                remove_last(&mut parts, &pod);
                reader.refuse_pair(second, first, WorldError::TwoPods { pod });
            }
            model::WorldError::NodeTwice { node } => {
                parts.nodes.dedup_by(|one, other| one.name == other.name);
                let object = format!("Node {node}");
                reader.refuse(span(&node), WorldError::TwoObjects { object });
            }
            model::WorldError::FamilyTwice { pod } => {
                keep_one_of_each_family(&mut parts, &pod);
                reader.refuse(span(&pod), WorldError::TwoOfAFamily { pod });
            }
            model::WorldError::AddressTwice { address, first, second } => {
                let addresses = |parts: &mut WorldParts, name: &str| {
                    for pod in parts.pods.iter_mut().filter(|pod| pod.to_string() == name) {
                        pod.addresses.retain(|own| *own != address);
                    }
                    for node in parts.nodes.iter_mut().filter(|node| node.name == name) {
                        node.addresses.retain(|own| *own != address);
                    }
                };
                addresses(&mut parts, &second);
                let (at, other) = (span(&second), span(&first));
                let address = address.to_string();
                reader.refuse_pair(at, other, WorldError::SharedAddress { address, first, second });
            }
        }
    }
    parts
}

fn remove_last(parts: &mut WorldParts, name: &str) {
    if let Some(at) = parts.pods.iter().rposition(|pod| pod.to_string() == name) {
        parts.pods.remove(at);
    }
}

fn keep_one_of_each_family(parts: &mut WorldParts, name: &str) {
    for pod in parts.pods.iter_mut().filter(|pod| pod.to_string() == name) {
        let first = [pod.address(Family::V4), pod.address(Family::V6)];
        pod.addresses = first.into_iter().flatten().collect();
    }
}
