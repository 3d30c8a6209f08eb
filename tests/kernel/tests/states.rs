//! The states of connections where they are not the usual ones: ends that open at once, close by
//! half, come back on the same ports, fall silent, or speak out of turn.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::result_large_err,
    reason = "a failed test may say so in any way"
)]

mod world;

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use abi::{Event, EventKind, Sets};
use datapath::{
    Config,
    Direction::{Egress, Ingress},
};
use model::Builtin;
use plan::Op;
use ringfence_kernel::{
    Bench, Origin, available,
    packet::{Packet, Payload, tcp},
};
use world::{CLIENT, DEFAULT_DENY, SERVER, SET, ops, rule};

const PORT: u16 = 8080;
const REMOTE: u16 = 40_000;
/// A set without a row: nobody and nowhere.
const CLOSED: u32 = 6;
const ANSWER: u8 = tcp::SYN | tcp::ACK;
const CLOSE: u8 = tcp::FIN | tcp::ACK;
const PATIENCE: Duration = Duration::from_secs(30);

/// The server at its own hooks, and what it and the client say to each other in both families.
struct Server {
    bench: Bench,
    family: usize,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the client.
    In,
    /// From the server.
    Out,
}
use Way::{In, Out};

impl Server {
    fn new(family: usize, (ingress, egress): (u32, u32)) -> Self {
        Self::with(family, (ingress, egress), |_| ())
    }

    fn with(
        family: usize,
        (ingress, egress): (u32, u32),
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let bench = Bench::with(|config| {
            config.lifetimes.report_interval = Duration::ZERO;
            change(config);
        })
        .unwrap();
        bench.add(&CLIENT).unwrap();
        bench.add(&SERVER).unwrap();
        bench.perform(&ops(&[(PORT, rule(7, true))], rule(DEFAULT_DENY, false))).unwrap();
        let server = Self { bench, family };
        server.flip(ingress, egress, 2);
        server
    }

    fn flip(&self, ingress: u32, egress: u32, generation: u64) {
        let sets = Sets::live(ingress, egress).unwrap();
        let ops = [Op::Sets { endpoint: 2, sets }, Op::Generation { endpoint: 2, generation }];
        self.bench.perform(&ops).unwrap();
    }

    fn ends(&self) -> (IpAddr, IpAddr) {
        match self.family {
            0 => (CLIENT.ipv4.unwrap().into(), SERVER.ipv4.unwrap().into()),
            _ => (CLIENT.ipv6.unwrap().into(), SERVER.ipv6.unwrap().into()),
        }
    }

    fn says(&mut self, way: Way, payload: Payload) -> Result<Vec<Event>, Event> {
        let (client, server) = self.ends();
        let (direction, packet) = match way {
            In => (Ingress, Packet::new(CLIENT.mac, client, server, payload)),
            Out => (Egress, Packet::new(SERVER.mac, server, client, payload)),
        };
        let outcome = self.bench.run(direction, 2, Origin::Elsewhere, &packet.build()).unwrap();
        if outcome.allowed { Ok(outcome.events) } else { Err(outcome.events[0]) }
    }

    /// A segment on the ports of the connection.
    fn segment(&mut self, way: Way, flags: u8) -> Result<Vec<Event>, Event> {
        let (source, destination) = if way == In { (REMOTE, PORT) } else { (PORT, REMOTE) };
        self.says(way, Payload::Tcp { source, destination, flags })
    }

    fn datagram(&mut self, way: Way) -> Result<Vec<Event>, Event> {
        let (source, destination) = if way == In { (REMOTE, PORT) } else { (PORT, REMOTE) };
        self.says(way, Payload::Udp { source, destination, data: vec![1] })
    }

    fn all_pass(&mut self, segments: &[(Way, u8)]) {
        for (way, flags) in segments {
            let said = self.segment(*way, *flags);
            assert!(said.is_ok(), "{way:?} {flags:#x} of {segments:?}: {said:?}");
        }
    }

    fn assert_no_syn(&mut self, way: Way, flags: u8) {
        let refused = self.segment(way, flags).unwrap_err();
        assert_eq!(refused.reason, Builtin::NoSyn.code(), "{way:?} {flags:#x}");
    }

    fn established(&self) -> u64 {
        self.bench.instance().established(2).unwrap()
    }
}

/// The handshake of a connection that the client opens.
const HANDSHAKE: [(Way, u8); 3] = [(In, tcp::SYN), (Out, ANSWER), (In, tcp::ACK)];

#[test]
fn each_end_may_close_its_half_and_the_other_goes_on() {
    if !available() {
        return;
    }
    for family in 0..2 {
        for (first, second) in [(In, Out), (Out, In)] {
            let mut server = Server::new(family, (SET, CLOSED));
            server.all_pass(&HANDSHAKE);
            server.all_pass(&[(first, CLOSE), (second, tcp::ACK)]);
            // The other half is still in use, and then it closes too.
            server.all_pass(&[(second, tcp::ACK), (first, tcp::ACK), (second, tcp::ACK)]);
            server.all_pass(&[(second, CLOSE), (first, tcp::ACK)]);
            assert_eq!(server.established(), 1);
        }
    }
}

#[test]
fn the_same_ports_open_a_new_connection_right_after_the_old_one_closed() {
    if !available() {
        return;
    }
    for family in 0..2 {
        for close in [CLOSE, tcp::RST, tcp::RST | tcp::ACK] {
            for by in [In, Out] {
                let mut server = Server::new(family, (SET, CLOSED));
                server.all_pass(&HANDSHAKE);
                server.all_pass(&[(by, close)]);
                let opened = server.segment(In, tcp::SYN).unwrap();
                let [event] = opened[..] else { panic!("{opened:?}") };
                assert_eq!((event.kind, event.rule), (EventKind::Opened as u8, 7), "a new one");
                assert_eq!(server.established(), 0, "it has to prove itself again");
                server.all_pass(&[(Out, ANSWER), (In, tcp::ACK), (Out, tcp::ACK)]);
                assert_eq!(server.established(), 1);
                // The twin: where policy has changed, the ports help nobody.
                server.all_pass(&[(by, close)]);
                server.flip(CLOSED, CLOSED, 3);
                let refused = server.segment(In, tcp::SYN).unwrap_err();
                assert_eq!(refused.kind, EventKind::Denied as u8);
            }
        }
    }
}

#[test]
fn an_opening_of_a_connection_that_is_open_is_part_of_it_and_opens_nothing_the_other_way() {
    if !available() {
        return;
    }
    for family in 0..2 {
        let mut server = Server::new(family, (SET, CLOSED));
        server.all_pass(&HANDSHAKE);
        assert_eq!(server.segment(In, tcp::SYN), Ok(vec![]), "a peer that lost its memory asks");
        let refused = server.segment(Out, tcp::SYN).unwrap_err();
        assert_eq!(refused.reason, Builtin::NotProgrammed.code(), "its egress set has no row");
        server.all_pass(&[(In, tcp::ACK), (Out, tcp::ACK)]);
        assert_eq!(server.established(), 1, "the connection is as it was");
    }
}

#[test]
fn both_ends_may_open_at_once_where_both_may_open() {
    if !available() {
        return;
    }
    let crossing = [(Out, tcp::SYN), (In, tcp::SYN), (Out, ANSWER), (In, ANSWER)];
    for family in 0..2 {
        let mut server = Server::new(family, (SET, 0));
        server.all_pass(&crossing);
        server.all_pass(&[(Out, tcp::ACK), (In, tcp::ACK), (Out, tcp::ACK), (In, CLOSE)]);
        assert_eq!(server.established(), 1);
        // The twins: the end that may not open gets in only as an answer.
        let mut server = Server::new(family, (CLOSED, 0));
        server.all_pass(&crossing[..1]);
        assert!(server.segment(In, tcp::SYN).is_err());
        server.all_pass(&[(In, ANSWER), (Out, tcp::ACK), (In, tcp::ACK)]);
        let mut server = Server::new(family, (SET, CLOSED));
        assert!(server.segment(Out, tcp::SYN).is_err());
        server.all_pass(&HANDSHAKE);
    }
}

#[test]
fn datagrams_from_both_sides_at_once_are_one_connection_where_either_may_begin() {
    if !available() {
        return;
    }
    for family in 0..2 {
        for first in [In, Out] {
            let mut server = Server::new(family, (SET, 0));
            let second = if first == In { Out } else { In };
            assert_eq!(server.datagram(first).unwrap().len(), 1);
            assert_eq!(server.datagram(second), Ok(vec![]), "no second connection");
            assert_eq!(server.datagram(first), Ok(vec![]));
            assert_eq!(server.established(), 1);
        }
        // Who may not begin has to wait for the other.
        let mut server = Server::new(family, (CLOSED, 0));
        assert!(server.datagram(In).is_err());
        assert!(server.datagram(Out).is_ok());
        assert_eq!(server.datagram(In), Ok(vec![]));
    }
}

#[test]
fn what_is_out_of_place_belongs_to_nothing() {
    if !available() {
        return;
    }
    for family in 0..2 {
        let mut server = Server::new(family, (SET, CLOSED));
        for way in [In, Out] {
            for flags in [tcp::ACK, CLOSE, tcp::RST, tcp::RST | tcp::ACK] {
                server.assert_no_syn(way, flags);
            }
        }
        // An answer of the client to what the server never asked, and may not.
        let refused = server.segment(In, ANSWER).unwrap_err();
        assert_eq!(refused.reason, Builtin::NotProgrammed.code());
        assert_eq!(server.established(), 0);
        // An answer of the server to what the client may have asked: it alone, and no more of it.
        assert!(server.segment(Out, ANSWER).is_ok());
        server.assert_no_syn(Out, tcp::ACK);
        assert_eq!(server.established(), 0);
        server.all_pass(&[(In, tcp::ACK), (Out, tcp::ACK)]);
        assert_eq!(server.established(), 1, "the client goes on, so it had asked");
    }
}

#[test]
fn an_answer_within_a_connection_is_part_of_it_and_does_not_turn_it_round() {
    if !available() {
        return;
    }
    for family in 0..2 {
        let mut server = Server::new(family, (SET, CLOSED));
        server.all_pass(&HANDSHAKE);
        server.all_pass(&[(In, ANSWER), (Out, ANSWER), (In, tcp::ACK)]);
        server.flip(CLOSED, 0, 3);
        let said = server.segment(In, tcp::ACK).unwrap();
        assert_eq!(said[0].kind, EventKind::Cut as u8, "it is still the client's");
    }
}

/// A lifetime, how to make a connection that has it, and what its next packet is.
type Case = (fn(&mut Config) -> &mut Duration, fn(&mut Server), fn(&mut Server) -> bool);

#[test]
fn silence_ends_each_state_after_its_own_time_and_no_other() {
    const SOON: Duration = Duration::from_millis(400);
    const NEVER: Duration = Duration::from_secs(3600);
    if !available() {
        return;
    }
    let cases: [Case; 5] = [
        (
            |c| &mut c.lifetimes.half,
            |s| s.all_pass(&HANDSHAKE[..1]),
            |s| s.segment(In, tcp::ACK).is_ok(),
        ),
        (|c| &mut c.lifetimes.half, |s| drop(s.datagram(In).unwrap()), |s| s.datagram(Out).is_ok()),
        (
            |c| &mut c.lifetimes.stream,
            |s| s.all_pass(&HANDSHAKE),
            |s| s.segment(Out, tcp::ACK).is_ok(),
        ),
        (
            |c| &mut c.lifetimes.closing,
            |s| {
                s.all_pass(&HANDSHAKE);
                s.all_pass(&[(In, CLOSE)]);
            },
            |s| s.segment(Out, tcp::ACK).is_ok(),
        ),
        (
            |c| &mut c.lifetimes.datagram,
            |s| [In, Out].into_iter().for_each(|way| drop(s.datagram(way).unwrap())),
            |s| s.datagram(Out).is_ok(),
        ),
    ];
    for (at, (lifetime, make, next)) in cases.into_iter().enumerate() {
        let of = |own: Duration, others: Duration| {
            Server::with(at % 2, (SET, CLOSED), |config| {
                let all = &mut config.lifetimes;
                (all.half, all.closing, all.datagram, all.stream) =
                    (others, others, others, others);
                *lifetime(config) = own;
            })
        };
        // With only its own time short it ends by silence alone.
        let mut server = of(SOON, NEVER);
        make(&mut server);
        wait_out(SOON);
        assert!(!next(&mut server), "case {at} outlived its time");
        // With all others short it lives. Half-open states are passed through, so they stay long.
        let mut server = Server::with(at % 2, (SET, CLOSED), |config| {
            let all = &mut config.lifetimes;
            (all.closing, all.datagram, all.stream) = (SOON, SOON, SOON);
            *lifetime(config) = NEVER;
        });
        make(&mut server);
        wait_out(SOON);
        assert!(next(&mut server), "case {at} ended by another's time");
    }
}

/// The programs' clock is what is waited for: it has no other sign of going on.
fn wait_out(lifetime: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < lifetime + Duration::from_millis(50) {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

#[test]
fn every_packet_prolongs_a_connection() {
    const LIFETIME: Duration = Duration::from_secs(2);
    if !available() {
        return;
    }
    let mut server = Server::with(0, (SET, CLOSED), |config| config.lifetimes.stream = LIFETIME);
    server.all_pass(&HANDSHAKE);
    let begun = Instant::now();
    while begun.elapsed() < LIFETIME * 2 {
        server.all_pass(&[(Out, tcp::ACK)]);
        std::thread::yield_now();
    }
    assert_eq!(server.established(), 1);
}

#[test]
fn both_ends_on_one_node_have_a_view_of_their_own() {
    if !available() {
        return;
    }
    let mut server = Server::new(0, (SET, CLOSED));
    let (client, of_server) = server.ends();
    let payload = |by_client: bool, flags| {
        let (source, destination) = if by_client { (REMOTE, PORT) } else { (PORT, REMOTE) };
        Payload::Tcp { source, destination, flags }
    };
    // At each hook in turn: the sender's egress, the receiver's ingress.
    for (by_client, flags) in [(true, tcp::SYN), (false, ANSWER), (true, tcp::ACK)] {
        let (mac, from, to, hooks) = match by_client {
            true => (CLIENT.mac, client, of_server, [(Egress, 1), (Ingress, 2)]),
            false => (SERVER.mac, of_server, client, [(Egress, 2), (Ingress, 1)]),
        };
        let packet = Packet::new(mac, from, to, payload(by_client, flags)).build();
        for (direction, endpoint) in hooks {
            let outcome =
                server.bench.run(direction, endpoint, Origin::Elsewhere, &packet).unwrap();
            assert!(outcome.allowed, "{direction:?} {endpoint} {flags:#x}");
        }
    }
    let held = |server: &Server| {
        [1, 2].map(|endpoint| server.bench.instance().established(endpoint).unwrap())
    };
    assert_eq!(held(&server), [1, 1]);
    // One end is cut; the other's view is not, until it hears of it.
    server.flip(CLOSED, CLOSED, 3);
    let said = server.segment(In, tcp::ACK).unwrap();
    assert_eq!((said[0].kind, said[0].endpoint), (EventKind::Cut as u8, 2));
    assert_eq!(held(&server), [1, 0]);
}
