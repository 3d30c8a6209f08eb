//! Worlds to measure on.
//!
//! Everything is made by position, so two runs measure the same thing.

mod cluster;
mod endpoint;

pub use cluster::{Cluster, node_name};
pub use endpoint::endpoint;
