//! Every Rust module begins with what it is and why it exists, and nobody's notes end the file.
//!
//! Two sentences are asked for; a colon also ends the first, as in "One table: everything else is
//! generated from it." Tests and examples need only say what they show.

use super::finding::Finding;
use crate::files::Text;

/// Looks at the first comment of a Rust file.
pub(crate) fn check(text: &Text) -> Vec<Finding> {
    if !text.is(&[".rs"]) {
        return Vec::new();
    }
    let what = match sentences(&header(&text.content)) {
        0 => "the module does not begin with `//!`",
        1 if text.path.contains("src/") => {
            "the module says what it is, but not why it exists: two sentences"
        }
        _ => return Vec::new(),
    };
    vec![Finding::line(&text.path, 1, what)]
}

fn header(content: &str) -> String {
    let lines = content.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Words that end in a full stop, a colon, a question mark or the like.
fn sentences(header: &str) -> usize {
    let closing = |c: char| matches!(c, '*' | '`' | ')' | '"');
    let words = header.split_whitespace().map(|word| word.trim_end_matches(closing));
    let ends = words.filter(|word| word.ends_with(['.', ':', ';', '?', '!'])).count();
    if ends == 0 && !header.is_empty() { 1 } else { ends }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::{lines, text};

    fn findings(content: &str) -> usize {
        lines(check(&text("crates/a/src/a.rs", content))).len()
    }

    #[test]
    fn what_and_why_are_asked_for() {
        assert_eq!(findings("//! What it is.\n//!\n//! Why it exists.\nfn a() {}\n"), 0);
        assert_eq!(findings("//! What it is: why it exists.\n"), 0);
        assert_eq!(findings("//! What it is (ruling N13).\n"), 1);
        assert_eq!(findings("//! What it is\n"), 1);
        assert_eq!(findings("fn a() {}\n//! Late. Very late.\n"), 1);
    }

    #[test]
    fn a_test_says_what_it_shows() {
        let file = |content| lines(check(&text("crates/a/tests/a.rs", content))).len();
        assert_eq!((file("//! What it shows.\n"), file("#[test] fn a() {}\n")), (0, 1));
    }

    #[test]
    fn only_rust_is_asked() {
        assert_eq!(check(&text("a.md", "")), []);
    }
}
