//! What a kernel is to whoever programs it: room, what is there, and writes in order.
//!
//! The datapath is one and so is a test's fake, so that one loop programs both.

use compile::{Capacities, Image};

use crate::Op;

/// The tables of one node.
pub trait Kernel {
    /// Why what is there cannot be read, or not be counted anew.
    type ObserveError: std::error::Error + Send + Sync + 'static;
    /// Why a write was not made.
    type PerformError: std::error::Error + Send + Sync + 'static;

    /// How many entries the tables have.
    ///
    /// # Errors
    /// Where they cannot be asked.
    fn capacities(&self) -> Result<Capacities, Self::ObserveError>;

    /// Everything that a plan writes, as it is now.
    ///
    /// # Errors
    /// Where a table cannot be read.
    fn observe(&self) -> Result<Image, Self::ObserveError>;

    /// Makes the counts of these rule numbers begin anew.
    ///
    /// # Errors
    /// Where they cannot be reached.
    fn reset_rule_counts(&mut self, numbers: &[u16]) -> Result<(), Self::ObserveError>;

    /// Where the node itself is judged by this endpoint, it is not judged any more: the endpoint's words
    /// are about to go, and for a node quarantine is a lock-out.
    ///
    /// # Errors
    /// Where its record cannot be removed.
    fn open_host(&mut self, endpoint: u32) -> Result<(), Self::ObserveError>;

    /// Performs the writes in order and stops at the first that fails: those before it were made.
    ///
    /// # Errors
    /// Where a write was not made.
    fn perform(&mut self, ops: &[Op]) -> Result<(), Self::PerformError>;
}
