//! A synthetic cluster: namespaces with a few pods and a few policies each.
//!
//! The shape is that of published controller benchmarks: 25,000 namespaces, 75,000 policies and
//! 100,000 pods at full size.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use model::{
    Action, ContainerPort, Direction, Labels, Peer, Peers, Pod, PolicyKind, PolicyRef, PortMatch,
    PortRange, Ports, Protocol, Rule, RuleRef, Rules, Selector, Subject, Tier, World, WorldError,
    WorldParts,
};

const PODS_PER_NODE: u32 = 110;

/// How large a cluster is.
#[derive(Clone, Copy, Debug)]
pub struct Cluster {
    /// Namespaces.
    pub namespaces: u32,
    /// Pods in each.
    pub pods: u32,
    /// Policies in each: who may reach the first pods, from which other pods.
    pub policies: u32,
}

/// The name of the node that pod number `pod` runs on.
#[must_use]
pub fn node_name(pod: u32) -> String {
    format!("node{}", pod / PODS_PER_NODE)
}

impl Cluster {
    /// 25,000 namespaces, 75,000 policies, 100,000 pods.
    pub const FULL: Self = Self { namespaces: 25_000, pods: 4, policies: 3 };

    /// The pods and namespaces.
    ///
    /// # Errors
    /// Never for sizes that fit a /8.
    pub fn world(self) -> Result<World, WorldError> {
        let pods = (0..self.namespaces * self.pods).map(|number| self.pod(number)).collect();
        let namespaces = (0..self.namespaces)
            .map(|number| {
                (namespace(number), Labels::default().with("team", (number % 50).to_string()))
            })
            .collect::<BTreeMap<_, _>>();
        let pod_networks = vec![IpNet::new_assert(Ipv4Addr::new(10, 0, 0, 0).into(), 8)];
        World::new(WorldParts { namespaces, pods, pod_networks, ..WorldParts::default() })
    }

    fn pod(self, number: u32) -> Pod {
        let address: IpAddr = Ipv4Addr::from(0x0a00_0100 + number).into();
        let app = format!("app{}", number % self.pods);
        Pod {
            namespace: namespace(number / self.pods),
            name: format!("pod{number}"),
            labels: Labels::default().with("app", app),
            owner: None,
            node: Some(node_name(number)),
            addresses: vec![address],
            host_network: false,
            containers: vec!["main".to_owned()],
            ports: vec![ContainerPort {
                container: "main".to_owned(),
                name: Some("web".to_owned()),
                protocol: Protocol::Tcp,
                number: 8080,
            }],
        }
    }

    /// The policies.
    #[must_use]
    pub fn rules(self) -> Rules {
        let all = (0..self.namespaces)
            .flat_map(|number| (0..self.policies).map(move |policy| (number, policy)));
        Rules::new(all.map(|(number, policy)| self.rule(number, policy)).collect())
    }

    fn rule(self, number: u32, policy: u32) -> Rule {
        let own = |number| Selector::equals("kubernetes.io/metadata.name", namespace(number));
        let app = |number: u32| Selector::equals("app", format!("app{}", number % self.pods));
        let origin = RuleRef {
            policy: PolicyRef {
                name: format!("policy{policy}"),
                namespace: Some(namespace(number)),
                kind: PolicyKind::NetworkPolicy,
            },
            direction: if policy == 0 { Direction::Egress } else { Direction::Ingress },
            index: 0,
        };
        let port = 8080 + u16::try_from(policy).unwrap_or(0);
        Rule {
            tier: Tier::NetworkPolicy,
            group: 0,
            origin,
            subject: Subject::new(own(number), app(policy)),
            peers: Peers::OneOf(vec![
                Peer::Pods { namespaces: own(number), pods: app(policy + 1) },
                Peer::Pods {
                    namespaces: Selector::equals("team", (number % 50).to_string()),
                    pods: app(policy + 2),
                },
            ]),
            ports: Ports::OneOf(vec![PortMatch::Numbers {
                protocol: Protocol::Tcp,
                range: PortRange::single(port),
            }]),
            action: Action::Allow,
        }
    }
}

fn namespace(number: u32) -> String {
    format!("namespace{number}")
}
