//! Why a packet is refused: one table, finer than the reason that events carry.
//!
//! Whoever looks into a refused packet wants to know what is wrong with it; the datapath counts all
//! of these as one.

use std::fmt;

use model::Builtin;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// What is wrong with a packet.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Refusal {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word that people see.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

refusals! {
    /// A header is not there in full.
    Short = "short";
    /// A VLAN tag, which no pod's interface has (IEEE 802.1Q).
    Tagged = "tagged";
    /// Neither IPv4, IPv6 nor ARP.
    Ethertype = "ethertype";
    /// An ARP packet that is not about IPv4 on Ethernet (RFC 826).
    ArpForm = "arp-form";
    /// The version is not the one of the ethertype.
    Version = "version";
    /// An IPv4 header of less than five words (RFC 791 section 3.1).
    HeaderLength = "header-length";
    /// A length that is longer than the packet or shorter than its header.
    Length = "length";
    /// An IPv4 option that is longer than the header or shorter than itself.
    Option = "option";
    /// A source route with somewhere left to go: the destination is not where it ends.
    SourceRoute = "source-route";
    /// An IPv4 address in an IPv6 header.
    Mapped = "mapped";
    /// A group as source.
    Group = "group";
    /// Hop-by-hop options that are not first (RFC 8200 section 4.1).
    HopByHop = "hop-by-hop";
    /// A routing header with segments left.
    Routing = "routing";
    /// An authentication header shorter than its fixed part (RFC 4302 section 2).
    Authentication = "authentication";
    /// More than one fragment header.
    Fragmented = "fragmented-twice";
    /// More extension headers than are walked.
    Chain = "chain";
    /// More octets of options than a pod may send.
    Options = "options";
    /// A fragment with another behind it whose size is no multiple of eight.
    FragmentSize = "fragment-size";
    /// A fragment that ends beyond the longest datagram.
    FragmentEnd = "fragment-end";
    /// A later fragment that reaches into the first one's transport header.
    FragmentOverlap = "fragment-overlap";
    /// A TCP header that is shorter than itself or longer than the packet.
    TcpLength = "tcp-length";
    /// Flags that no TCP sends.
    TcpFlags = "tcp-flags";
    /// A UDP length that the packet contradicts.
    UdpLength = "udp-length";
    /// A chunk length that the packet contradicts.
    ChunkLength = "chunk-length";
    /// Neighbour discovery in a fragment (RFC 6980).
    Neighbour = "neighbour-fragment";
    /// The quoted packet is a later fragment, which names no connection.
    QuotedFragment = "quoted-fragment";
    /// An error about an error.
    QuotedError = "quoted-error";
}

impl Refusal {
    /// The reason with which such a packet is dropped.
    #[must_use]
    pub fn reason(self) -> Builtin {
        Builtin::Unparsable
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl std::error::Error for Refusal {}
