//! No text of the project names a folder of somebody's machine.
//!
//! The project stands alone: a path that exists on one machine only is a dead end for all others.

use super::finding::Finding;
use crate::files::Text;

/// Put together from parts, because this file is looked at as well.
const OUTSIDE: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Looks for such folders in any text.
pub(crate) fn check(text: &Text) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, content) in text.lines() {
        let named = OUTSIDE.iter().filter(|folder| content.contains(*folder));
        findings.extend(named.map(|folder| {
            Finding::line(&text.path, line, format!("`{folder}` is outside of the project"))
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{OUTSIDE, check};
    use crate::tidy::finding::text;

    #[test]
    fn each_folder_is_found_in_any_text() {
        for folder in OUTSIDE {
            assert_eq!(
                check(&text("a.md", &format!("first\nsee {folder}x\n"))).len(),
                1,
                "{folder}"
            );
        }
        assert_eq!(check(&text("a.md", "see /run/ringfence/x and /sys/fs/bpf\n")), []);
    }
}
