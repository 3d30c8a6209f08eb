//! Everything that a report of a fault needs, without secrets, in one file.
//!
//! It will be sent to strangers, so what could be a secret is left out or made unreadable, also where it
//! would have been of use.
//!
//! **Invariant:** Secrets and ConfigMaps are never asked for.
//! **Invariant:** what could not be collected is named in the file, and keeps nothing else out.

mod archive;
mod collect;
mod object;
mod text;

pub use archive::{ArchiveError, Entry, archive};
pub use collect::{NOT_COLLECTED, collect};
pub use object::scrubbed as scrubbed_object;
pub use text::scrubbed as scrubbed_text;
