//! The files of the tree: what people wrote, without what was built.
//!
//! `tidy` reads them and `mutants` copies them; both must see the same ones, also outside of git.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold no source: version control, build results, findings of the fuzzer.
const NOT_SOURCE: [&str; 4] = [".git", "target", "artifacts", "node_modules"];

/// A file or folder that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
pub(crate) struct FilesError {
    path: PathBuf,
    source: io::Error,
}

impl FilesError {
    /// `source` happened at `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { path: path.to_path_buf(), source }
    }
}

/// One text file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) content: String,
}

impl Text {
    /// Whether the name ends in one of `endings`.
    pub(crate) fn is(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// The numbered lines, from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.content.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

/// The paths of all files and links below `root`, relative to it and sorted.
pub(crate) fn paths(root: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let mut found = Vec::new();
    collect(root, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}

/// Every file below `root` that is text; links are not followed, so no file comes twice.
pub(crate) fn texts(root: &Path) -> Result<Vec<Text>, FilesError> {
    let mut texts = Vec::new();
    for path in paths(root)? {
        let full = root.join(&path);
        if full.is_symlink() {
            continue;
        }
        let bytes = fs::read(&full).map_err(FilesError::at(&full))?;
        if let Ok(content) = String::from_utf8(bytes) {
            texts.push(Text { path: path.to_string_lossy().into_owned(), content });
        }
    }
    Ok(texts)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), FilesError> {
    let full = root.join(folder);
    for entry in fs::read_dir(&full).map_err(FilesError::at(&full))? {
        let entry = entry.map_err(FilesError::at(&full))?;
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().map_err(FilesError::at(&full))?;
        if !kind.is_dir() {
            found.push(path);
        } else if !NOT_SOURCE.iter().any(|name| entry.file_name() == *name) {
            collect(root, &path, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{paths, texts};

    #[test]
    fn built_things_links_and_pictures_are_no_texts() {
        let root = tempfile::tempdir().expect("a folder");
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("a/target")).expect("a folder");
        fs::write(at("a/target/built.rs"), "built").expect("a file");
        fs::write(at("a/source.rs"), "source").expect("a file");
        fs::write(at("picture.png"), [0x89, 0xff]).expect("a file");
        std::os::unix::fs::symlink("a/source.rs", at("link")).expect("a link");
        let found = paths(root.path()).expect("it is readable");
        assert_eq!(found, ["a/source.rs", "link", "picture.png"].map(std::path::PathBuf::from));
        let texts = texts(root.path()).expect("it is readable");
        assert_eq!(texts.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["a/source.rs"]);
    }
}
