//! YAML as kubectl reads it, as a tree in which every value knows where it stands (ruling E2).
//!
//! **Invariant:** nothing here knows a kind or a field.

mod build;
mod chunk;
mod comment;
mod forest;
mod mapping;
mod place;
mod scalar;
mod tree;

pub(crate) use build::parse;
pub use comment::Comment;
pub(crate) use forest::Forest;
pub use tree::{Entries, Entry, Items, Span, Tree};
