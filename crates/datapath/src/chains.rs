//! The chains of the node's packet filter, by name: of nf_tables, and so of iptables over nf_tables.
//!
//! Nothing of ours is there. Others are known by what they call their chains.

use std::convert::Infallible;
use std::io;

use netlink_packet_core::{
    NLM_F_DUMP, NetlinkDeserializable, NetlinkHeader, NetlinkPayload, NetlinkSerializable,
    NlasIterator, parse_string,
};
use netlink_sys::protocols::NETLINK_NETFILTER;

use crate::netlink::Conversation;

/// A chain and its table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FilterChain {
    /// The table's name.
    pub table: String,
    /// Its own.
    pub chain: String,
}

/// `NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN` of `linux/netfilter/nfnetlink.h` and `nf_tables.h`.
const GET_CHAINS: u16 = 10 << 8 | 4;
/// `struct nfgenmsg`: family, version, resource.
const HEADER: usize = 4;
const TABLE: u16 = 1;
const NAME: u16 = 3;

/// All chains in the calling thread's network namespace.
///
/// # Errors
/// Where the kernel has no nf_tables, or does not say.
pub fn filter_chains() -> io::Result<Vec<FilterChain>> {
    let mut conversation = Conversation::open(NETLINK_NETFILTER)?;
    conversation.say(NLM_F_DUMP, Question, Some(GET_CHAINS))?;
    let mut chains = Vec::new();
    while let Some(found) = conversation.next::<Answer>()? {
        chains.extend(found.and_then(|answer| read(&answer.0)));
    }
    chains.sort_unstable();
    Ok(chains)
}

fn read(answer: &[u8]) -> Option<FilterChain> {
    let (mut table, mut chain) = (None, None);
    for attribute in NlasIterator::new(answer.get(HEADER..)?) {
        let attribute = attribute.ok()?;
        match attribute.kind() {
            TABLE => table = parse_string(attribute.value()).ok(),
            NAME => chain = parse_string(attribute.value()).ok(),
            _ => {}
        }
    }
    Some(FilterChain { table: table?, chain: chain? })
}

/// Of every family.
struct Question;

impl NetlinkSerializable for Question {
    fn message_type(&self) -> u16 {
        GET_CHAINS
    }

    fn buffer_len(&self) -> usize {
        HEADER
    }

    fn serialize(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

impl From<Question> for NetlinkPayload<Question> {
    fn from(question: Question) -> Self {
        Self::InnerMessage(question)
    }
}

struct Answer(Vec<u8>);

impl NetlinkDeserializable for Answer {
    type Error = Infallible;

    fn deserialize(_: &NetlinkHeader, payload: &[u8]) -> Result<Self, Infallible> {
        Ok(Self(payload.to_vec()))
    }
}
