//! Planting: forged answers, resets and middles that want to be a connection where there is none.
//!
//! Whoever sits in a pod is held by its own hook already, so most of these come from somebody who
//! is no pod: only the victim's hook is asked.

use abi::Sets;
use model::Builtin;
use ringfence_kernel::{
    available,
    packet::{Payload, protocol, tcp as flag},
};

use crate::{
    scene::{
        ALLOWED_BY, ATTACKER, By, Fate, PORT, STRANGER, Scene, VICTIM, from_victim, tcp, to_victim,
        udp,
    },
    world::{CLIENT, DEFAULT_DENY, SET},
};

const ANSWER: u8 = flag::SYN | flag::ACK;
const DENIED: Fate = Fate::Denied(VICTIM.endpoint, DEFAULT_DENY);
const NO_SYN: Fate = Fate::Refused(VICTIM.endpoint, Builtin::NoSyn);
/// A set without a row.
const CLOSED: u32 = 6;

#[test]
fn tcp_that_opens_nothing_belongs_to_nothing() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("middles");
    for family in 0..2 {
        for flags in [flag::ACK, flag::FIN | flag::ACK, flag::RST, flag::RST | flag::ACK] {
            // Also on the port and from the pod that are let in: only an opening opens.
            for by in [By::Stranger, By::Client] {
                let middle = to_victim(by, family, tcp(4000, PORT, flags));
                let endpoint = if by == By::Client { CLIENT.endpoint } else { VICTIM.endpoint };
                let fate = Fate::Refused(endpoint, Builtin::NoSyn);
                assert_eq!(scene.fate(by, &middle), fate, "{flags:#x} {by:?}");
            }
        }
    }
}

#[test]
fn a_forged_answer_is_all_that_its_sender_gets_through() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("answers");
    for family in 0..2 {
        // The victim may open connections to anybody, so this may be an answer that it waits for.
        let answer = to_victim(By::Stranger, family, tcp(4000, PORT, ANSWER));
        assert_eq!(scene.fate(By::Stranger, &answer), Fate::Arrived);
        // It does not, and its kernel resets; that is not to count as its consent.
        for _ in 0..3 {
            for flags in [flag::ACK, flag::FIN | flag::ACK] {
                let middle = to_victim(By::Stranger, family, tcp(4000, PORT, flags));
                assert_eq!(scene.fate(By::Stranger, &middle), NO_SYN, "{flags:#x}");
            }
            let opening = to_victim(By::Stranger, family, tcp(4000, PORT, flag::SYN));
            assert_eq!(scene.fate(By::Stranger, &opening), DENIED);
        }
        assert_eq!(scene.net.instance.established(VICTIM.endpoint).unwrap(), 0);
    }
    // A victim that may open nothing gets no answers either.
    scene.net.flip(VICTIM.endpoint, Sets::live(SET, CLOSED).unwrap(), 2);
    let answer = to_victim(By::Stranger, 0, tcp(4001, PORT, ANSWER));
    let fate = Fate::Refused(VICTIM.endpoint, Builtin::NotProgrammed);
    assert_eq!(scene.fate(By::Stranger, &answer), fate);
}

#[test]
fn a_forged_answer_of_sctp_is_all_that_its_sender_gets_through() {
    const INITIATION: u8 = 1;
    const ANSWER: u8 = 2;
    const ABORT: u8 = 6;
    const HEARTBEAT: u8 = 4;
    if !available() {
        return;
    }
    let mut scene = Scene::new("answers-sctp");
    let chunk = |source, destination, chunk| Payload::Sctp { source, destination, chunk };
    for family in 0..2 {
        let says = |kind| to_victim(By::Stranger, family, chunk(4000, PORT, kind));
        for _ in 0..3 {
            assert_eq!(scene.fate(By::Stranger, &says(ANSWER)), Fate::Arrived);
            scene.send(By::Victim, &from_victim(&STRANGER, family, chunk(PORT, 4000, ABORT)));
            assert_eq!(scene.fate(By::Stranger, &says(HEARTBEAT)), DENIED);
        }
        assert_eq!(scene.net.instance.established(VICTIM.endpoint).unwrap(), family as u64);
        // The twin: the victim did open one.
        let opening = from_victim(&STRANGER, family, chunk(5000, PORT, INITIATION));
        scene.send(By::Victim, &opening);
        scene.net.await_told(|event| event.protocol == protocol::SCTP && event.source_port == 5000);
        for kind in [ANSWER, HEARTBEAT] {
            let right = to_victim(By::Stranger, family, chunk(PORT, 5000, kind));
            assert_eq!(scene.fate(By::Stranger, &right), Fate::Arrived);
        }
    }
}

#[test]
fn a_pod_that_answers_what_nobody_asked_is_stopped_at_its_own_hook() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("own-answers");
    for family in 0..2 {
        let answer = to_victim(By::Attacker, family, tcp(4000, PORT, ANSWER));
        assert_eq!(scene.fate(By::Attacker, &answer), Fate::Arrived);
        let middle = to_victim(By::Attacker, family, tcp(4000, PORT, flag::ACK));
        let fate = Fate::Refused(ATTACKER.endpoint, Builtin::NoSyn);
        assert_eq!(scene.fate(By::Attacker, &middle), fate);
    }
}

#[test]
fn an_opening_that_was_forgotten_goes_on_once_its_opener_does() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("forgotten");
    for family in 0..2 {
        // As after a flood: the victim opened a connection, and nobody remembers.
        let answer = to_victim(By::Stranger, family, tcp(80, 4000, ANSWER));
        assert_eq!(scene.fate(By::Stranger, &answer), Fate::Arrived);
        let data = to_victim(By::Stranger, family, tcp(80, 4000, flag::ACK));
        assert_eq!(scene.fate(By::Stranger, &data), NO_SYN);
        let before = scene.net.instance.established(VICTIM.endpoint).unwrap();
        scene.send(By::Victim, &from_victim(&STRANGER, family, tcp(4000, 80, flag::ACK)));
        let begun = std::time::Instant::now();
        while scene.net.instance.established(VICTIM.endpoint).unwrap() == before {
            assert!(begun.elapsed() < crate::scene::PATIENCE);
            std::thread::yield_now();
        }
        assert_eq!(scene.fate(By::Stranger, &data), Fate::Arrived);
    }
}

#[test]
fn a_reply_is_from_whom_was_asked_on_the_ports_that_were_used() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("replies");
    for family in 0..2 {
        scene.send(By::Victim, &from_victim(&CLIENT, family, udp(5000, 53)));
        scene.net.await_told(|event| event.endpoint == VICTIM.endpoint && event.kind == 1);
        let cases = [
            ("another port", By::Client, udp(54, 5000), DENIED),
            ("to another port", By::Client, udp(53, 5001), DENIED),
            ("turned round", By::Client, udp(5000, 53), DENIED),
            ("another protocol", By::Client, tcp(53, 5000, flag::SYN), DENIED),
            ("another pod", By::Attacker, udp(53, 5000), DENIED),
            ("somebody else", By::Stranger, udp(53, 5000), DENIED),
            ("who was asked", By::Client, udp(53, 5000), Fate::Arrived),
        ];
        for (what, by, payload, fate) in cases {
            let reply = to_victim(by, family, payload);
            assert_eq!(scene.fate(by, &reply), fate, "{what}");
        }
        assert_eq!(scene.net.instance.established(VICTIM.endpoint).unwrap(), 1 + family as u64);
    }
}

#[test]
fn an_echo_reply_is_from_whom_was_asked_with_the_same_identifier() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("echoes");
    // Nothing but what is asked for comes in, and only what is known goes out.
    for (family, request, reply) in [(0, 8, 0), (1, 128, 129)] {
        let echo = |kind, identifier| Payload::Icmp {
            kind,
            code: 0,
            word: [0, identifier, 0, 1],
            data: vec![],
        };
        scene.send(By::Victim, &from_victim(&CLIENT, family, echo(request, 5)));
        scene.net.await_told(|event| event.endpoint == VICTIM.endpoint && event.kind == 1);
        scene.net.flip(VICTIM.endpoint, Sets::live(SET, 0).unwrap(), 2 + family as u64 * 2);
        let right = to_victim(By::Client, family, echo(reply, 5));
        assert_eq!(scene.fate(By::Client, &right), Fate::Arrived);
        let request = to_victim(By::Client, family, echo(request, 5));
        assert_eq!(scene.fate(By::Client, &request), DENIED, "an echo the other way is another");
        scene.net.flip(VICTIM.endpoint, Sets::live(SET, CLOSED).unwrap(), 3 + family as u64 * 2);
        let wrong = to_victim(By::Client, family, echo(reply, 6));
        let fate = Fate::Refused(VICTIM.endpoint, Builtin::NotProgrammed);
        assert_eq!(scene.fate(By::Client, &wrong), fate, "another identifier");
        scene.net.flip(VICTIM.endpoint, Sets::live(SET, 0).unwrap(), 10 + family as u64);
    }
}

#[test]
fn what_is_let_in_is_told_with_its_rule() {
    if !available() {
        return;
    }
    let mut scene = Scene::new("let-in");
    for family in 0..2 {
        let opening = to_victim(By::Client, family, tcp(4000, PORT, flag::SYN));
        scene.send(By::Client, &opening);
        let event = scene.net.await_told(|event| {
            event.endpoint == VICTIM.endpoint && event.protocol == protocol::TCP
        });
        assert_eq!((event.kind, event.rule), (1, ALLOWED_BY));
    }
}
