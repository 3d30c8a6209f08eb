//! What is read from a real directory tree, and what is said about the rest.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ringfence_sources::{Loaded, Request, SourceError, load};

fn none() -> io::Result<io::Empty> {
    panic!("nobody asked for standard input")
}

fn paths<const N: usize>(paths: [PathBuf; N]) -> Request {
    Request { paths: paths.into(), ..Request::default() }
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
    let loaded = load(&paths([root.path().to_owned()]), none).unwrap();
    assert_eq!(names(&loaded, root.path()), ["a.json", "b.yaml", "deep/c.yml"]);
    let ignored = [root.path().join(".git"), root.path().join("notes.txt")];
    assert_eq!(loaded.ignored, ignored);
}

#[test]
fn a_named_file_needs_no_ending_and_counts_once() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("manifest.txt");
    fs::write(&path, "a: 1").unwrap();
    let loaded = load(&paths([path.clone(), path]), none).unwrap();
    assert_eq!(names(&loaded, root.path()), ["manifest.txt"]);
}

#[test]
fn standard_input_is_a_document() {
    let loaded = load(&paths([PathBuf::from("-")]), || Ok("a: 1".as_bytes())).unwrap();
    assert_eq!(loaded.documents.first().map(|document| &*document.text), Some("a: 1"));
    assert!(load(&paths([PathBuf::from("-"), PathBuf::from("-")]), || Ok(io::empty())).is_err());
}

#[test]
fn every_error_is_collected_with_its_path() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("latin.yaml"), b"a: 1\nb: \xe9\n").unwrap();
    let missing = root.path().join("missing.yaml");
    let errors = load(&paths([root.path().to_owned(), missing.clone()]), none).unwrap_err();
    let [latin, gone] = errors.iter().collect::<Vec<_>>()[..] else { panic!("{errors:?}") };
    assert!(matches!(latin, SourceError::NotUtf8 { line: 2, byte: 8, .. }));
    assert!(matches!(gone, SourceError::Read { path, .. } if *path == missing));
}

#[test]
fn equal_inputs_have_equal_digests_and_no_two_run_together() {
    let digest = |documents: &[(&str, &str)]| {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in documents {
            fs::write(root.path().join(name), text).unwrap();
        }
        let mut loaded = load(&paths([root.path().to_owned()]), none).unwrap();
        for document in &mut loaded.documents {
            let name = Path::new(&*document.name).file_name().unwrap().to_string_lossy();
            document.name = name.as_ref().into();
        }
        loaded.digest()
    };
    let one = digest(&[("a.yaml", "a: 1"), ("b.yaml", "b: 1")]);
    assert_eq!(one, digest(&[("b.yaml", "b: 1"), ("a.yaml", "a: 1")]));
    assert_ne!(one, digest(&[("a.yaml", "a: 1b"), ("b.yaml", ": 1")]));
    assert_ne!(one, digest(&[("a.yaml", "a: 1b.yamlb: 1")]));
}
