//! AdminNetworkPolicy and BaselineAdminNetworkPolicy, `policy.networking.k8s.io/v1alpha1`.
//!
//! They are superseded, but clusters still have them, so they lower to the same rules.

use model::{Action, PolicyKind, PortMatch, PortRange, Protocol, Tier};

use super::cluster_network_policy::{Dialect, one_of, priority, read};
use crate::check::{port_name, port_number, protocol, range};
use crate::fields::Fields;
use crate::lower::Policy;
use crate::object::Object;
use crate::problem::{PolicyError, Warning};
use crate::reader::{Read, Reader};
use crate::yaml::Tree;

/// Behind every Baseline ClusterNetworkPolicy.
const BASELINE_GROUP: u16 = 1001;

const ADMIN: Dialect = Dialect {
    actions: &[("Allow", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)],
    list_max: 100,
    ports_field: "ports",
    ports: port,
    domains: true,
};

const BASELINE: Dialect = Dialect {
    actions: &[("Allow", Action::Allow), ("Deny", Action::Deny)],
    list_max: 100,
    ports_field: "ports",
    ports: port,
    domains: false,
};

/// Reads and lowers an AdminNetworkPolicy.
pub(crate) fn admin_network_policy(object: &Object<'_>, reader: &mut Reader<'_>) -> Policy {
    superseded(object, "AdminNetworkPolicy", reader);
    let known = ["priority", "subject", "ingress", "egress"];
    let stage = |fields: &Fields<'_>, reader: &mut Reader<'_>| {
        let (group, span) = fields.required("priority", reader, priority)?;
        Ok((Tier::Admin, group, span))
    };
    read(object, PolicyKind::AdminNetworkPolicy, &known, &ADMIN, stage, reader)
}

/// Reads and lowers the BaselineAdminNetworkPolicy.
pub(crate) fn baseline_admin_network_policy(
    object: &Object<'_>,
    reader: &mut Reader<'_>,
) -> Policy {
    superseded(object, "BaselineAdminNetworkPolicy", reader);
    let metadata = &object.metadata;
    let stage = |_: &Fields<'_>, reader: &mut Reader<'_>| match metadata.name.as_str() {
        "default" => Ok((Tier::Baseline, BASELINE_GROUP, metadata.name_span)),
        name => {
            let error = PolicyError::NotDefault { name: name.to_owned() };
            Err(reader.refuse(metadata.name_span, error))
        }
    };
    let known = ["subject", "ingress", "egress"];
    read(object, PolicyKind::BaselineAdminNetworkPolicy, &known, &BASELINE, stage, reader)
}

fn superseded(object: &Object<'_>, kind: &'static str, reader: &mut Reader<'_>) {
    reader.warn(object.metadata.name_span, Warning::Superseded { kind });
}

fn port(node: Tree<'_>, reader: &mut Reader<'_>) -> Read<Vec<PortMatch>> {
    let members = ["portNumber", "portRange", "namedPort"];
    let fields = Fields::strict(node, "a port", &members, reader)?;
    let port = match one_of(&fields, &members, reader)? {
        "portNumber" => fields.required("portNumber", reader, single)?,
        "portRange" => fields.required("portRange", reader, several)?,
        _ => {
            let name = fields.required("namedPort", reader, port_name)?;
            PortMatch::Named { protocol: None, name }
        }
    };
    Ok(vec![port])
}

fn single(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<PortMatch> {
    let fields = Fields::strict(node, "portNumber", &["protocol", "port"], reader)?;
    let protocol = fields.optional("protocol", reader, protocol);
    let port = fields.required("port", reader, port_number);
    let protocol = protocol?.unwrap_or(Protocol::Tcp);
    Ok(PortMatch::Numbers { protocol, range: PortRange::single(port?) })
}

fn several(node: Tree<'_>, _: &str, reader: &mut Reader<'_>) -> Read<PortMatch> {
    let fields = Fields::strict(node, "portRange", &["protocol", "start", "end"], reader)?;
    let protocol = fields.optional("protocol", reader, protocol);
    let start = fields.required("start", reader, port_number);
    let end = fields.required("end", reader, port_number);
    let protocol = protocol?.unwrap_or(Protocol::Tcp);
    Ok(PortMatch::Numbers { protocol, range: range(node, start?, end?, reader)? })
}
