//! Entries become one compressed file.
//!
//! Equal entries give equal octets: no times and no owners are in it.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

/// A file in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// It cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be written")]
pub struct ArchiveError(#[from] io::Error);

/// Writes entries below a folder of this name.
///
/// # Errors
/// Where it cannot be written.
pub fn archive<W: Write>(to: W, folder: &str, entries: &[Entry]) -> Result<W, ArchiveError> {
    let mut tar = Builder::new(GzEncoder::new(to, Compression::default()));
    for Entry { path, text } in entries {
        let mut header = Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, format!("{folder}/{path}"), text.as_bytes())?;
    }
    Ok(tar.into_inner()?.finish()?)
}
