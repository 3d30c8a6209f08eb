//! What the twin refuses, sent by a pod: the hooks drop every one of them, for that reason.
//!
//! The other tests ask the parser; this one asks whether anybody listens to it.

use std::time::Instant;

use model::Builtin;
use packet::Frame;
use packets::corpus;
use ringfence_kernel::available;

use crate::{
    net::{Net, PATIENCE},
    twin, wire,
    world::{pod_ops, rule},
};

const PORT: u16 = 8080;
/// Every cut of a frame that ends before or within its network header.
const LENGTHS: std::ops::Range<usize> = 14..54;

fn refused() -> Vec<Vec<u8>> {
    let cases = corpus::load().unwrap().into_iter().step_by(8);
    let cut = cases.flat_map(|case| {
        let lengths = LENGTHS.start..LENGTHS.end.min(case.octets.len());
        lengths.map(move |length| case.octets[..length].to_vec())
    });
    let is_tag = |frame: &[u8]| matches!(frame.get(12..14), Some([0x81, 0x00] | [0x88, 0xa8]));
    cut.filter(|frame| !is_tag(frame) && twin(&Frame::new(frame, true)).read.is_err()).collect()
}

#[test]
fn the_hooks_drop_what_the_twin_refuses_and_count_it() {
    if !available() {
        return;
    }
    let net = Net::new("dropped", &pod_ops(&[(PORT, rule(7, true))]));
    let unparsable = || {
        let counters = net.instance.counters().unwrap();
        counters.denied[usize::from(Builtin::Unparsable.code())]
    };
    let frames = refused();
    let expected = unparsable() + frames.len() as u64;
    let sent = frames.len();
    net.client.run(move || wire::send_all(&frames)).unwrap();
    let begun = Instant::now();
    while unparsable() != expected {
        assert!(unparsable() <= expected, "more were dropped than were sent");
        assert!(begun.elapsed() < PATIENCE, "{} of {expected}", unparsable());
        std::thread::yield_now();
    }
    println!("hooks on a veth: refused={sent} dropped={sent}");
    assert!(sent > 400, "{sent}");
}
