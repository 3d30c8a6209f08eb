//! Reads a reason from the words in which it is shown.
//!
//! The corpus states reasons exactly as people see them, so one spelling is tested everywhere.

use model::{Builtin, Direction, PolicyKind, PolicyRef, Reason, RuleRef};

/// The reason whose display is `text`.
#[must_use]
pub fn reason(text: &str) -> Option<Reason> {
    let builtin = Builtin::ALL.iter().copied().find(|builtin| builtin.word() == text);
    match (builtin, text.strip_prefix("default-deny by ")) {
        (Some(builtin), _) => Some(Reason::Builtin(builtin)),
        (None, Some(policies)) => default_deny(policies),
        (None, None) => rule(text).map(Reason::Rule),
    }
}

fn default_deny(text: &str) -> Option<Reason> {
    let policies: Option<Vec<PolicyRef>> = text.split(", ").map(policy).collect();
    policies.filter(|policies| policies.is_sorted()).map(Reason::DefaultDeny)
}

/// `KIND NAME DIRECTION[INDEX]`.
pub(crate) fn rule(text: &str) -> Option<RuleRef> {
    let (policy_text, place) = text.rsplit_once(' ')?;
    let (direction, index) = place.strip_suffix(']')?.split_once('[')?;
    let direction = Direction::ALL.into_iter().find(|known| known.to_string() == direction)?;
    Some(RuleRef { policy: policy(policy_text)?, direction, index: index.parse().ok()? })
}

/// `KIND NAME` or `KIND NAMESPACE/NAME`.
fn policy(text: &str) -> Option<PolicyRef> {
    let (kind, name) = text.split_once(' ')?;
    let kind = KINDS.into_iter().find(|known| known.to_string() == kind)?;
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name),
        None => (None, name),
    };
    let is_namespaced = kind == PolicyKind::NetworkPolicy;
    (is_namespaced == namespace.is_some() && !name.contains(' ')).then(|| PolicyRef {
        name: name.to_owned(),
        namespace,
        kind,
    })
}

const KINDS: [PolicyKind; 4] = [
    PolicyKind::NetworkPolicy,
    PolicyKind::ClusterNetworkPolicy,
    PolicyKind::AdminNetworkPolicy,
    PolicyKind::BaselineAdminNetworkPolicy,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_back_from_what_it_shows() {
        for text in [
            "default-allow",
            "local-node",
            "NetworkPolicy shop/db ingress[0]",
            "ClusterNetworkPolicy guard egress[12]",
            "default-deny by NetworkPolicy shop/a, NetworkPolicy shop/b",
        ] {
            assert_eq!(reason(text).map(|reason| reason.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_never_shown_is_no_reason() {
        for text in [
            "",
            "default allow",
            "NetworkPolicy db ingress[0]",
            "ClusterNetworkPolicy shop/guard egress[0]",
            "NetworkPolicy shop/db ingress[x]",
            "default-deny by NetworkPolicy shop/b, NetworkPolicy shop/a",
            "default-deny by ",
        ] {
            assert_eq!(reason(text), None, "{text}");
        }
    }
}
