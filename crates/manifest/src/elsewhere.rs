//! Two questions on which tools of this field differ, read as they read them if that is asked for.
//!
//! Whoever compares answers needs the same question; what Ringfence itself means stays N10 and N16.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use model::{Block, Peer, Peers, Rule, WorldParts};

use crate::document::{HostNetwork, IpBlocks, Options};
use crate::lower::Policy;

/// Where pods are if no block may match them: addresses that nobody can have (RFC 1122 section
/// 3.2.1.3, RFC 4291 section 2.5.2).
const NOWHERE: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

/// Changes what was read so that it means what the options say.
pub(crate) fn reread(parts: &mut WorldParts, policies: &mut [Policy], options: &Options) {
    if options.host_network == HostNetwork::Pod {
        for pod in parts.pods.iter_mut().filter(|pod| pod.host_network) {
            pod.host_network = false;
            pod.addresses.clear();
        }
    }
    if options.ip_blocks == IpBlocks::External {
        let own = parts.pods.iter_mut().filter(|pod| !pod.host_network);
        own.for_each(|pod| pod.addresses.clear());
        parts.pod_networks = NOWHERE.map(IpNet::from).to_vec();
        let rules = policies.iter_mut().flat_map(|policy| &mut policy.rules);
        rules.for_each(|(rule, _)| miss_pods(rule));
    }
}

fn miss_pods(rule: &mut Rule) {
    let Peers::OneOf(peers) = &mut rule.peers else { return };
    for peer in peers {
        if let Peer::Block(block) = peer {
            *block = without_nowhere(block);
        }
    }
}

fn without_nowhere(block: &Block) -> Block {
    let nowhere = NOWHERE.into_iter().filter(|address| block.contains(*address)).map(IpNet::from);
    let except = block.except().iter().copied().chain(nowhere);
    Block::new(block.cidr(), except).unwrap_or_else(|_| block.clone())
}
