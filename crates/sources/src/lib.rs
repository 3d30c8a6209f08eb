//! Turns paths, standard input, a git revision, charts and kustomizations into documents.
//!
//! `manifest` knows no files, so this is the one place where manifests are found and read.
//!
//! **Invariant:** nothing is left out in silence: what a directory holds beside manifests is listed.
//! **Invariant:** the input of a renderer is rendered by that renderer or is an error; it is never
//! read raw (ruling E6).

mod error;
mod git;
mod load;
mod render;

pub use error::{SourceError, SourceErrors};
pub use load::{Loaded, Request, load};
pub use render::Rendered;
