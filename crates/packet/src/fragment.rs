//! The parts of a datagram (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! Only the first part has ports, so it must have all of them, and no later part may write over
//! them where the datagram is put together (RFC 1858, RFC 3128, RFC 5722).

use crate::{Refusal, network::LENGTH_MAX, transport};

/// Which part of a datagram a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The beginning.
    First { end: u16 },
    /// Something behind the beginning.
    Later { offset: u16, end: u16 },
}

impl Part {
    /// The part at `offset` that has `size` octets and says that it is of `protocol`.
    pub(crate) fn new(offset: u16, more: bool, size: usize, protocol: u8) -> Result<Self, Refusal> {
        if offset == 0 && !more {
            return Ok(Self::Whole);
        }
        if more && !size.is_multiple_of(8) {
            return Err(Refusal::FragmentSize);
        }
        let end = usize::from(offset) + size;
        let end = u16::try_from(end.min(LENGTH_MAX + 1)).map_err(|_| Refusal::FragmentEnd)?;
        if offset == 0 {
            return Ok(Self::First { end });
        }
        if usize::from(offset) < transport::decisive(protocol) {
            return Err(Refusal::FragmentOverlap);
        }
        Ok(Self::Later { offset, end })
    }

    pub(crate) fn is_first(self) -> bool {
        matches!(self, Self::First { .. })
    }

    pub(crate) fn is_later(self) -> bool {
        matches!(self, Self::Later { .. })
    }

    /// Where it begins and ends in the datagram; zeros where it is all of it.
    pub(crate) fn span(self) -> (u16, u16) {
        match self {
            Self::Whole => (0, 0),
            Self::First { end } => (0, end),
            Self::Later { offset, end } => (offset, end),
        }
    }
}
