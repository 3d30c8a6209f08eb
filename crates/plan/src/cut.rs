//! Which connections and sockets a change has ended, before any of them sends again.
//!
//! The programs judge a connection again with its next packet. One that is silent has none, so both
//! its ends would go on believing in it: those are named here and ended where their sockets are.

use abi::{Address, BackendKey, Connection, ConnectionKey, connection_flags};
use abi::{ServiceKey, SubjectKey, TranslationKey, TranslationValue};
use compile::{Answer, Image};
use model::{Builtin, Direction, Protocol, Traffic, Verdict};

/// Whether `image` no longer allows a TCP connection that it or an earlier one let open, whoever
/// opened it. What the table alone cannot say is left to the next packet: who stands behind an
/// address for which `is_node` holds, which process of a pod opened it where some may and some may not,
/// and protocols in which nobody would be told.
pub fn is_cut(
    image: &Image,
    is_node: impl Fn(Address) -> bool,
    (key, connection): (&ConnectionKey, &Connection),
) -> bool {
    let endpoint = u32::from(key.endpoint);
    if key.protocol != Protocol::Tcp.number()
        || !image.endpoints.contains_key(&endpoint)
        || needs_no_table(connection)
    {
        return false;
    }
    let remote_opened = connection.flags & connection_flags::REMOTE_OPENED != 0;
    let ask = |slot, direction, port| {
        image.lookup(slot, direction, key.remote, Traffic::Port(Protocol::Tcp, port))
    };
    match remote_opened {
        true if is_node(key.remote) => false,
        true => denies(ask(endpoint, Direction::Ingress, key.local_port)),
        false => openers(image, endpoint)
            .all(|slot| denies(ask(slot, Direction::Egress, key.remote_port))),
    }
}

/// The slots by which what an endpoint opened may be judged: its own, and where rules ask who sends,
/// those of its subjects. Which of them it was then may have another name now.
fn openers(image: &Image, endpoint: u32) -> impl Iterator<Item = u32> {
    let asks = image.endpoints.get(&endpoint).is_some_and(|record| record.sets.has_subjects());
    let of_pod = SubjectKey { endpoint, subject: 0 }..=SubjectKey { endpoint, subject: u32::MAX };
    let subjects = asks.then(|| image.subjects.range(of_pod).map(|(_, slot)| *slot));
    [endpoint].into_iter().chain(subjects.into_iter().flatten())
}

/// Whether the backend that a socket was led to is no longer one of the Service that it named.
#[must_use]
pub fn is_orphan(image: &Image, (key, value): (&TranslationKey, &TranslationValue)) -> bool {
    let TranslationValue { address, port, .. } = *value;
    let service = ServiceKey { address, port, protocol: key.protocol, pad: 0 };
    let Some(service) = image.services.get(&service) else { return true };
    let backends = (0..service.count)
        .filter_map(|index| image.backends.get(&BackendKey { backends: service.backends, index }));
    !backends.into_iter().any(|to| to.address == key.address && to.port == key.port)
}

/// Decided without the table, and so never again; see `keeps` in `bpf/lib/filter.h`.
fn needs_no_table(connection: &Connection) -> bool {
    [Builtin::LocalNode, Builtin::Itself].iter().any(|builtin| builtin.code() == connection.reason)
}

fn denies(answer: Answer) -> bool {
    answer.verdict == Verdict::Deny && !answer.keeps_existing
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    use abi::{BackendValue, Cell, Endpoint, RowKey, RowValue, ServiceValue, Sets, verdict_code};

    use super::*;

    const SET: u32 = 5;
    const PORT: u16 = 80;

    fn peer() -> Address {
        IpAddr::from([10, 0, 0, 2]).into()
    }

    /// Endpoint 1 says `verdict` of all traffic with the peer, as `sets` has it.
    fn image(sets: Sets, verdict: u8) -> Image {
        let cell = Cell { rule: 7, verdict, reason: 0, counter: 0 };
        let row = RowKey { set: SET, class: 1 };
        Image {
            endpoints: BTreeMap::from([(1, Endpoint { sets, ..Endpoint::default() })]),
            peers: BTreeMap::from([(peer(), 1)]),
            rows: BTreeMap::from([(row, RowValue { base: 0, width: 1 })]),
            cells: BTreeMap::from([(0, cell)]),
            ..Image::default()
        }
    }

    fn ingress() -> Sets {
        Sets::live(SET, 0).unwrap_or_default()
    }

    fn key(protocol: Protocol) -> ConnectionKey {
        ConnectionKey {
            remote: peer(),
            local_port: PORT,
            remote_port: PORT,
            endpoint: 1,
            protocol: protocol.number(),
            family: 4,
        }
    }

    fn opened(by_remote: bool) -> Connection {
        let flags = if by_remote { connection_flags::REMOTE_OPENED } else { 0 };
        Connection { flags, rule: 3, ..Connection::default() }
    }

    fn nobody(_: Address) -> bool {
        false
    }

    #[test]
    fn a_connection_is_cut_by_the_set_of_its_openers_direction_alone() {
        let key = key(Protocol::Tcp);
        for (verdict, by_remote, cut) in [
            (verdict_code::DENY, true, true),
            (verdict_code::DENY, false, false),
            (verdict_code::ALLOW, true, false),
            (verdict_code::DENY_KEEP, true, false),
        ] {
            let found = is_cut(&image(ingress(), verdict), nobody, (&key, &opened(by_remote)));
            assert_eq!(found, cut, "{verdict} {by_remote}");
        }
    }

    #[test]
    fn what_one_process_may_is_cut_only_when_none_may() {
        let denied =
            image(Sets::live(0, SET).unwrap_or_default().with_subjects(true), verdict_code::DENY);
        let opened = opened(false);
        let is_cut = |image: &Image| is_cut(image, nobody, (&key(Protocol::Tcp), &opened));
        assert!(is_cut(&denied), "nobody may");
        let mut one_may = denied;
        one_may.subjects.insert(SubjectKey { endpoint: 1, subject: 77 }, 900);
        let free = Endpoint { sets: Sets::live(0, 0).unwrap_or_default(), ..Endpoint::default() };
        one_may.endpoints.insert(900, free);
        assert!(!is_cut(&one_may), "it may be the one's");
        let mut of_another = one_may.clone();
        of_another.subjects = BTreeMap::from([(SubjectKey { endpoint: 2, subject: 77 }, 900)]);
        assert!(is_cut(&of_another));
        let mut nobody_asks = one_may;
        nobody_asks
            .endpoints
            .insert(1, Endpoint { sets: Sets::live(0, SET).unwrap_or_default(), ..free });
        assert!(is_cut(&nobody_asks));
    }

    #[test]
    fn what_the_table_cannot_say_is_left_to_the_next_packet() {
        let image = image(ingress(), verdict_code::DENY);
        let by_peer = opened(true);
        assert!(is_cut(&image, nobody, (&key(Protocol::Tcp), &by_peer)));
        assert!(!is_cut(&image, |one| one == peer(), (&key(Protocol::Tcp), &by_peer)));
        assert!(!is_cut(&image, nobody, (&key(Protocol::Udp), &by_peer)));
        let of_another = ConnectionKey { endpoint: 2, ..key(Protocol::Tcp) };
        assert!(!is_cut(&image, nobody, (&of_another, &by_peer)));
        for builtin in [Builtin::LocalNode, Builtin::Itself] {
            let fixed = Connection { reason: builtin.code(), ..by_peer };
            assert!(!is_cut(&image, nobody, (&key(Protocol::Tcp), &fixed)), "{builtin:?}");
        }
    }

    #[test]
    fn a_socket_is_an_orphan_when_its_service_or_its_backend_there_is_gone() {
        let service = ServiceKey { address: peer(), port: 53, protocol: 17, pad: 0 };
        let backend = BackendValue { address: peer(), port: 5353, pad: 0 };
        let image = Image {
            services: BTreeMap::from([(
                service,
                ServiceValue { backends: 3, count: 1, affinity_seconds: 0 },
            )]),
            backends: BTreeMap::from([(BackendKey { backends: 3, index: 0 }, backend)]),
            ..Image::default()
        };
        let key = TranslationKey {
            cookie: 9,
            address: backend.address,
            port: backend.port,
            protocol: 17,
            pad: [0; 5],
        };
        let value = TranslationValue { address: service.address, port: service.port, pad: 0 };
        assert!(!is_orphan(&image, (&key, &value)));
        assert!(is_orphan(&image, (&TranslationKey { port: 5354, ..key }, &value)));
        assert!(is_orphan(&image, (&TranslationKey { protocol: 6, ..key }, &value)));
        assert!(is_orphan(&image, (&key, &TranslationValue { port: 54, ..value })));
    }
}
