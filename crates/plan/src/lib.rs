//! Decides which map writes lead from one image to the next.
//!
//! **Invariant:** after every single [`Op`] of a plan, the verdict of every flow is the old one or the
//! new one, and never "allow" where both deny.
//! **Invariant:** `plan` is pure; `datapath` performs and decides nothing.

mod op;

pub use op::Op;
