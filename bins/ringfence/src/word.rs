//! The words for peers and ports, the same in every command.
//!
//! What they are is said in a crate of its own, because test files speak them too.

pub(crate) use words::{
    PeerWord, PortError, PortWord, ResolveError, Resolved, SelectorWord, protocol_of,
};
