//! The programs' parser by itself, see `bpf/parse.bpf.c`: run on packets, or attached to a device.
//!
//! What it writes down is compared with the twin field by field, so the places of the fields are
//! written here and nowhere else.

use abi::Address;
use aya::{
    Ebpf, include_bytes_aligned,
    maps::Array,
    programs::{LinkOrder, SchedClassifier, TcAttachType, TestRun, TestRunOptions, tc::TcAttach},
};
use packet::{Packet, Refusal};

const OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/parse.bpf.o"));
/// Octets of `struct packet` and of `struct parsed`.
const PACKET: usize = 64;
const PARSED: usize = 16 + 2 * PACKET;
/// Where `skb->cb` begins, in words.
const CONTROL_BLOCK: usize = 12;

/// What a parser says of a packet: the fields, or the code of the reason.
pub(crate) type Said = Result<[u8; PACKET], u8>;

/// What a parser says of a packet and of what it quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Results {
    pub(crate) read: Said,
    /// Nothing where the packet is no error.
    pub(crate) quoted: Option<Said>,
}

/// What was written down last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// How many packets were read until now.
    pub(crate) runs: u32,
    /// How long this one was.
    pub(crate) length: u32,
    pub(crate) results: Results,
}

/// The parser, loaded.
pub(crate) struct Parser {
    object: Ebpf,
}

impl Parser {
    pub(crate) fn load() -> Self {
        let mut parser = Self { object: Ebpf::load(OBJECT).unwrap() };
        for name in ["ringfence_parse", "ringfence_parse_sent"] {
            parser.program(name).load().unwrap();
        }
        parser
    }

    fn program(&mut self, name: &str) -> &mut SchedClassifier {
        self.object.program_mut(name).unwrap().try_into().unwrap()
    }

    /// Reads a frame in a test run; nothing where the kernel refuses so short a packet.
    pub(crate) fn run(&mut self, octets: &[u8], is_from_pod: bool) -> Option<Results> {
        let mut context = [0_u8; (CONTROL_BLOCK + 5) * 4];
        context[CONTROL_BLOCK * 4] = u8::from(is_from_pod);
        let options = TestRunOptions {
            data_in: Some(octets),
            ctx_in: Some(&context),
            ..TestRunOptions::default()
        };
        self.program("ringfence_parse").test_run(options).ok()?;
        Some(self.last().results)
    }

    /// Attaches to what comes in by a device of the calling thread's network namespace, as sent by
    /// a pod. Nothing that comes in goes any further.
    pub(crate) fn attach(&mut self, interface: u32) {
        let order = LinkOrder::default();
        let options = TcAttach::Tcx { attach_type: TcAttachType::Ingress, order };
        self.program("ringfence_parse_sent").attach(interface, options).unwrap();
    }

    pub(crate) fn last(&self) -> Parsed {
        let map: Array<_, [u8; PARSED]> = self.object.map("parsed").unwrap().try_into().unwrap();
        let octets = map.get(&0, 0).unwrap();
        let word = |at: usize| u32::from_ne_bytes(*octets[at..].first_chunk().unwrap());
        let said = |reason: u32, at: usize| match reason {
            0 => Ok(*octets[at..].first_chunk().unwrap()),
            reason => Err(reason as u8),
        };
        let quoted = word(8);
        Parsed {
            runs: word(0),
            length: word(12),
            results: Results {
                read: said(word(4), 16),
                quoted: (quoted != u32::MAX).then(|| said(quoted, 16 + PACKET)),
            },
        }
    }
}

/// What the twin said, in the form of the other.
pub(crate) fn said(read: Result<Packet, Refusal>) -> Said {
    read.map(|packet| octets(&packet)).map_err(|refusal| refusal.reason().code())
}

/// A packet as `struct packet` lays it out.
fn octets(packet: &Packet) -> [u8; PACKET] {
    let Address(source) = packet.source;
    let Address(destination) = packet.destination;
    let mut octets = [source, destination].concat();
    for field in [packet.offset, packet.end, packet.fragment_id] {
        octets.extend(field.to_ne_bytes());
    }
    for field in
        [packet.fragment_offset, packet.fragment_end, packet.source_port, packet.destination_port]
    {
        octets.extend(field.to_ne_bytes());
    }
    let Packet { protocol, family, role, flags, r#type, hop_limit, source_mac, .. } = *packet;
    octets.extend([protocol, family, role as u8, flags.bits(), r#type, hop_limit]);
    octets.extend(source_mac);
    octets.try_into().unwrap()
}
