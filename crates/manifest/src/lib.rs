//! Turns documents into a world and its rules, or into errors that say where.
//!
//! It reads a manifest in two steps: what was written (a tree that knows its places), then what an
//! API server would make of it (defaulted, validated, lowered to [`model::Rule`]).
//!
//! **Invariant:** `manifest` takes documents, never files: it knows no path and does no IO.
//! **Invariant:** no input makes it panic, and no object is half applied: what cannot be read is a
//! [`Problem`], and the reading is incomplete.
//! **Absent:** any decision about a flow; that is `policy` and `compile`. Rendering of charts and
//! kustomizations; that is `sources`.

mod assemble;
mod check;
mod document;
mod elsewhere;
mod fields;
mod kind;
mod lint;
mod lower;
mod metadata;
mod object;
mod problem;
mod read;
mod reader;
mod selector;
mod shelf;
mod workload_pods;
mod written;
mod yaml;

pub use document::{Document, HostNetwork, IpBlocks, Options, ReadAs};
pub use problem::{Code, Problem};
pub use read::{Reading, read};
pub use shelf::Shelf;
pub use written::Written;
pub use yaml::{Comment, Entries, Entry, Items, Span, Tree};
