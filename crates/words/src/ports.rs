//! Words for sets of ports: what one port's word can be, whole protocols, everything.
//!
//! An intention is often about all ports at once, which no single port's word says.

use std::str::FromStr;

use model::{PortRange, Protocol};

use crate::{PortError, PortWord, protocol_of};

/// A set of ports as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortsWord {
    /// A port or a range.
    One(PortWord),
    /// `tcp`: every port of a protocol.
    Protocol(Protocol),
    /// `other`: all protocols without ports, ICMP among them.
    Other,
    /// `all`: every port of every protocol, and all protocols without ports.
    All,
}

impl FromStr for PortsWord {
    type Err = PortError;

    fn from_str(word: &str) -> Result<Self, PortError> {
        match word {
            "all" => Ok(Self::All),
            "other" => Ok(Self::Other),
            word => match (protocol_of(word), word.strip_prefix("0/")) {
                (Ok(protocol), _) => Ok(Self::Protocol(protocol)),
                // No rule can name port 0, so it is left over where a rule names all that it can.
                (Err(_), Some(protocol)) => {
                    let range = PortRange::single(0);
                    protocol_of(protocol).map(|it| Self::One(PortWord::Numbers(it, range)))
                }
                (Err(_), None) => word.parse().map(Self::One),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_protocols_are_told_from_ports_and_names() {
        assert_eq!("all".parse(), Ok(PortsWord::All));
        assert_eq!("udp".parse(), Ok(PortsWord::Protocol(Protocol::Udp)));
        assert_eq!("http".parse(), Ok(PortsWord::One(PortWord::Name("http".to_owned()))));
        assert_eq!("other".parse(), Ok(PortsWord::Other));
        let zero = PortWord::Numbers(Protocol::Tcp, PortRange::single(0));
        assert_eq!("0/tcp".parse(), Ok(PortsWord::One(zero)));
        assert!("80/TCP".parse::<PortsWord>().is_err());
    }
}
