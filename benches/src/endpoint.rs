//! One endpoint with many rules, each about a peer of its own.
//!
//! The worst case for a table of classes: every rule splits one more class off.

use std::net::{IpAddr, Ipv4Addr};

use model::{
    Action, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch, PortRange,
    Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldError, WorldParts,
};

const NAMESPACE: &str = "bench";

/// A pod that is the subject of `count` rules, and the `count` pods that they are about.
///
/// # Errors
/// Never for counts that fit a /8.
pub fn endpoint(count: u32) -> Result<(World, Rules), WorldError> {
    let peers = (1..=count).map(|number| pod(number, format!("peer{number}"), "elsewhere"));
    let pods = std::iter::once(pod(0, "subject".to_owned(), "here")).chain(peers).collect();
    let world = World::new(WorldParts { pods, ..WorldParts::default() })?;
    Ok((world, Rules::new((1..=count).map(rule).collect())))
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

fn rule(number: u32) -> Rule {
    let own = || Selector::equals("kubernetes.io/metadata.name", NAMESPACE);
    let policy = PolicyRef {
        name: format!("policy{number}"),
        namespace: Some(NAMESPACE.to_owned()),
        kind: PolicyKind::NetworkPolicy,
    };
    let app = Selector::equals("app", format!("peer{number}"));
    Rule {
        tier: Tier::NetworkPolicy,
        group: 0,
        origin: RuleRef { policy, direction: Direction::Ingress, index: 0 },
        subject: Subject::new(own(), Selector::equals("app", "subject")),
        peers: Peers::OneOf(vec![Peer::Pods { namespaces: own(), pods: app }]),
        ports: Ports::OneOf(vec![PortMatch::Numbers {
            protocol: Protocol::Tcp,
            range: PortRange::single(5432),
        }]),
        action: Action::Allow,
    }
}
