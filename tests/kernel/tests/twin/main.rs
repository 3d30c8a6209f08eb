//! The programs' parser against its twin: the same packets, and everything that either says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test may say so in any way"
)]

mod corpus;
mod dropped;
#[path = "../net/mod.rs"]
mod net;
mod parser;
mod random;
mod veth;
mod wire;
#[path = "../world/mod.rs"]
mod world;

use packet::Frame;
use packets::corpus::quoted;
use parser::{Results, said};

/// What the twin says of a frame and of what it quotes.
fn twin(frame: &Frame<'_>) -> Results {
    let read = packet::read(frame);
    Results { read: said(read), quoted: quoted(frame.octets, read).map(said) }
}
