//! Frames through a real device: those that no test run takes, and those in another layout.
//!
//! Truncated below the network header, with tags that the device takes out, with headers outside of
//! the linear part, and longer than a length field can say.

use packet::{Frame, Refusal};
use packets::{corpus, generate, text};
use ringfence_kernel::available;

use crate::{
    parser::said,
    twin,
    wire::{Layout, Line},
};

const ETHERNET: usize = packet::ETHERNET_SIZE;
/// Frames of this length end in the middle of every header.
const SHORT_MAX: usize = 90;
/// More than a page, so that the kernel keeps what is not linear elsewhere.
const LONG: usize = 6_000;
const TCP: u8 = 6;

#[test]
fn frames_of_every_short_length_are_read_as_the_twin_reads_them() {
    if !available() {
        return;
    }
    let mut line = Line::new();
    let mut frames = 0;
    let mut below_network_header = 0;
    for case in corpus::load().unwrap().iter().filter(|case| is_ours(&case.octets)).step_by(4) {
        for length in ETHERNET..case.octets.len().min(SHORT_MAX) {
            let frame = &case.octets[..length];
            let parsed = line.send(frame);
            assert_eq!(parsed.length as usize, length);
            let expected = twin(&Frame::new(frame, true));
            assert_eq!(parsed.results, expected, "{}", text::hex(frame));
            frames += 1;
            below_network_header += usize::from(length < ETHERNET + 20);
        }
    }
    println!("parser on a veth: frames={frames} below_network_header={below_network_header}");
    assert!(below_network_header >= 400);
}

/// A device takes the tag out before the programs see the frame.
fn is_ours(octets: &[u8]) -> bool {
    !matches!(octets.get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]))
}

#[test]
fn a_tag_is_refused_though_the_device_takes_it_out() {
    if !available() {
        return;
    }
    let mut line = Line::new();
    let plain = corpus::load().unwrap();
    let accepted = plain.iter().filter(|case| {
        is_ours(&case.octets)
            && case.octets.len() < 1_000
            && packet::read(&Frame::new(&case.octets, true)).is_ok()
    });
    for (case, kind) in accepted.zip([[0x81, 0x00], [0x88, 0xa8]].iter().cycle()) {
        for id in [[0, 0], [0, 100]] {
            let mut frame = case.octets.clone();
            frame.splice(12..12, [kind[0], kind[1], id[0], id[1]]);
            let parsed = line.send(&frame);
            // The rest of the frame is as it was, and would have been accepted.
            assert_eq!(parsed.length as usize, case.octets.len());
            assert_eq!(parsed.results.read, said(Err(Refusal::Tagged)), "{}", case.name);
        }
    }
}

#[test]
fn headers_outside_of_the_linear_part_are_read() {
    if !available() {
        return;
    }
    let mut line = Line::new();
    let mut accepted = 0;
    for seed in 0..3_000 {
        let mut frame = generate(seed);
        if !is_ours(&frame) || frame.len() < ETHERNET {
            continue;
        }
        // What follows is padding, which no result depends on.
        frame.resize(LONG, 0);
        let layout = Layout { linear: ETHERNET as u16 + (seed % 60) as u16, ..Layout::default() };
        let parsed = line.send_laid_out(layout, &frame);
        let expected = twin(&Frame::new(&frame, true));
        assert_eq!(parsed.results, expected, "seed {seed}, {layout:?}");
        accepted += u32::from(expected.read.is_ok());
    }
    assert!(accepted > 1_000, "{accepted}");
}

#[test]
fn a_packet_too_long_for_its_length_ends_where_it_ends() {
    if !available() {
        return;
    }
    let mut line = Line::new();
    let long: Vec<_> =
        corpus::load().unwrap().into_iter().filter(|case| case.octets.len() > 65_536).collect();
    let mut run = 0;
    for case in &long {
        let (family, transport) = match (case.octets[12..14].as_ref(), case.octets[20]) {
            ([0x08, 0x00], _) => (4, 20),
            (_, TCP) => (6, 40),
            // Only TCP is segmented, and not behind extension headers that its maker did not add.
            _ => continue,
        };
        let transport = ETHERNET as u16 + transport;
        let layout = Layout { linear: transport + 20, segment: 1_400, family, transport };
        let parsed = line.send_laid_out(layout, &case.octets);
        assert_eq!(parsed.length as usize, case.octets.len(), "{}", case.name);
        assert_eq!(parsed.results, twin(&Frame::new(&case.octets, true)), "{}", case.name);
        run += 1;
    }
    assert_eq!(run, long.len() - 2, "all but a UDP datagram and one with an option");
}
