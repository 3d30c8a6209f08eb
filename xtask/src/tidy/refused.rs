//! Words that no review lets pass.
//!
//! Each stands for a habit: something unfinished, a test that never runs, an error without a shape.

use super::finding::Finding;
use crate::files::Text;

/// The words and what to do instead; put together from parts, because this file is looked at too.
const REFUSED: [(&str, &str); 5] = [
    (concat!("to", "do!("), "finish it, or leave it out"),
    (concat!("unimple", "mented!("), "finish it, or leave it out"),
    (concat!("#[ig", "nore"), "a test that never runs proves nothing"),
    (concat!("Other(", "String)"), "a variant for each failure, with what it knows as fields"),
    (concat!("keep in ", "sync"), "write the test that compares them"),
];

/// As above, where tests are: a program may have to wait, a test then fails on a slower machine.
const REFUSED_IN_TESTS: [(&str, &str); 1] =
    [(concat!("sle", "ep("), "wait for what must happen, not for time")];

/// Looks for them in Rust and C.
pub(crate) fn check(text: &Text) -> Vec<Finding> {
    if !text.is(&[".rs", ".c", ".h"]) {
        return Vec::new();
    }
    let mut findings = find(text, &REFUSED);
    if text.path.starts_with("tests/") || text.path.contains("/tests/") {
        findings.extend(find(text, &REFUSED_IN_TESTS));
    }
    findings
}

fn find(text: &Text, words: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in text.lines() {
        let found = words.iter().filter(|(word, _)| content.contains(word));
        findings.extend(found.map(|(word, instead)| {
            Finding::line(&text.path, line, format!("`{word}`: {instead}"))
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{REFUSED, REFUSED_IN_TESTS, check};
    use crate::tidy::finding::text;

    fn findings(path: &str, word: &str) -> usize {
        check(&text(path, &format!("fn a() {{\n    {word}\n}}\n"))).len()
    }

    #[test]
    fn each_word_is_found_in_code_and_may_be_talked_about() {
        for (word, _) in REFUSED {
            assert_eq!((findings("src/a.rs", word), findings("STYLE.md", word)), (1, 0), "{word}");
        }
    }

    #[test]
    fn only_tests_may_not_wait_for_time() {
        for (word, _) in REFUSED_IN_TESTS {
            let places = ["tests/a.rs", "crates/a/tests/b.rs", "crates/a/src/b.rs"];
            assert_eq!(places.map(|path| findings(path, word)), [1, 1, 0], "{word}");
        }
    }
}
