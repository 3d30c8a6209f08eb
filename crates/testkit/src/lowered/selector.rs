//! Reads a selector in the notation of `kubectl get -l`.
//!
//! `*` is the empty selector; requirements are joined by commas.

use model::{Requirement, Selector, Values};

/// The selector that `text` spells: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a` or `*`.
#[must_use]
pub fn selector(text: &str) -> Option<Selector> {
    if text.trim() == "*" {
        return Some(Selector::everything());
    }
    pieces(text).into_iter().map(requirement).collect()
}

/// Splits at the commas outside of parentheses.
fn pieces(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn requirement(text: &str) -> Option<Requirement> {
    if let Some((key, values)) = text.split_once(" notin ") {
        return Some(Requirement::NotIn { key: key.to_owned(), values: list(values)? });
    }
    if let Some((key, values)) = text.split_once(" in ") {
        return Some(Requirement::In { key: key.to_owned(), values: list(values)? });
    }
    if let Some((key, value)) = text.split_once("!=") {
        return Some(Requirement::NotIn { key: key.to_owned(), values: Values::new([value])? });
    }
    match (text.split_once('='), text.strip_prefix('!')) {
        (Some((key, value)), _) => Some(Requirement::equals(key, value)),
        (None, Some(key)) => Some(Requirement::DoesNotExist { key: key.to_owned() }),
        (None, None) => is_key(text).then(|| Requirement::Exists { key: text.to_owned() }),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn list(text: &str) -> Option<Values> {
    Values::new(text.strip_prefix('(')?.strip_suffix(')')?.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use model::Labels;

    use super::*;

    #[test]
    fn every_operator_reads() {
        let labels = Labels::default().with("a", "1").with("b", "2");
        for (text, holds) in [
            ("*", true),
            ("a=1", true),
            ("a=2", false),
            ("a!=1", false),
            ("c!=1", true),
            ("a in (1, 2),b", true),
            ("a notin (1,2)", false),
            ("!c", true),
            ("c", false),
        ] {
            assert_eq!(selector(text).map(|found| found.matches(&labels)), Some(holds), "{text}");
        }
        assert_eq!(selector("a b"), None);
        assert_eq!(selector(""), None);
    }
}
