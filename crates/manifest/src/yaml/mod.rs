//! YAML as kubectl reads it, as a tree in which every value knows where it stands (ruling E2).
//!
//! **Invariant:** nothing here knows a kind or a field.

mod build;
mod chunk;
mod scalar;
mod tree;

pub(crate) use build::parse;
pub(crate) use scalar::{Resolved, Scalar};
pub(crate) use tree::{Entry, Node, Span, Value};
