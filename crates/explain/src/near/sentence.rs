//! A near miss in one sentence: what would be allowed, and what is so instead.
//!
//! It says both halves, because whoever reads it must decide which of them is wrong.

use model::{Direction, End, PortMatch, PortRange, Ports, Requirement, Rule, Selector};

use super::Denying;
use super::condition::{Miss, key, other_word};
use crate::name;

const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The sentence, without a full stop.
pub(crate) fn sentence(denying: &Denying<'_>, rule: &Rule, miss: &Miss) -> String {
    let asked = denying.flow.traffic();
    let other = other_word(denying.direction);
    let own = name::of_end(denying.input.world, denying.flow, denying.direction);
    let way = match denying.direction {
        Direction::Egress => "to",
        Direction::Ingress => "from",
    };
    let whom = match name::other(denying.flow, denying.direction) {
        End::Host { .. } => "nodes",
        End::Pod { .. } | End::UnknownPod { .. } | End::External { .. } | End::Domain { .. } => {
            "pods"
        }
    };
    match miss {
        Miss::Port { .. } | Miss::Protocol => {
            let ports = ports(rule);
            format!("the {other} is allowed on {ports} only; {asked} was asked for")
        }
        Miss::Portless => {
            let ports = ports(rule);
            format!(
                "the {other} is allowed on {ports} only; a rule that lists ports never allows {asked}"
            )
        }
        Miss::PortName { name, number: Some(number) } => format!(
            "the {other} is allowed on port `{name}` only, which is {number} at the destination; \
             {asked} was asked for"
        ),
        Miss::PortName { name, number: None } => format!(
            "the {other} is allowed on port `{name}` only, which the destination does not have; \
             {asked} was asked for"
        ),
        Miss::Namespace { wanted, got } if key(wanted) == NAMESPACE_NAME => {
            let (wanted, got) = (namespaces(wanted), got.as_deref().unwrap_or_default());
            format!("{asked} is allowed {way} {wanted} only; the {other} is in `{got}`")
        }
        Miss::Namespace { wanted, got } => {
            let (words, got) = (words(wanted), has(wanted, got.as_deref()));
            format!(
                "{asked} is allowed {way} namespaces with `{words}` only; that of the {other} {got}"
            )
        }
        Miss::Label { wanted, got } => {
            let (words, got) = (words(wanted), has(wanted, got.as_deref()));
            format!("{asked} is allowed {way} {whom} with `{words}` only; the {other} {got}")
        }
        Miss::Outside { cidr, address } => {
            format!("{asked} is allowed {way} {cidr} only; the {other} is {address}")
        }
        Miss::Excepted { cidr, except, address } => format!(
            "{asked} is allowed {way} {cidr} except {except} only; the {other} is {address}, inside \
             the exception"
        ),
        Miss::Unknown { cidr } => {
            format!("{asked} is allowed {way} {cidr} only; the address of the {other} is not known")
        }
        Miss::Direction => {
            let (has, needs) = (rule.direction(), denying.direction);
            format!("this rule speaks of {has} only; {own} needs one of {needs}")
        }
        Miss::Subject { wanted, got } => {
            let (words, got) = (words(wanted), has(wanted, got.as_deref()));
            format!("this rule would allow it, but its policy selects `{words}`; {own} {got}")
        }
        Miss::SubjectNamespace { wanted } => {
            let wanted = match key(wanted) == NAMESPACE_NAME {
                true => format!("is for {}", namespaces(wanted)),
                false => format!("selects namespaces with `{}`", words(wanted)),
            };
            let pod = denying.input.world.pod(denying.pod);
            format!(
                "this rule would allow it, but its policy {wanted}; {own} is in `{}`",
                pod.namespace
            )
        }
    }
}

fn words(requirement: &Requirement) -> String {
    analysis::selector_words(&Selector::from_iter([requirement.clone()]))
}

fn has(wanted: &Requirement, got: Option<&str>) -> String {
    let key = key(wanted);
    match got {
        Some(got) => format!("has `{key}={got}`"),
        None => format!("has no label `{key}`"),
    }
}

/// Namespaces by their names.
fn namespaces(wanted: &Requirement) -> String {
    match wanted {
        Requirement::In { values, .. } => {
            let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            let word = if names.len() == 1 { "namespace" } else { "namespaces" };
            format!("{word} {}", names.join(", "))
        }
        Requirement::NotIn { .. }
        | Requirement::Exists { .. }
        | Requirement::DoesNotExist { .. } => {
            format!("namespaces with `{}`", words(wanted))
        }
    }
}

fn ports(rule: &Rule) -> String {
    let Ports::OneOf(ports) = &rule.ports else { return "every port".to_owned() };
    let each = ports.iter().map(|port| match port {
        PortMatch::Numbers { protocol, range } if *range == PortRange::ALL => {
            format!("every {protocol} port")
        }
        PortMatch::Numbers { protocol, range } if range.first() == range.last() => {
            format!("{}/{protocol}", range.first())
        }
        PortMatch::Numbers { protocol, range } => {
            format!("{}-{}/{protocol}", range.first(), range.last())
        }
        PortMatch::Named { protocol: Some(protocol), name } => format!("`{name}`/{protocol}"),
        PortMatch::Named { protocol: None, name } => format!("`{name}`"),
    });
    each.collect::<Vec<_>>().join(", ")
}
