//! Who reaches whom, what a change changes, and what nobody needs, answered from the table.
//!
//! Everything here reads the sparse tables of `compile`; there is no second semantics, and the tests
//! compare the answers with the oracle. Start at [`reach::reach`].
//!
//! **Invariant:** no IO, no clock, no randomness; equal inputs give equal answers, in equal order.
//! **Invariant:** nothing here decides a flow: verdicts are read from tables.

mod clause;
pub mod compare;
pub mod diff;
pub mod exposure;
mod group;
mod intern;
mod name;
mod network;
pub mod prune;
pub mod reach;
mod strangers;
mod traffic;
mod words;

pub use compare::{Comparison, compare};
pub use diff::{Diff, diff};
pub use exposure::{Exposure, exposure};
pub use group::{Group, Members};
pub use name::{By, Name};
pub use network::{address, networks};
pub use prune::{Prune, prune};
pub use reach::{Options, Reach, reach};
pub use traffic::TrafficSet;
pub use words::{condition_words, family_word, selector_words};
