//! What packets carry: enough to judge them where they arrive, whoever sent them to whom.

use crate::clock::Nanoseconds;
use crate::pod::Life;

/// How many octets a message has.
pub(crate) const SIZE: usize = 48;
const MAGIC: u64 = u64::from_be_bytes(*b"ringfenc");

/// One datagram, or one turn of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// No other has its number.
    pub(crate) id: u64,
    /// Whether it answers another one.
    pub(crate) is_reply: bool,
    /// Who opened.
    pub(crate) opener: Life,
    /// Whom the opener meant.
    pub(crate) responder: Life,
    /// The responder's port, by its place.
    pub(crate) port: u8,
    /// When this was sent.
    pub(crate) sent: Nanoseconds,
    /// When the question was sent, or the connection opened.
    pub(crate) asked: Nanoseconds,
}

impl Message {
    /// As octets.
    pub(crate) fn encode(&self) -> [u8; SIZE] {
        let words = [
            MAGIC,
            self.id,
            u64::from(self.opener) << 32 | u64::from(self.responder),
            u64::from(self.is_reply) << 8 | u64::from(self.port),
            self.sent,
            self.asked,
        ];
        let mut octets = [0; SIZE];
        let (places, _) = octets.as_chunks_mut::<8>();
        for (place, word) in places.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        octets
    }

    /// Nothing where the octets are not a message of ours.
    pub(crate) fn decode(octets: &[u8]) -> Option<Self> {
        let (words, _) = octets.as_chunks::<8>();
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut next = || words.next();
        if next()? != MAGIC {
            return None;
        }
        let (id, ends, how, sent, asked) = (next()?, next()?, next()?, next()?, next()?);
        Some(Self {
            id,
            is_reply: how >> 8 != 0,
            opener: Life::try_from(ends >> 32).ok()?,
            responder: Life::try_from(ends & u64::from(u32::MAX)).ok()?,
            port: u8::try_from(how & 0xff).ok()?,
            sent,
            asked,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_arrives_and_nothing_else_is_a_message() {
        let message = Message {
            id: 77,
            is_reply: true,
            opener: 5,
            responder: u32::MAX,
            port: 2,
            sent: 1 << 40,
            asked: 3,
        };
        let octets = message.encode();
        assert_eq!(Message::decode(&octets), Some(message));
        assert_eq!(Message::decode(octets.get(..40).unwrap_or_default()), None);
        assert_eq!(Message::decode(&[0; SIZE]), None);
    }
}
