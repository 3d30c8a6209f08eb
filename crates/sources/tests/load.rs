//! What is read from a real directory tree, and what is said about the rest.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ringfence_sources::{Loaded, SourceError, load};

fn none() -> io::Result<io::Empty> {
    panic!("nobody asked for standard input")
}

fn names(loaded: &Loaded, root: &Path) -> Vec<String> {
    let prefix = format!("{}/", root.display());
    loaded.documents.iter().map(|document| document.name.replace(&prefix, "")).collect()
}

#[test]
fn a_directory_is_read_in_order_and_the_rest_is_listed() {
    let root = tempfile::tempdir().unwrap();
    for name in ["b.yaml", "a.json", "deep/c.yml", "notes.txt", ".git/config.yaml"] {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a: 1").unwrap();
    }
    std::os::unix::fs::symlink(root.path(), root.path().join("deep/loop")).unwrap();
    let loaded = load(&[root.path().to_owned()], none).unwrap();
    assert_eq!(names(&loaded, root.path()), ["a.json", "b.yaml", "deep/c.yml"]);
    let ignored = [root.path().join(".git"), root.path().join("notes.txt")];
    assert_eq!(loaded.ignored, ignored);
}

#[test]
fn a_named_file_needs_no_ending_and_counts_once() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("manifest.txt");
    fs::write(&path, "a: 1").unwrap();
    let loaded = load(&[path.clone(), path], none).unwrap();
    assert_eq!(names(&loaded, root.path()), ["manifest.txt"]);
}

#[test]
fn standard_input_is_a_document() {
    let loaded = load(&[PathBuf::from("-")], || Ok("a: 1".as_bytes())).unwrap();
    assert_eq!(loaded.documents.first().map(|document| &*document.text), Some("a: 1"));
    assert!(load(&[PathBuf::from("-"), PathBuf::from("-")], || Ok(io::empty())).is_err());
}

#[test]
fn every_error_is_collected_with_its_path() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("latin.yaml"), b"a: 1\nb: \xe9\n").unwrap();
    for (directory, marker) in [("chart", "Chart.yaml"), ("overlay", "kustomization.yaml")] {
        fs::create_dir(root.path().join(directory)).unwrap();
        fs::write(root.path().join(directory).join(marker), "a: 1").unwrap();
    }
    let missing = root.path().join("missing.yaml");
    let errors = load(&[root.path().to_owned(), missing.clone()], none).unwrap_err();
    let [chart, latin, overlay, gone] = errors.iter().collect::<Vec<_>>()[..] else {
        panic!("{errors:?}")
    };
    assert!(matches!(chart, SourceError::NeedsRendering { command: "helm template", .. }));
    assert!(matches!(latin, SourceError::NotUtf8 { line: 2, byte: 8, .. }));
    assert!(matches!(overlay, SourceError::NeedsRendering { command: "kubectl kustomize", .. }));
    assert!(matches!(gone, SourceError::Read { path, .. } if *path == missing));
}
