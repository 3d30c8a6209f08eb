//! Other engines that enforce network policies, and by what each of them is known.
//!
//! Where two enforce, a connection passes only if both let it, and neither says why the other did not;
//! so another one is named by name.

use crate::facts::NamedChain;

/// Another engine.
#[derive(Debug, PartialEq, Eq)]
pub struct Engine {
    /// Its name.
    pub name: &'static str,
    /// DaemonSets that it is run by.
    daemon_sets: &'static [&'static str],
    /// Containers of these, where only some installations have them and are meant; else any.
    containers: &'static [&'static str],
    /// Groups of its CustomResourceDefinitions.
    groups: &'static [&'static str],
    /// Types of plugins in a network's chain that enforce by themselves.
    plugins: &'static [&'static str],
    /// How names of its tables or chains begin.
    chains: &'static [&'static str],
    /// How to be rid of its enforcement and keep what else it does.
    pub instead: &'static str,
}

const NONE: Engine = Engine {
    name: "",
    daemon_sets: &[],
    containers: &[],
    groups: &[],
    plugins: &[],
    chains: &[],
    instead: "",
};

/// All that are known.
pub const ENGINES: &[Engine] = &[
    Engine {
        name: "Calico",
        daemon_sets: &["calico-node", "canal"],
        groups: &["crd.projectcalico.org", "projectcalico.org"],
        plugins: &["calico"],
        chains: &["cali-", "calico"],
        instead: "Calico has no switch for its policies alone: stay in audit, or give the nodes another network",
        ..NONE
    },
    Engine {
        name: "Cilium",
        daemon_sets: &["cilium", "anetd"],
        groups: &["cilium.io"],
        plugins: &["cilium-cni"],
        chains: &["CILIUM_"],
        instead: "with enable-policy=never in its ConfigMap Cilium enforces nothing, its own kinds neither",
        ..NONE
    },
    Engine {
        name: "Antrea",
        daemon_sets: &["antrea-agent"],
        groups: &["crd.antrea.io"],
        plugins: &["antrea"],
        chains: &["ANTREA-"],
        instead: "Antrea has no switch for its policies alone: stay in audit",
        ..NONE
    },
    Engine {
        name: "kube-router",
        daemon_sets: &["kube-router"],
        chains: &["KUBE-NWPLCY-", "KUBE-POD-FW-", "KUBE-ROUTER-"],
        instead: "with --run-firewall=false kube-router enforces nothing; in k3s it is --disable-network-policy",
        ..NONE
    },
    Engine {
        name: "kindnet's policy agent",
        daemon_sets: &["kube-network-policies", "kindnet"],
        chains: &["kindnet-network-policies", "kube-network-policies"],
        instead: "kube-network-policies is a DaemonSet of its own; kindnet has it built in since kind 0.24, and a cluster with disableDefaultCNI has no kindnet",
        ..NONE
    },
    Engine {
        name: "AWS network policy agent",
        daemon_sets: &["aws-node"],
        containers: &["aws-eks-nodeagent", "aws-network-policy-agent"],
        groups: &["networking.k8s.aws"],
        instead: "with enableNetworkPolicy \"false\" in the configuration of the add-on the VPC CNI enforces nothing",
        ..NONE
    },
    Engine {
        name: "Azure network policy manager",
        daemon_sets: &["azure-npm"],
        chains: &["AZURE-NPM"],
        instead: "`az aks update --network-policy none` takes it away",
        ..NONE
    },
    Engine {
        name: "Weave Net",
        daemon_sets: &["weave-net"],
        plugins: &["weave-net"],
        chains: &["WEAVE-NPC"],
        instead: "with EXPECT_NPC=0 and without the container weave-npc Weave Net enforces nothing",
        ..NONE
    },
    Engine {
        name: "OVN-Kubernetes",
        daemon_sets: &["ovnkube-node"],
        groups: &["k8s.ovn.org"],
        plugins: &["ovn-k8s-cni-overlay"],
        instead: "OVN-Kubernetes has no switch for NetworkPolicies alone: stay in audit",
        ..NONE
    },
    Engine {
        name: "Kube-OVN",
        daemon_sets: &["kube-ovn-cni"],
        groups: &["kubeovn.io"],
        plugins: &["kube-ovn"],
        instead: "with --enable-np=false of its controller Kube-OVN enforces nothing",
        ..NONE
    },
];

/// An engine, and by what it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which.
    pub engine: &'static str,
    /// How to be rid of its enforcement.
    pub instead: &'static str,
    /// Where it was seen.
    pub at: Vec<String>,
}

/// Signs of an engine: what kind of a thing, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// A DaemonSet, with its namespace and containers.
    DaemonSet { namespace: String, name: String, containers: Vec<String> },
    /// A group of the API.
    Group(String),
    /// A plugin's type in a network's chain.
    Plugin(String),
    /// A chain, or its table.
    Chain(NamedChain),
}

/// The engines that leave these signs.
pub(crate) fn seen(signs: &[Sign]) -> Vec<Seen> {
    let one = |engine: &Engine| {
        let mut at: Vec<String> = signs.iter().filter_map(|sign| engine.is_seen(sign)).collect();
        at.sort_unstable();
        at.dedup();
        (!at.is_empty()).then_some(Seen { engine: engine.name, instead: engine.instead, at })
    };
    ENGINES.iter().filter_map(one).collect()
}

impl Engine {
    /// Where it is seen, if that is a sign of it.
    fn is_seen(&self, sign: &Sign) -> Option<String> {
        let begins = |name: &str| self.chains.iter().find(|start| name.starts_with(**start));
        match sign {
            Sign::DaemonSet { namespace, name, containers } => {
                let is_container = |own: &String| self.containers.contains(&own.as_str());
                let is_meant = self.containers.is_empty() || containers.iter().any(is_container);
                let is_own = self.daemon_sets.contains(&name.as_str()) && is_meant;
                is_own.then(|| format!("DaemonSet {namespace}/{name}"))
            }
            Sign::Group(group) => {
                self.groups.contains(&group.as_str()).then(|| format!("API group {group}"))
            }
            Sign::Plugin(kind) => {
                self.plugins.contains(&kind.as_str()).then(|| format!("CNI plugin {kind}"))
            }
            Sign::Chain(NamedChain { table, chain }) => match (begins(table), begins(chain)) {
                (Some(_), _) => Some(format!("table {table}")),
                // There is one for each pod or policy, so the beginning is enough.
                (None, Some(start)) => Some(format!("chains {start}*")),
                (None, None) => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(table: &str, chain: &str) -> Sign {
        Sign::Chain(NamedChain { table: table.to_owned(), chain: chain.to_owned() })
    }

    fn daemon_set(name: &str, containers: &[&str]) -> Sign {
        let containers = containers.iter().map(|name| (*name).to_owned()).collect();
        Sign::DaemonSet { namespace: "kube-system".into(), name: name.into(), containers }
    }

    fn names(signs: &[Sign]) -> Vec<&'static str> {
        seen(signs).iter().map(|seen| seen.engine).collect()
    }

    #[test]
    fn each_is_known_by_every_sign_of_it() {
        for engine in ENGINES {
            let daemon_sets = engine.daemon_sets.iter();
            let daemon_sets = daemon_sets.map(|name| daemon_set(name, engine.containers));
            let groups = engine.groups.iter().map(|group| Sign::Group((*group).to_owned()));
            let plugins = engine.plugins.iter().map(|kind| Sign::Plugin((*kind).to_owned()));
            let chains = engine.chains.iter().map(|start| chain("filter", &format!("{start}x")));
            let signs: Vec<Sign> = daemon_sets.chain(groups).chain(plugins).chain(chains).collect();
            assert!(!signs.is_empty(), "{}", engine.name);
            for sign in signs {
                assert_eq!(names(std::slice::from_ref(&sign)), [engine.name], "{sign:?}");
            }
        }
    }

    #[test]
    fn what_every_cluster_has_is_a_sign_of_none() {
        let signs = [
            chain("filter", "KUBE-FORWARD"),
            chain("nat", "KUBE-SERVICES"),
            chain("kube-proxy", "filter-forward"),
            chain("filter", "FORWARD"),
            daemon_set("kube-proxy", &["kube-proxy"]),
            daemon_set("kube-flannel-ds", &["kube-flannel"]),
            Sign::Group("policy.networking.k8s.io".into()),
            Sign::Plugin("bridge".into()),
            Sign::Plugin("portmap".into()),
        ];
        assert_eq!(names(&signs), Vec::<&str>::new());
    }

    #[test]
    fn the_network_of_a_cloud_is_an_engine_only_with_its_policy_agent() {
        assert_eq!(names(&[daemon_set("aws-node", &["aws-node"])]), Vec::<&str>::new());
        let both = daemon_set("aws-node", &["aws-node", "aws-eks-nodeagent"]);
        assert_eq!(names(&[both]), ["AWS network policy agent"]);
    }

    #[test]
    fn two_are_named_and_each_sign_once() {
        let signs =
            [chain("filter", "cali-INPUT"), chain("filter", "cali-fw-1"), chain("x", "CILIUM_A")];
        let found = seen(&signs);
        let at: Vec<_> = found.iter().map(|seen| (seen.engine, seen.at.join(", "))).collect();
        assert_eq!(
            at,
            [("Calico", "chains cali-*".into()), ("Cilium", "chains CILIUM_*".to_owned())]
        );
    }
}
