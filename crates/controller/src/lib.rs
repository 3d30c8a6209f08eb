//! Tells a cluster what became of its policies: conditions, `PolicyStatus` objects and Events.
//!
//! Agents say what their kernels have, one small object for each node; this says of each policy on how many
//! nodes it is in force, and where it is not, why. Of several controllers the one that holds a Lease writes.
//!
//! **Invariant:** what is to be written is decided without a clock and without the network, and then written.
//! **Invariant:** nothing is written that is so already, and nothing before every kind was listed once.
//! **Absent:** enforcement. Nothing that is in force anywhere depends on this.

mod accept;
mod book;
mod budget;
mod elect;
mod http;
mod kept;
mod kinds;
mod known;
mod lease;
mod metrics;
mod place;
mod progress;
mod review;
mod run;
mod settings;
mod standing;
mod tell;
mod write;
mod writer;

pub use book::Book;
pub use elect::{ElectError, Elector, Leading};
pub use kinds::{KEPT, keep};
pub use lease::{Claim, Seen, claim};
pub use metrics::Metrics;
pub use run::{ControllerError, run};
pub use settings::{LeaseSettings, Settings};
pub use tell::{Severity, Tale};
pub use write::{What, Write};
