//! The whole of it on a toy: a workspace with one test and mutants of every fate.
//!
//! The parts have tests of their own; this one shows that they make a run that can be believed.

use std::fs;
use std::path::Path;

use super::tiers::CORE;
use super::{MutantsError, judge_in};
use crate::cli;

const HONEST: &str = "pub fn answer() -> u8 { 42 }\n\
    #[test] fn the_answer_is_right() { assert_eq!(answer(), 42) }\n";

fn toy(source: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = root.path().join("tree").join(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = {CORE:?}\n"));
    for name in CORE {
        let manifest = "edition = \"2024\"\n[lib]\npath = \"lib.rs\"\ndoctest = false\n";
        write(&format!("{name}/Cargo.toml"), &format!("[package]\nname = \"{name}\"\n{manifest}"));
        write(&format!("{name}/lib.rs"), "");
    }
    write("ringfence-policy/lib.rs", source);
    for (number, line) in [(1, "{ 43 }"), (2, "{ 40 + 2 }"), (3, "{ }")] {
        write(&format!("tests/mutants/{number:02}-toy.patch"), &patch(line));
    }
    root
}

/// The line below the answer, by which a patch finds its place.
const CONTEXT: &str = "#[test] fn the_answer_is_right() { assert_eq!(answer(), 42) }";

/// Puts `body` where the answer is.
fn patch(body: &str) -> String {
    let file = "ringfence-policy/lib.rs";
    format!(
        "# what: the answer is {body}\n# where: oracle\ndiff --git a/{file} b/{file}\n\
         --- a/{file}\n+++ b/{file}\n@@ -1,2 +1,2 @@\n\
         -pub fn answer() -> u8 {{ 42 }}\n+pub fn answer() -> u8 {body}\n {CONTEXT}\n"
    )
}

fn judge(root: &Path, only: &[u32]) -> Result<String, MutantsError> {
    let options =
        cli::Mutants { only: only.to_vec(), sample: None, tier: cli::Tiers::Core, write: None };
    let report = judge_in(&root.join("scratch"), &root.join("tree"), &options)?;
    Ok(report.tally().to_string())
}

#[test]
fn a_wrong_answer_is_caught_and_the_others_are_not() {
    let root = toy(HONEST);
    let tally = judge(root.path(), &[]).expect("it runs");
    assert_eq!(tally, "mutants=3 caught=1 survived=1", "the third does not compile");
    let source = fs::read_to_string(root.path().join("tree/ringfence-policy/lib.rs"));
    assert_eq!(source.expect("it is there"), HONEST, "the tree itself is untouched");
}

#[test]
fn a_test_that_fails_anyway_catches_nothing() {
    let root = toy(&HONEST.replace("(), 42", "(), 41"));
    assert!(matches!(judge(root.path(), &[]), Err(MutantsError::Baseline { .. })));
}

#[test]
fn no_mutants_are_no_proof() {
    let root = toy(HONEST);
    assert!(matches!(judge(root.path(), &[99]), Err(MutantsError::None)));
}
