//! The words for peers, ports and selectors that people type, and whom they mean.
//!
//! Every command and every test file speaks them, so they are parsed here once and nobody sees a
//! misspelt peer.
//!
//! **Invariant:** one word has one meaning, wherever it is written.

mod peer;
mod peers;
mod port;
mod ports;
mod selector;

pub use peer::{PeerWord, ResolveError, Resolved};
pub use peers::PeersWord;
pub use port::{PortError, PortWord, protocol_of};
pub use ports::PortsWord;
pub use selector::{SelectorError, SelectorWord};
