//! Turns paths and standard input into documents.
//!
//! `manifest` knows no files, so this is the one place where manifests are found and read.
//!
//! **Invariant:** nothing is left out in silence: what a directory holds beside manifests is listed.
//! **Absent:** rendering. A directory that a renderer must turn into manifests is an error that
//! names the renderer (ruling E6); it is never read raw.

mod error;
mod load;

pub use error::{SourceError, SourceErrors};
pub use load::{Loaded, load};
