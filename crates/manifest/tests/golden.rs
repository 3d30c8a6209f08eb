//! Every error and every lint is reached by a file, and says what the file beside it says.
//!
//! `BLESS=1 cargo test -p ringfence-manifest --test golden` writes the expected texts anew; read
//! the difference before it is kept.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "golden files are files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use ringfence_manifest::{Code, Document, Options, Problem, Reading, read};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    paths.sort_unstable();
    paths
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn document(path: &Path) -> Document {
    let name = path.file_name().unwrap().to_string_lossy();
    Document { name: Arc::from(&*name), text: Arc::from(fs::read_to_string(path).unwrap()) }
}

fn reading(path: &Path) -> Reading {
    read(&[document(path)], &Options::default())
}

fn render(problems: &[Problem]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let handler = handler.with_width(100).with_links(false);
    let mut text = String::new();
    for problem in problems {
        handler.render_report(&mut text, problem as &dyn Diagnostic).unwrap();
        text.push('\n');
    }
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The code is the file's name up to a variant.
fn names(path: &Path, code: Code) -> bool {
    let name = stem(path);
    name.strip_prefix(code.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn check(path: &Path, problems: &[Problem]) {
    let first = problems.first().map(Problem::code);
    assert!(first.is_some_and(|code| names(path, code)), "{}: {first:?}", path.display());
    let expected = path.with_extension("expected");
    let rendered = render(problems);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&expected, &rendered).unwrap();
    }
    let expected_text = fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(rendered, expected_text, "{}", expected.display());
}

#[test]
fn malformed_files_say_what_is_wrong() {
    for path in files("malformed") {
        let reading = reading(&path);
        assert!(!reading.is_complete(), "{}", path.display());
        check(&path, &reading.problems);
    }
}

#[test]
fn linted_files_are_complete() {
    for path in files("linted") {
        let reading = reading(&path);
        assert!(reading.is_complete(), "{}: {:?}", path.display(), reading.problems);
        check(&path, &reading.lints);
    }
}

#[test]
fn every_code_is_reached_by_a_file() {
    let paths: Vec<PathBuf> = ["malformed", "linted"].into_iter().flat_map(files).collect();
    let reached: BTreeSet<Code> = paths
        .iter()
        .map(|path| reading(path))
        .flat_map(|reading| {
            let found = reading.problems.iter().chain(&reading.lints);
            found.map(Problem::code).collect::<Vec<_>>()
        })
        .collect();
    let unreached: Vec<Code> =
        Code::all().into_iter().filter(|code| !reached.contains(code)).collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}

#[test]
fn no_code_stands_for_two_things() {
    let all = Code::all();
    let distinct: BTreeSet<Code> = all.iter().copied().collect();
    assert_eq!(all.len(), distinct.len());
}

/// A policy that cannot be read adds no rule in files; only what is enforced anyway (ruling N36),
/// and whole policies beside it, do.
#[test]
fn nothing_is_half_applied() {
    for path in files("malformed") {
        let rules = reading(&path).rules;
        let is_kept = stem(&path).starts_with("bad-annotation");
        assert_eq!(rules.iter().next().is_some(), is_kept, "{}", path.display());
    }
}

#[test]
fn no_beginning_of_a_file_crashes() {
    for path in files("malformed").into_iter().chain(files("linted")) {
        let Document { name, text } = document(&path);
        for (end, _) in text.char_indices() {
            let text = Arc::from(text.get(..end).unwrap());
            let _ = read(&[Document { name: Arc::clone(&name), text }], &Options::default());
        }
    }
}
