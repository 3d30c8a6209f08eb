//! What is wanted of a node: everything that its table is made from.

use model::{Rules, World};

use crate::Guarded;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    /// Who exists.
    pub world: &'a World,
    /// What they may do.
    pub rules: &'a Rules,
    /// What policies of the node itself must leave alone.
    pub guarded: &'a Guarded,
}
