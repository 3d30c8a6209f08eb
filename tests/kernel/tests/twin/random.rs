//! Generated packets, read by both: 200,000 of them, or as many as `RINGFENCE_PACKETS` says.

use std::fmt::Write as _;

use packet::Frame;
use packets::{generate, minimise, text};
use ringfence_kernel::available;

use crate::{
    parser::{Parser, Results, Said},
    twin,
};

const PACKETS: u64 = 200_000;
/// Octets before an IPv4 and an IPv6 header end: test runs refuse what is shorter.
const RUN_MIN: [usize; 2] = [14 + 20, 14 + 40];
/// How many disagreements are told.
const TOLD_MAX: usize = 5;

#[test]
fn the_programs_and_the_twin_agree_on_generated_packets() {
    if !available() {
        return;
    }
    let packets = std::env::var("RINGFENCE_PACKETS").map_or(PACKETS, |said| said.parse().unwrap());
    let mut parser = Parser::load();
    let mut counts = Counts::default();
    let mut told = String::new();
    let mut seeds = 0..;
    while counts.compared() < packets {
        let seed = seeds.next().unwrap();
        let octets = generate(seed);
        let is_from_pod = seed % 2 == 1;
        let expected = twin(&Frame::new(&octets, is_from_pod));
        let found = run(&mut parser, &octets, is_from_pod);
        if !counts.count(&expected, found) && counts.different <= TOLD_MAX as u64 {
            told += &disagreement(&mut parser, seed, &octets, is_from_pod);
        }
    }
    println!(
        "parser: packets={packets} agreed={} accepted={} refused={} quoted={} too_short={}",
        counts.agreed, counts.accepted, counts.refused, counts.quoted, counts.too_short
    );
    assert!(told.is_empty(), "{} packets are read differently:\n{told}", counts.different);
    assert_eq!(counts.agreed, packets);
    assert!(counts.accepted * 4 > packets && counts.refused * 4 > packets, "both must come up");
    assert!(counts.too_short * 20 < packets, "nearly all can be run");
}

#[derive(Default)]
struct Counts {
    agreed: u64,
    different: u64,
    accepted: u64,
    refused: u64,
    quoted: u64,
    /// Refused by the kernel before the program, so not among the compared; `veth` has such packets.
    too_short: u64,
}

impl Counts {
    fn compared(&self) -> u64 {
        self.agreed + self.different
    }

    /// Returns whether there is nothing to tell.
    fn count(&mut self, expected: &Results, found: Option<Results>) -> bool {
        let Some(found) = found else {
            self.too_short += 1;
            return true;
        };
        let agreed = found == *expected;
        *(if agreed { &mut self.agreed } else { &mut self.different }) += 1;
        *(if expected.read.is_ok() { &mut self.accepted } else { &mut self.refused }) += 1;
        self.quoted += u64::from(matches!(expected.quoted, Some(Ok(_))));
        agreed
    }
}

/// Nothing for a packet too short; whatever else the kernel refuses to run is a failure.
fn run(parser: &mut Parser, octets: &[u8], is_from_pod: bool) -> Option<Results> {
    let found = parser.run(octets, is_from_pod);
    let least = match octets.get(12..14) {
        Some([0x08, 0x00]) => RUN_MIN[0],
        Some([0x86, 0xdd]) => RUN_MIN[1],
        _ => 14,
    };
    assert_eq!(found.is_some(), octets.len() >= least, "{}", text::hex(octets));
    found
}

fn disagreement(parser: &mut Parser, seed: u64, octets: &[u8], is_from_pod: bool) -> String {
    let mut differs = |octets: &[u8]| {
        parser
            .run(octets, is_from_pod)
            .is_some_and(|found| found != twin(&Frame::new(octets, is_from_pod)))
    };
    let small = minimise(octets, &mut differs);
    let mut told = String::new();
    let frame = Frame::new(&small, is_from_pod);
    writeln!(told, "seed={seed} from_pod={is_from_pod}\n{}", text::hex(&small)).unwrap();
    writeln!(told, "twin     {}", text::result(packet::read(&frame))).unwrap();
    writeln!(told, "twin     {}", shown(&twin(&frame))).unwrap();
    let found = parser.run(&small, is_from_pod);
    writeln!(told, "programs {}\n", found.map_or_else(String::new, |found| shown(&found))).unwrap();
    told
}

/// As `struct packet` has it, and what is quoted behind it.
fn shown(results: &Results) -> String {
    let shown = |said: &Said| match said {
        Ok(octets) => text::hex(octets),
        Err(reason) => format!("refused with reason {reason}"),
    };
    let quoted = results.quoted.as_ref().map(|quoted| format!(" quoted {}", shown(quoted)));
    shown(&results.read) + &quoted.unwrap_or_default()
}
