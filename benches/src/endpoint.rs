//! One endpoint with many rules: about a peer of its own each, or about more ports of the same peers.
//!
//! The first is the worst case for a table of classes: every rule splits one more class off.

use std::net::{IpAddr, Ipv4Addr};

use model::{
    Action, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldError, WorldParts,
};

const NAMESPACE: &str = "bench";

/// A pod that is the subject of `rules` rules, and the `peers` pods that they are about. The first
/// rules are about one peer each; the next as many are about the same peers and the next port.
///
/// # Errors
/// Never for counts that fit a /8.
pub fn endpoint(peers: u32, rules: u32) -> Result<(World, Rules), WorldError> {
    let others = (1..=peers).map(|number| pod(number, format!("peer{number}"), "elsewhere"));
    let pods = std::iter::once(pod(0, "subject".to_owned(), "here")).chain(others).collect();
    let world = World::new(WorldParts { pods, ..WorldParts::default() })?;
    Ok((world, Rules::new((0..rules).map(|number| rule(number, peers)).collect())))
}

fn pod(number: u32, app: String, node: &str) -> Pod {
    let address: IpAddr = Ipv4Addr::from(0x0a00_0100 + number).into();
    Pod {
        namespace: NAMESPACE.to_owned(),
        name: app.clone(),
        labels: Labels::default().with("app", app),
        owner: None,
        node: Some(node.to_owned()),
        addresses: vec![address],
        host_network: false,
        containers: Vec::new(),
        ports: Vec::new(),
    }
}

fn rule(number: u32, peers: u32) -> Rule {
    let own = || Selector::equals("kubernetes.io/metadata.name", NAMESPACE);
    let policy = PolicyRef {
        name: format!("policy{number}"),
        namespace: Some(NAMESPACE.to_owned()),
        kind: PolicyKind::NetworkPolicy,
    };
    let app = Selector::equals("app", format!("peer{}", 1 + number % peers));
    let port = 5432 + u16::try_from(number / peers).unwrap_or(0);
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy, direction: Direction::Ingress, index: 0 },
        subject: Subject::new(own(), Selector::equals("app", "subject")),
        peers: Peers::OneOf(vec![Peer::Pods { namespaces: own(), pods: app }]),
        ports: Ports::OneOf(vec![PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(port),
        }]),
        action: Action::Allow,
    }
}
