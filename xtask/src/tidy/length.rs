//! No hand-written source file is so long that it has no one subject.
//!
//! Tables and generated files may be longer; each is listed here with its reason.

use super::finding::Finding;
use crate::files::Text;

const LINES_MAX: usize = 400;

/// A file that may be longer, and why.
type Longer = (&'static str, &'static str);

/// None so far: a file enters with a reason that a reviewer can doubt.
const LONGER: &[Longer] = &[];

/// Counts the lines of a Rust or C file.
pub(crate) fn check(text: &Text) -> Vec<Finding> {
    too_long(text, LONGER)
}

/// Finds exceptions that exempt nothing any more.
pub(crate) fn check_list(texts: &[Text]) -> Vec<Finding> {
    no_longer_long(texts, LONGER)
}

fn too_long(text: &Text, list: &[Longer]) -> Vec<Finding> {
    if !is_long(text) || list.iter().any(|(path, _)| *path == text.path) {
        return Vec::new();
    }
    let lines = text.content.lines().count();
    vec![Finding::file(&text.path, format!("{lines} lines, more than {LINES_MAX}: split it"))]
}

fn no_longer_long(texts: &[Text], list: &[Longer]) -> Vec<Finding> {
    let still_long = |path: &str| texts.iter().any(|text| text.path == path && is_long(text));
    let stale = list.iter().filter(|(path, _)| !still_long(path));
    stale
        .map(|(path, _)| Finding::file(*path, "is listed as long, but is not: unlist it"))
        .collect()
}

fn is_long(text: &Text) -> bool {
    text.is(&[".rs", ".c", ".h"]) && text.content.lines().count() > LINES_MAX
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, Longer, check, no_longer_long, too_long};
    use crate::tidy::finding::{lines, text};

    const LIST: &[Longer] = &[("table.rs", "it is one table")];

    fn file(name: &str, lines: usize) -> crate::files::Text {
        text(name, &"x\n".repeat(lines))
    }

    #[test]
    fn one_line_too_many_is_found() {
        assert_eq!(check(&file("a.rs", LINES_MAX)), []);
        let expected = ["a.c: 401 lines, more than 400: split it"];
        assert_eq!(lines(check(&file("a.c", LINES_MAX + 1))), expected);
        assert_eq!(check(&file("a.yaml", LINES_MAX + 1)), []);
    }

    #[test]
    fn an_exception_is_for_long_files_only() {
        let long = file("table.rs", LINES_MAX + 1);
        assert_eq!((too_long(&long, LIST).len(), no_longer_long(&[long], LIST).len()), (0, 0));
        assert_eq!(no_longer_long(&[file("table.rs", 1)], LIST).len(), 1);
        assert_eq!(no_longer_long(&[], LIST).len(), 1, "the file is gone");
    }
}
