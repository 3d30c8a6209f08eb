//! What a lab and its helper processes say to each other, one JSON object a line.
//!
//! The lab writes to a helper's standard input and reads its standard output; a helper ends when
//! its input does, so a killed lab leaves no process behind.

use std::net::IpAddr;
use std::path::PathBuf;

use model::{Family, Protocol, Traffic};
use serde::{Deserialize, Serialize};

/// What a probe is carried by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// A TCP connection.
    Tcp,
    /// A UDP datagram and its answer.
    Udp,
    /// An SCTP INIT and its INIT ACK.
    Sctp,
    /// An ICMP or ICMPv6 echo.
    Echo,
}

impl Carrier {
    /// The carrier of `protocol`.
    #[must_use]
    pub fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Tcp => Self::Tcp,
            Protocol::Udp => Self::Udp,
            Protocol::Sctp => Self::Sctp,
        }
    }

    /// What a policy sees of it.
    #[must_use]
    pub fn traffic(self, family: Family, port: u16) -> Traffic {
        match self {
            Self::Tcp => Traffic::Port(Protocol::Tcp, port),
            Self::Udp => Traffic::Port(Protocol::Udp, port),
            Self::Sctp => Traffic::Port(Protocol::Sctp, port),
            Self::Echo => Traffic::icmp(family),
        }
    }
}

/// What a helper is to be: the first line of its input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Duty {
    /// The namespace to live in.
    pub(crate) netns: PathBuf,
    /// The cgroup to live in.
    pub(crate) cgroup: PathBuf,
    /// Where to listen.
    pub(crate) listeners: Vec<Listener>,
}

/// One place to listen on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Listener {
    /// The address.
    pub(crate) address: IpAddr,
    /// The protocol; echoes are answered by the kernel.
    pub(crate) carrier: Carrier,
    /// The port.
    pub(crate) port: u16,
    /// Who answers, so that a wrong receiver is found.
    pub(crate) name: String,
}

/// One attempt to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// Comes back in the answer.
    pub(crate) id: u64,
    /// How.
    pub(crate) carrier: Carrier,
    /// The address to send from.
    pub(crate) source: IpAddr,
    /// The port, or echo identifier, to send from.
    pub(crate) source_port: u16,
    /// The address to reach.
    pub(crate) destination: IpAddr,
    /// The port to reach; 0 for an echo.
    pub(crate) port: u16,
    /// How long to wait for an answer.
    pub(crate) timeout_ms: u32,
}

/// What came of an [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Whose.
    pub(crate) id: u64,
    /// What happened.
    pub(crate) outcome: Outcome,
    /// How long it took, microseconds.
    pub(crate) elapsed_us: u64,
}

/// What happened to a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Somebody answered.
    Reached {
        /// Who; for an echo the address.
        by: String,
    },
    /// Nobody answered in time, which is what a denial looks like.
    Timeout,
    /// Somebody said no, which no denial of ours does (ruling N26).
    Refused,
    /// The system call itself was forbidden: how a pod's way to itself is denied (ruling N14).
    Forbidden,
    /// The attempt itself failed.
    Error {
        /// What the system said.
        message: String,
    },
}

/// Everything that a helper says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Said {
    /// It listens everywhere it should.
    Ready,
    /// It cannot be what it should be.
    Failed {
        /// Which step.
        step: String,
        /// What the system said.
        message: String,
    },
    /// What came of an [`Ask`].
    Answer(Answer),
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn round_trip<T>(value: &T) -> T
    where
        T: Serialize + for<'a> Deserialize<'a>,
    {
        let line = serde_json::to_string(value).unwrap();
        assert!(!line.contains('\n'), "one object is one line: {line}");
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn every_message_survives_the_pipe() {
        let answer = |outcome| Said::Answer(Answer { id: u64::MAX, outcome, elapsed_us: 17 });
        let said = [
            Said::Ready,
            Said::Failed { step: "listen".into(), message: "two\nlines".into() },
            answer(Outcome::Reached { by: "shop/api".into() }),
            answer(Outcome::Timeout),
            answer(Outcome::Refused),
            answer(Outcome::Forbidden),
            answer(Outcome::Error { message: "no route".into() }),
        ];
        for said in said {
            assert_eq!(round_trip(&said), said);
        }
        let ask = Ask {
            id: 1,
            carrier: Carrier::Sctp,
            source: "fd00::1".parse().unwrap(),
            source_port: 20_000,
            destination: "fd00::2".parse().unwrap(),
            port: 3868,
            timeout_ms: 300,
        };
        assert_eq!(round_trip(&ask), ask);
    }

    #[test]
    fn an_echo_has_no_port_for_a_policy() {
        assert_eq!(Carrier::Echo.traffic(Family::V6, 7), Traffic::icmp(Family::V6));
        assert_eq!(Carrier::Udp.traffic(Family::V4, 7), Traffic::Port(Protocol::Udp, 7));
    }
}
