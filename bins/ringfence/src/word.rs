//! The words for peers and ports, the same in every command.
//!
//! Parsed here once, so that no command sees a misspelt peer.

mod peer;
mod port;

pub(crate) use peer::{PeerWord, ResolveError, Resolved};
pub(crate) use port::{PortError, PortWord, protocol_of};
