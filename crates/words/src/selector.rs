//! Words for label selectors, as kubectl takes them: `app=db,tier in (gold, silver),!canary`.

use std::fmt;
use std::str::FromStr;

use model::{Labels, Requirement, Selector, Values};

/// A label selector as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorWord(Selector);

/// A part of a selector that is no requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError(String);

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(part) = self;
        write!(
            f,
            "{part:?} is no label requirement; try key=value, key!=value, key in (a,b), key, !key"
        )
    }
}

impl std::error::Error for SelectorError {}

impl SelectorWord {
    /// The selector that it stands for.
    #[must_use]
    pub fn selector(&self) -> &Selector {
        &self.0
    }

    /// Whether `labels` satisfy it.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.matches(labels)
    }
}

impl FromStr for SelectorWord {
    type Err = SelectorError;

    fn from_str(word: &str) -> Result<Self, SelectorError> {
        let parts = split(word);
        Ok(Self(parts.into_iter().map(requirement).collect::<Result<Selector, _>>()?))
    }
}

/// At the commas that are not between parentheses.
fn split(word: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    word.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}

fn requirement(part: &str) -> Result<Requirement, SelectorError> {
    let error = || SelectorError(part.to_owned());
    if let Some((key, value)) = part.split_once("!=") {
        let values = Values::new([value.trim()]).ok_or_else(error)?;
        return Ok(Requirement::NotIn { key: name(key).ok_or_else(error)?, values });
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::equals(name(key).ok_or_else(error)?, value.trim()));
    }
    if let Some((head, list)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        return listed(head, list).ok_or_else(error);
    }
    match part.strip_prefix('!') {
        Some(key) => Ok(Requirement::DoesNotExist { key: name(key).ok_or_else(error)? }),
        None => Ok(Requirement::Exists { key: name(part).ok_or_else(error)? }),
    }
}

fn listed(head: &str, list: &str) -> Option<Requirement> {
    let (key, operator) = head.trim().rsplit_once(char::is_whitespace)?;
    let (key, values) = (name(key)?, Values::new(list.split(',').map(str::trim))?);
    match operator {
        "in" => Some(Requirement::In { key, values }),
        "notin" => Some(Requirement::NotIn { key, values }),
        _ => None,
    }
}

fn name(key: &str) -> Option<String> {
    let key = key.trim();
    let is_name = !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    is_name.then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(word: &str, labels: &[(&str, &str)]) -> bool {
        let labels: Labels = labels.iter().copied().collect();
        word.parse::<SelectorWord>().is_ok_and(|selector| selector.matches(&labels))
    }

    #[test]
    fn every_form_means_what_kubectl_means_by_it() {
        let labels = [("app", "db"), ("tier", "gold")];
        for word in
            ["app=db", "app==db", "app!=web", "zone!=a", "tier in (gold, silver)", "app", "!x"]
        {
            assert!(matches(word, &labels), "{word}");
        }
        for word in ["app=web", "tier notin (gold,silver)", "!app", "x", "app=db,tier=iron"] {
            assert!(!matches(word, &labels), "{word}");
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for word in ["", "a b", "=x", "app in gold", "app near (x)", "app=x,,b=y"] {
            assert!(word.parse::<SelectorWord>().is_err(), "{word}");
        }
    }
}
