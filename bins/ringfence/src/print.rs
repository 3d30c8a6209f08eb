//! Where answers go: standard output or a file, as wide as the terminal.
//!
//! Answers go to standard output and everything else to standard error, so that pipes carry answers
//! only. A reader that closes its end early made a choice; that is no failure.

use std::fmt;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// An answer could not be written.
#[derive(Debug)]
pub(crate) struct PrintError {
    file: Option<PathBuf>,
    cause: io::Error,
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}: {}", file.display(), self.cause),
            None => write!(f, "standard output: {}", self.cause),
        }
    }
}

/// Writes `text` to `file`, or to standard output.
///
/// # Errors
/// Where it cannot be written.
pub(crate) fn print(text: &str, file: Option<&Path>) -> Result<(), PrintError> {
    let failed = |cause| PrintError { file: file.map(Path::to_owned), cause };
    match file {
        Some(file) => fs::write(file, text).map_err(failed),
        None => tolerant(io::stdout().lock().write_all(text.as_bytes())).map_err(failed),
    }
}

/// Calls `write` with the file or standard output, for answers that are too long to hold.
///
/// # Errors
/// Where something cannot be written.
pub(crate) fn stream(
    file: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), PrintError> {
    let failed = |cause| PrintError { file: file.map(Path::to_owned), cause };
    let written = match file {
        Some(file) => fs::File::create(file).and_then(|file| {
            let mut file = io::BufWriter::new(file);
            write(&mut file).and_then(|()| file.flush())
        }),
        None => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            tolerant(write(&mut out).and_then(|()| out.flush()))
        }
    };
    written.map_err(failed)
}

fn tolerant(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Whether answers are coloured: on a terminal, unless somebody does not want it.
pub(crate) fn tells_colour(file: Option<&Path>) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    file.is_none() && !plain && io::stdout().is_terminal()
}

/// The columns of the terminal that answers go to; none where they go elsewhere.
pub(crate) fn width(file: Option<&Path>) -> Option<u16> {
    if file.is_some() || !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| width.0)
}
