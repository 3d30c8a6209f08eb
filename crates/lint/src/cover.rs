//! Whether what one rule says covers what another says, judged by their words alone.
//!
//! A pod that comes tomorrow must not make a reported redundancy wrong, so no pod is asked.

use ipnet::IpNet;
use model::{Block, Peer, Peers, PortMatch, Ports, Requirement, Rule, Selector, Subject};

/// Whether every label set that `narrow` selects is selected by `wide`. May be false although it
/// is so.
pub(crate) fn selector(wide: &Selector, narrow: &Selector) -> bool {
    wide.requirements().all(|wide| narrow.requirements().any(|narrow| implies(narrow, wide)))
}

fn implies(narrow: &Requirement, wide: &Requirement) -> bool {
    match (narrow, wide) {
        (Requirement::In { key, values }, Requirement::In { key: other, values: more }) => {
            key == other && values.iter().all(|value| more.contains(value))
        }
        (Requirement::In { key, values }, Requirement::NotIn { key: other, values: not }) => {
            key == other && !values.iter().any(|value| not.contains(value))
        }
        (
            Requirement::In { key, .. } | Requirement::Exists { key },
            Requirement::Exists { key: other },
        )
        | (
            Requirement::DoesNotExist { key },
            Requirement::DoesNotExist { key: other } | Requirement::NotIn { key: other, .. },
        ) => key == other,
        (Requirement::NotIn { key, values }, Requirement::NotIn { key: other, values: fewer }) => {
            key == other && fewer.iter().all(|value| values.contains(value))
        }
        (Requirement::In { .. }, Requirement::DoesNotExist { .. })
        | (
            Requirement::NotIn { .. },
            Requirement::In { .. } | Requirement::Exists { .. } | Requirement::DoesNotExist { .. },
        )
        | (Requirement::Exists { .. }, Requirement::In { .. } | Requirement::NotIn { .. })
        | (Requirement::Exists { .. }, Requirement::DoesNotExist { .. })
        | (Requirement::DoesNotExist { .. }, Requirement::In { .. } | Requirement::Exists { .. }) => {
            false
        }
    }
}

/// Whether `wide` speaks for every pod that `narrow` speaks for.
pub(crate) fn subject(wide: &Subject, narrow: &Subject) -> bool {
    selector(&wide.namespaces, &narrow.namespaces) && selector(&wide.pods, &narrow.pods)
}

/// Whether `wide` matches every peer and port that `narrow` matches.
pub(crate) fn matches(wide: &Rule, narrow: &Rule) -> bool {
    peers(&wide.peers, &narrow.peers) && ports(&wide.ports, &narrow.ports)
}

fn peers(wide: &Peers, narrow: &Peers) -> bool {
    match (wide, narrow) {
        (Peers::Any, _) => true,
        (Peers::OneOf(_), Peers::Any) => false,
        (Peers::OneOf(wide), Peers::OneOf(narrow)) => {
            narrow.iter().all(|narrow| wide.iter().any(|wide| peer(wide, narrow)))
        }
    }
}

fn peer(wide: &Peer, narrow: &Peer) -> bool {
    match (wide, narrow) {
        (
            Peer::Pods { namespaces, pods },
            Peer::Pods { namespaces: some_namespaces, pods: some_pods },
        ) => selector(namespaces, some_namespaces) && selector(pods, some_pods),
        (Peer::Block(wide), Peer::Block(narrow)) => block(wide, narrow),
        (Peer::Nodes(wide), Peer::Nodes(narrow)) => selector(wide, narrow),
        (Peer::Domain(wide), Peer::Domain(narrow)) => wide == narrow,
        (Peer::Pods { .. }, Peer::Block(_) | Peer::Nodes(_) | Peer::Domain(_))
        | (Peer::Block(_), Peer::Pods { .. } | Peer::Nodes(_) | Peer::Domain(_))
        | (Peer::Nodes(_), Peer::Pods { .. } | Peer::Block(_) | Peer::Domain(_))
        | (Peer::Domain(_), Peer::Pods { .. } | Peer::Block(_) | Peer::Nodes(_)) => false,
    }
}

fn block(wide: &Block, narrow: &Block) -> bool {
    let spared = |hole: &IpNet| {
        let outside = !hole.contains(&narrow.cidr()) && !narrow.cidr().contains(hole);
        outside || narrow.except().iter().any(|except| except.contains(hole))
    };
    wide.cidr().contains(&narrow.cidr()) && wide.except().iter().all(spared)
}

fn ports(wide: &Ports, narrow: &Ports) -> bool {
    match (wide, narrow) {
        (Ports::Any, _) => true,
        (Ports::OneOf(_), Ports::Any) => false,
        (Ports::OneOf(wide), Ports::OneOf(narrow)) => {
            narrow.iter().all(|narrow| wide.iter().any(|wide| port(wide, narrow)))
        }
    }
}

fn port(wide: &PortMatch, narrow: &PortMatch) -> bool {
    match (wide, narrow) {
        (
            PortMatch::Numbers { protocol, range },
            PortMatch::Numbers { protocol: other, range: part },
        ) => protocol == other && range.first() <= part.first() && part.last() <= range.last(),
        (
            PortMatch::Named { protocol, name },
            PortMatch::Named { protocol: other, name: other_name },
        ) => name == other_name && (protocol.is_none() || protocol == other),
        (PortMatch::Numbers { .. }, PortMatch::Named { .. })
        | (PortMatch::Named { .. }, PortMatch::Numbers { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(pairs: &[Requirement]) -> Selector {
        pairs.iter().cloned().collect()
    }

    #[test]
    fn fewer_requirements_cover_more() {
        let web = Requirement::equals("app", "web");
        let stable = Requirement::equals("stage", "stable");
        let both = selects(&[web.clone(), stable]);
        assert!(selector(&selects(std::slice::from_ref(&web)), &both));
        assert!(!selector(&both, &selects(&[web])));
        assert!(selector(&Selector::everything(), &both));
    }

    #[test]
    fn a_missing_key_satisfies_not_in_and_nothing_else() {
        let missing = selects(&[Requirement::DoesNotExist { key: "app".into() }]);
        let values = model::Values::new(["web"]).into_iter();
        let not_in: Selector =
            values.map(|values| Requirement::NotIn { key: "app".into(), values }).collect();
        assert!(selector(&not_in, &missing));
        assert!(!selector(&missing, &not_in));
        assert!(!selector(&Selector::equals("app", "web"), &missing));
    }

    #[test]
    fn an_exception_of_the_wide_block_must_be_one_of_the_narrow() {
        let net = |text: &str| -> IpNet { text.parse().unwrap_or_else(|_| unreachable!("{text}")) };
        let with = |cidr, except: &[&str]| {
            let except = except.iter().map(|text| net(text));
            Block::new(net(cidr), except).unwrap_or_else(|_| unreachable!("{cidr}"))
        };
        let wide = with("10.0.0.0/8", &["10.1.0.0/16"]);
        assert!(block(&wide, &with("10.2.0.0/16", &[])));
        assert!(!block(&wide, &with("10.1.2.0/24", &[])));
        assert!(!block(&wide, &with("10.0.0.0/8", &[])));
        assert!(block(&wide, &with("10.0.0.0/8", &["10.0.0.0/15"])));
    }
}
