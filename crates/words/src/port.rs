//! Words for ports: `5432/tcp`, `5432`, `http`, `8000-8100/udp`, `icmp`.
//!
//! Kept apart from what they mean on a destination, because a name means another number on each.

use std::fmt;
use std::str::FromStr;

use model::{Family, Pod, PortRange, Protocol, Traffic};

/// A port as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortWord {
    /// Numbers of one protocol.
    Numbers(Protocol, PortRange),
    /// A container port's name on the destination.
    Name(String),
    /// Echo traffic.
    Icmp,
}

/// Why a word is no port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortError {
    /// The part behind `/` is no protocol.
    Protocol(String),
    /// The number is not from 1 to 65535, or the range ends before it starts.
    Number(String),
    /// The destination has no such named port.
    NoSuchName(String),
    /// A name needs a pod to be resolved on.
    NameNeedsPod(String),
    /// A range where one port is asked for.
    Range(PortRange),
}

impl fmt::Display for PortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(word) => write!(f, "{word:?} is none of tcp, udp, sctp"),
            Self::Number(word) => write!(f, "{word:?} is not a port from 1 to 65535"),
            Self::NoSuchName(name) => write!(f, "the destination has no port named {name:?}"),
            Self::NameNeedsPod(name) => write!(f, "port name {name:?} needs a pod as destination"),
            Self::Range(range) => {
                write!(f, "{}-{} is a range; one port is asked for", range.first(), range.last())
            }
        }
    }
}

impl std::error::Error for PortError {}

impl FromStr for PortWord {
    type Err = PortError;

    fn from_str(word: &str) -> Result<Self, PortError> {
        if word == "icmp" {
            return Ok(Self::Icmp);
        }
        let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
        let is_name = !number.starts_with(|first: char| first.is_ascii_digit());
        if is_name && !word.contains('/') {
            return Ok(Self::Name(word.to_owned()));
        }
        Ok(Self::Numbers(protocol_of(protocol)?, range(number)?))
    }
}

/// The protocol with this lower-case name.
pub fn protocol_of(word: &str) -> Result<Protocol, PortError> {
    let known = Protocol::ALL.into_iter().find(|protocol| protocol.name() == word);
    known.ok_or_else(|| PortError::Protocol(word.to_owned()))
}

/// No rule can name port 0, but a packet may carry it, so a range may begin with it.
fn range(word: &str) -> Result<PortRange, PortError> {
    let error = || PortError::Number(word.to_owned());
    let number = |text: &str| text.parse().map_err(|_| error());
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let range = PortRange::new(number(first)?, number(last)?).map_err(|_| error())?;
    if range.last() == 0 { Err(error()) } else { Ok(range) }
}

impl PortWord {
    /// The traffic of one flow to `destination`.
    ///
    /// # Errors
    /// Where the word is a range or a name that the destination does not have.
    pub fn traffic(&self, destination: Option<&Pod>, family: Family) -> Result<Traffic, PortError> {
        match self {
            Self::Icmp => Ok(Traffic::icmp(family)),
            Self::Numbers(protocol, range) if range.first() == range.last() => {
                Ok(Traffic::Port(*protocol, range.first()))
            }
            Self::Numbers(_, range) => Err(PortError::Range(*range)),
            Self::Name(name) => {
                let pod = destination.ok_or_else(|| PortError::NameNeedsPod(name.clone()))?;
                let mut ports = Protocol::ALL
                    .into_iter()
                    .filter_map(|protocol| Some((protocol, pod.named_port(name, protocol)?)));
                let (protocol, port) =
                    ports.next().ok_or_else(|| PortError::NoSuchName(name.clone()))?;
                Ok(Traffic::Port(protocol, port))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_they_say() {
        let one = |port| PortRange::single(port);
        assert_eq!("5432".parse(), Ok(PortWord::Numbers(Protocol::Tcp, one(5432))));
        assert_eq!("53/udp".parse(), Ok(PortWord::Numbers(Protocol::Udp, one(53))));
        assert_eq!("http".parse(), Ok(PortWord::Name("http".into())));
        assert_eq!("icmp".parse(), Ok(PortWord::Icmp));
    }

    #[test]
    fn words_that_mean_nothing_are_refused() {
        for word in ["0", "65536", "9-8", "80/TCP", "80/", "http/tcp"] {
            assert!(word.parse::<PortWord>().is_err(), "{word}");
        }
    }
}
