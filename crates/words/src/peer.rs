//! Words for peers: `NS/NAME`, `[NS/]KIND/NAME`, `ip:ADDR`, `node/NAME`, `dns:NAME`, `internet`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use model::{End, Family, Pod, PodId, Service, World};

/// Addresses that stand for "somewhere on the internet": public, and used for nothing inside.
const INTERNET_V4: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);
const INTERNET_V6: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111);

/// A peer as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerWord {
    /// `NS/NAME`, `NAME` or `[NS/]pod/NAME`.
    Pod {
        /// The namespace, if it is said.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// `[NS/]KIND/NAME`.
    Workload {
        /// The namespace, if it is said.
        namespace: Option<String>,
        /// The kind as manifests write it.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// `[NS/]svc/NAME`.
    Service {
        /// The namespace, if it is said.
        namespace: Option<String>,
        /// The name.
        name: String,
    },
    /// `node/NAME`.
    Node(String),
    /// `ip:ADDR`.
    Address(IpAddr),
    /// `dns:NAME`, lower case and without a trailing dot.
    Domain(String),
    /// `internet`.
    Internet,
}

/// Why a word is no peer, or names nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// The word has no known shape.
    Shape(String),
    /// `ip:` is not followed by an address.
    Address(String),
    /// Nothing of that name is in the input.
    NotFound {
        /// What was looked for.
        what: String,
        /// What is there and has nearly that name.
        nearest: Option<String>,
    },
    /// A Service is only a destination.
    ServiceSource,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape(word) => write!(
                f,
                "{word:?} is no peer; try NS/NAME, NS/deploy/NAME, ip:ADDR, node/NAME, dns:NAME \
                 or internet"
            ),
            Self::Address(word) => write!(f, "{word:?} is not an IP address"),
            Self::NotFound { what, nearest: Some(nearest) } => {
                write!(f, "{what} is not in the input; did you mean {nearest}?")
            }
            Self::NotFound { what, nearest: None } => write!(f, "{what} is not in the input"),
            Self::ServiceSource => f.write_str("a Service can only be a destination"),
        }
    }
}

impl std::error::Error for ResolveError {}

impl FromStr for PeerWord {
    type Err = ResolveError;

    fn from_str(word: &str) -> Result<Self, ResolveError> {
        if word == "internet" {
            return Ok(Self::Internet);
        }
        if let Some(address) = word.strip_prefix("ip:") {
            let parsed = address.parse().map(Self::Address);
            return parsed.map_err(|_| ResolveError::Address(address.to_owned()));
        }
        if let Some(name) = word.strip_prefix("dns:") {
            return Ok(Self::Domain(name.trim_end_matches('.').to_ascii_lowercase()));
        }
        named(word).ok_or_else(|| ResolveError::Shape(word.to_owned()))
    }
}

fn named(word: &str) -> Option<PeerWord> {
    let parts: Vec<&str> = word.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts.as_slice() {
        [name] => Some(PeerWord::Pod { namespace: None, name: (*name).to_owned() }),
        ["node", name] => Some(PeerWord::Node((*name).to_owned())),
        [first, name] => Some(of_kind(None, first, name).unwrap_or_else(|| PeerWord::Pod {
            namespace: Some((*first).to_owned()),
            name: (*name).to_owned(),
        })),
        [namespace, kind, name] => of_kind(Some((*namespace).to_owned()), kind, name),
        _ => None,
    }
}

fn of_kind(namespace: Option<String>, kind: &str, name: &str) -> Option<PeerWord> {
    let name = name.to_owned();
    let kind = match kind {
        "po" | "pod" => return Some(PeerWord::Pod { namespace, name }),
        "svc" | "service" => return Some(PeerWord::Service { namespace, name }),
        "deploy" | "deployment" => "Deployment",
        "sts" | "statefulset" => "StatefulSet",
        "ds" | "daemonset" => "DaemonSet",
        "rs" | "replicaset" => "ReplicaSet",
        "rc" | "replicationcontroller" => "ReplicationController",
        "job" => "Job",
        "cronjob" | "cj" => "CronJob",
        _ => return None,
    };
    Some(PeerWord::Workload { namespace, kind, name })
}

/// Whom a word means.
pub enum Resolved<'a> {
    /// One end, and the pod it is if it is one.
    End(End, Option<&'a Pod>),
    /// A Service, whose backends are the ends.
    Service(&'a Service),
}

impl PeerWord {
    /// Looks the word up in `world`; of a workload its first pod stands for all.
    ///
    /// # Errors
    /// Where nothing of that name is there.
    pub fn resolve<'a>(
        &self,
        world: &'a World,
        default_namespace: &str,
        family: Family,
    ) -> Result<Resolved<'a>, ResolveError> {
        let in_namespace =
            |namespace: &Option<String>| namespace.clone().unwrap_or(default_namespace.to_owned());
        match self {
            Self::Pod { namespace, name } => pod(world, &in_namespace(namespace), name, family),
            Self::Workload { namespace, kind, name } => {
                workload(world, &in_namespace(namespace), kind, name, family)
            }
            Self::Service { namespace, name } => service(world, &in_namespace(namespace), name),
            Self::Node(name) => node(world, name, family),
            Self::Address(address) => Ok(Resolved::End(world.end_at(*address), None)),
            Self::Domain(name) => Ok(Resolved::End(End::Domain { name: name.clone() }, None)),
            Self::Internet => Ok(Resolved::End(world.end_at(internet(family)), None)),
        }
    }

    /// The family that the word itself asks for.
    pub fn family(&self) -> Option<Family> {
        match self {
            Self::Address(address) => Some(Family::of(*address)),
            Self::Pod { .. }
            | Self::Workload { .. }
            | Self::Service { .. }
            | Self::Node(_)
            | Self::Domain(_)
            | Self::Internet => None,
        }
    }
}

fn internet(family: Family) -> IpAddr {
    match family {
        Family::V4 => INTERNET_V4.into(),
        Family::V6 => INTERNET_V6.into(),
    }
}

fn pod<'a>(
    world: &'a World,
    namespace: &str,
    name: &str,
    family: Family,
) -> Result<Resolved<'a>, ResolveError> {
    match world.find_pod(namespace, name) {
        Some(id) => Ok(pod_end(world, id, family)),
        None => {
            let known = world.pods().map(|(_, pod)| pod.to_string());
            Err(not_found(format!("pod {namespace}/{name}"), &format!("{namespace}/{name}"), known))
        }
    }
}

fn pod_end(world: &World, id: PodId, family: Family) -> Resolved<'_> {
    Resolved::End(world.pod_end(id, family), Some(world.pod(id)))
}

fn workload<'a>(
    world: &'a World,
    namespace: &str,
    kind: &str,
    name: &str,
    family: Family,
) -> Result<Resolved<'a>, ResolveError> {
    let is_owned = |pod: &Pod| {
        pod.namespace == namespace
            && pod.owner.as_ref().is_some_and(|owner| owner.kind == kind && owner.name == name)
    };
    let first = world.pods().find(|(_, pod)| is_owned(pod));
    first.map(|(id, _)| pod_end(world, id, family)).ok_or_else(|| {
        let known = world.pods().filter_map(|(_, pod)| {
            let owner = pod.owner.as_ref()?;
            Some(format!("{}/{}/{}", pod.namespace, owner.kind, owner.name))
        });
        let what = format!("{namespace}/{kind}/{name}");
        not_found(what.clone(), &what, known)
    })
}

fn service<'a>(
    world: &'a World,
    namespace: &str,
    name: &str,
) -> Result<Resolved<'a>, ResolveError> {
    let mut services = world.services().iter();
    let found = services.find(|service| service.namespace == namespace && service.name == name);
    found.map(Resolved::Service).ok_or_else(|| {
        let known = world
            .services()
            .iter()
            .map(|service| format!("{}/{}", service.namespace, service.name));
        not_found(format!("Service {namespace}/{name}"), &format!("{namespace}/{name}"), known)
    })
}

fn node<'a>(world: &'a World, name: &str, family: Family) -> Result<Resolved<'a>, ResolveError> {
    let known = || world.nodes().map(|(_, node)| node.name.clone());
    let id =
        world.find_node(name).ok_or_else(|| not_found(format!("node {name}"), name, known()))?;
    let mut addresses = world.node(id).addresses.iter().copied();
    let address = addresses.find(|address| Family::of(*address) == family);
    Ok(Resolved::End(End::Host { node: Some(id), address }, None))
}

/// Names the nearest known name, if one is near.
fn not_found(what: String, wanted: &str, known: impl Iterator<Item = String>) -> ResolveError {
    let near = known.map(|name| (strsim::damerau_levenshtein(wanted, &name), name));
    let nearest = near.min().filter(|(distance, _)| *distance <= 3).map(|(_, name)| name);
    ResolveError::NotFound { what, nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_one_meaning_each() {
        let pod = |namespace: Option<&str>, name: &str| {
            Ok(PeerWord::Pod { namespace: namespace.map(str::to_owned), name: name.to_owned() })
        };
        assert_eq!("shop/web".parse(), pod(Some("shop"), "web"));
        assert_eq!("web".parse(), pod(None, "web"));
        assert_eq!("po/web".parse(), pod(None, "web"));
        assert_eq!("node/n1".parse(), Ok(PeerWord::Node("n1".into())));
        assert_eq!("dns:Example.COM.".parse(), Ok(PeerWord::Domain("example.com".into())));
        let workload = PeerWord::Workload {
            namespace: Some("a".into()),
            kind: "Deployment",
            name: "b".into(),
        };
        assert_eq!("a/deploy/b".parse(), Ok(workload));
    }

    #[test]
    fn shapes_that_nobody_has_are_refused() {
        for word in ["", "a/b/c", "a//b", "/a", "ip:300.1.1.1", "a/deploy/b/c"] {
            assert!(word.parse::<PeerWord>().is_err(), "{word}");
        }
    }
}
