//! The pages in docs/lints say what the table says.
//!
//! `BLESS=1 cargo test -p ringfence-lint --test pages` writes them anew.
#![expect(clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "pages are files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ringfence_lint::{docs, lints};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lints")
}

fn expected() -> BTreeMap<String, String> {
    let pages = lints::all().map(|lint| (format!("{}.md", lint.id), docs::page(lint)));
    pages.chain([("README.md".to_owned(), docs::index())]).collect()
}

#[test]
fn the_pages_are_those_of_the_table() {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(folder()).unwrap_or_else(|error| panic!("{error}"));
        for (name, text) in expected() {
            fs::write(folder().join(name), text).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    let entries = fs::read_dir(folder()).unwrap_or_else(|error| panic!("{error}"));
    let found: BTreeMap<String, String> = entries
        .map(|entry| {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"));
            (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text)
        })
        .collect();
    assert_eq!(found, expected(), "BLESS=1 writes them anew");
}
