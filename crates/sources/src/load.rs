//! Walks the paths and reads what is there.
//!
//! Nothing is left out silently: what is not read is either an error or listed.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use manifest::Document;

use crate::git::Checkout;
use crate::render::{Rendered, Renderer};
use crate::{SourceError, SourceErrors};

const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Files, directories, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Read the paths as they are at this revision of the git repository around them.
    pub revision: Option<String>,
    /// Files of values for Helm charts.
    pub helm_values: Vec<PathBuf>,
}

/// What the paths hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// The documents, in the order of the paths and sorted inside of directories.
    pub documents: Vec<Document>,
    /// The directories that a renderer turned into manifests.
    pub rendered: Vec<Rendered>,
    /// Files and directories inside of given directories that were left out: files with another
    /// ending, and what is hidden.
    pub ignored: Vec<PathBuf>,
}

/// Reads files, directories (with all below) and, for `-`, what `stdin` opens. A file that is
/// reached twice counts once; directories of charts and kustomizations are rendered (ruling E6).
///
/// # Errors
/// All paths that cannot be read, each with its cause.
pub fn load<R: Read>(
    request: &Request,
    stdin: impl FnOnce() -> io::Result<R>,
) -> Result<Loaded, SourceErrors> {
    let checkout = match &request.revision {
        Some(revision) => Some(Checkout::new(revision).map_err(|error| SourceErrors(vec![error]))?),
        None => None,
    };
    let mut walk =
        Walk { checkout: checkout.as_ref(), helm_values: &request.helm_values, ..Walk::default() };
    let mut stdin = Some(stdin);
    for path in &request.paths {
        if path.as_os_str() != "-" {
            walk.named(path);
            continue;
        }
        match stdin.take() {
            Some(open) => walk.stdin(open),
            None => walk.errors.push(SourceError::StdinTwice),
        }
    }
    if walk.errors.is_empty() { Ok(walk.loaded) } else { Err(SourceErrors(walk.errors)) }
}

#[derive(Default)]
struct Walk<'a> {
    /// Where the paths are really, if they are those of a revision.
    checkout: Option<&'a Checkout>,
    helm_values: &'a [PathBuf],
    loaded: Loaded,
    errors: Vec<SourceError>,
    /// Real paths that were read, which also ends loops of symbolic links.
    seen: BTreeSet<PathBuf>,
}

impl Loaded {
    /// BLAKE3 over the names and texts of all documents in the order of their names, in hex: equal
    /// inputs have equal digests, wherever they are read.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut all: Vec<&Document> = self.documents.iter().collect();
        all.sort_unstable_by_key(|document| &document.name);
        let mut hash = blake3::Hasher::new();
        for part in all.iter().flat_map(|document| [&document.name, &document.text]) {
            // The length first, so that no two inputs run together.
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().to_string()
    }
}

impl Walk<'_> {
    fn stdin<R: Read>(&mut self, open: impl FnOnce() -> io::Result<R>) {
        let mut bytes = Vec::new();
        let read = open().and_then(|mut reader| reader.read_to_end(&mut bytes));
        match read {
            Ok(_) => self.document("<stdin>", bytes),
            Err(source) => self.errors.push(SourceError::Stdin { source }),
        }
    }

    /// A path that a person named, at the revision that is asked for.
    fn named(&mut self, path: &Path) {
        match self.checkout.map(|checkout| checkout.path(path)) {
            None => self.given(path),
            Some(Ok(path)) => self.given(&path),
            Some(Err(error)) => self.errors.push(error),
        }
    }

    /// What people know a path by.
    fn shown(&self, path: &Path) -> String {
        match self.checkout {
            Some(checkout) => checkout.shown(path),
            None => path.display().to_string(),
        }
    }

    /// Its ending does not matter.
    fn given(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.directory(path),
            Ok(found) if found.is_file() || is_pipe(&found) => self.file(path),
            Ok(_) => self.errors.push(SourceError::NotAFile { path: path.to_owned() }),
            Err(source) => self.unreadable(path, source),
        }
    }

    fn directory(&mut self, path: &Path) {
        if !self.is_new(path) {
            return;
        }
        if let Some(renderer) = Renderer::of(path) {
            return self.rendered(renderer, path);
        }
        let entries = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>());
        let mut entries: Vec<PathBuf> = match entries {
            Ok(entries) => entries,
            Err(source) => return self.unreadable(path, source),
        };
        entries.sort_unstable();
        for entry in entries {
            self.found(&entry);
        }
    }

    fn rendered(&mut self, renderer: Renderer, path: &Path) {
        let shown = self.shown(path);
        match renderer.render(path, &shown, self.helm_values) {
            Ok((documents, rendered)) => {
                self.loaded.documents.extend(documents);
                self.loaded.rendered.push(rendered);
            }
            Err(error) => self.errors.push(error),
        }
    }

    /// A path that a directory holds.
    fn found(&mut self, path: &Path) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let is_hidden = name.is_some_and(|name| name.starts_with('.'));
        match fs::metadata(path) {
            _ if is_hidden => self.loaded.ignored.push(path.to_owned()),
            Ok(found) if found.is_dir() => self.directory(path),
            Ok(found) if found.is_file() && is_manifest(path) => self.file(path),
            Ok(_) => self.loaded.ignored.push(path.to_owned()),
            Err(source) => self.unreadable(path, source),
        }
    }

    fn file(&mut self, path: &Path) {
        if !self.is_new(path) {
            return;
        }
        match fs::read(path) {
            Ok(bytes) => self.document(&self.shown(path), bytes),
            Err(source) => self.unreadable(path, source),
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        match fs::canonicalize(path) {
            Ok(real) => self.seen.insert(real),
            // A pipe such as /dev/fd/63 has no path of its own; nobody reads it twice.
            Err(_) => true,
        }
    }

    fn document(&mut self, name: &str, bytes: Vec<u8>) {
        match String::from_utf8(bytes) {
            Ok(text) => {
                let (name, text) = (Arc::from(name), Arc::from(text));
                self.loaded.documents.push(Document { name, text });
            }
            Err(error) => {
                let byte = error.utf8_error().valid_up_to();
                let before = error.as_bytes().iter().take(byte);
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                self.errors.push(SourceError::NotUtf8 { name: name.to_owned(), line, byte });
            }
        }
    }

    fn unreadable(&mut self, path: &Path, source: io::Error) {
        self.errors.push(SourceError::Read { path: path.to_owned(), source });
    }
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

/// Shells give the output of a command as a pipe: `-f <(helm template .)`.
fn is_pipe(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    found.file_type().is_fifo()
}
