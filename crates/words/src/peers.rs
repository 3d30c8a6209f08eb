//! Words for sets of peers: everything that a peer's word can be, and namespaces, networks, everybody.
//!
//! A question about one flow takes one peer; an intention is about all that a word can mean.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::{PeerWord, ResolveError};

/// A set of peers as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeersWord {
    /// A peer, with all its pods where it is a workload.
    One(PeerWord),
    /// `NS/*`: every pod of a namespace.
    Namespace(String),
    /// A CIDR: the addresses in it that no pod and no node has.
    Network(IpNet),
    /// `cluster`: every pod.
    Cluster,
    /// `nodes`: every node.
    Nodes,
}

impl FromStr for PeersWord {
    type Err = ResolveError;

    fn from_str(word: &str) -> Result<Self, ResolveError> {
        match word {
            "cluster" => return Ok(Self::Cluster),
            "nodes" => return Ok(Self::Nodes),
            _ => {}
        }
        let address = word.strip_prefix("ip:").unwrap_or(word);
        if let Ok(address) = address.parse::<IpAddr>() {
            return Ok(Self::One(PeerWord::Address(address)));
        }
        // No namespace has a dot or a colon in its name, so no pod's word is read as a network.
        if let Ok(network) = address.parse::<IpNet>() {
            return Ok(Self::Network(network.trunc()));
        }
        match word.strip_suffix("/*") {
            Some(namespace) if !namespace.is_empty() && !namespace.contains(['/', '*']) => {
                Ok(Self::Namespace(namespace.to_owned()))
            }
            Some(_) => Err(ResolveError::Shape(word.to_owned())),
            None => word.parse().map(Self::One),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_namespaces_and_peers_are_told_apart() {
        let network = |text: &str| text.parse().map(PeersWord::Network).ok();
        assert_eq!("10.0.0.0/8".parse().ok(), network("10.0.0.0/8"));
        assert_eq!("fd00::1/128".parse().ok(), network("fd00::1/128"));
        assert_eq!("fd00::1".parse::<PeersWord>(), "ip:fd00::1".parse().map(PeersWord::One));
        assert_eq!("shop/*".parse(), Ok(PeersWord::Namespace("shop".to_owned())));
        assert_eq!("cluster".parse(), Ok(PeersWord::Cluster));
        let pod = "shop/web".parse::<PeerWord>().map(PeersWord::One);
        assert_eq!("shop/web".parse(), pod);
    }

    #[test]
    fn stars_elsewhere_are_refused() {
        for word in ["/*", "*/*", "a/b/*", "10.0.0.0/33/x/y"] {
            assert!(word.parse::<PeersWord>().is_err(), "{word}");
        }
    }
}
