//! The Makefile has few names, says what each does, and the README begins with two of them.
//!
//! A reader should see everything that `make` can do on one screen.

use super::finding::Finding;

/// A screen of 24 lines has room for so many, the command itself, a prompt, and two lines that wrap.
const NAMES_MAX: usize = 20;

/// Counts the names of `makefile` and looks for the two commands in `readme`.
pub(crate) fn check(makefile: &str, readme: &str) -> Vec<Finding> {
    let rules: Vec<_> = makefile.lines().filter_map(rule).collect();
    let silent = rules.iter().filter(|(_, rest)| !rest.contains("## "));
    let mut findings: Vec<_> = silent
        .map(|(name, _)| Finding::file("Makefile", format!("`{name}` does not say what it does")))
        .collect();
    if rules.is_empty() || rules.len() > NAMES_MAX {
        let what = format!("{} names; there must be some, at most {NAMES_MAX}", rules.len());
        findings.push(Finding::file("Makefile", what));
    }
    let missing =
        ["make demo", "make test"].into_iter().filter(|command| !is_early(readme, command));
    findings.extend(missing.map(|command| {
        Finding::file("README.md", format!("`{command}` is not among the first fifteen lines"))
    }));
    findings
}

/// A line `name: ...` that is no variable.
fn rule(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.split_once(':')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    (is_name && !rest.starts_with('=')).then_some((name, rest))
}

fn is_early(readme: &str, command: &str) -> bool {
    readme.lines().take(15).any(|line| line.contains(command))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::lines;

    const README: &str = "# It\n    make demo\n    make test\n";

    fn makefile(names: u8) -> String {
        let name = |index: u8| format!("{}: ## does it\n", char::from(b'a' + index));
        format!("export PATH := x:y\n.PHONY: a\n{}", (0..names).map(name).collect::<String>())
    }

    #[test]
    fn sixteen_names_are_enough() {
        assert_eq!(check(&makefile(20), README), []);
        assert_eq!(
            lines(check(&makefile(21), README)),
            ["Makefile: 21 names; there must be some, at most 20"]
        );
        assert_eq!(check("", README).len(), 1);
    }

    #[test]
    fn a_silent_name_and_a_readme_that_begins_otherwise_are_found() {
        assert_eq!(lines(check("a: b\n", README)), ["Makefile: `a` does not say what it does"]);
        let late = format!("{}{README}", "text\n".repeat(15));
        assert_eq!(check(&makefile(1), &late).len(), 2);
    }
}
