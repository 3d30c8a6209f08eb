//! `.ringfence.yaml`: which lints count, how much, and where.
//!
//! It is read strictly: a misspelt word would switch on or off something else than was meant.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::lint::{Lint, Severity};
use crate::lints;

/// What a project decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The least severity that fails a check.
    pub fail_on: Option<Severity>,
    everywhere: Rows,
    /// Paths and what differs below them, in the order of the file.
    below: Vec<(String, Rows)>,
}

type Rows = BTreeMap<&'static str, Setting>;

/// What a project decided about one lint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    severity: Option<Severity>,
    enabled: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    fail_on: Option<Severity>,
    #[serde(default)]
    lints: BTreeMap<String, Spanned<Setting>>,
    #[serde(default)]
    paths: Vec<PathFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathFile {
    path: String,
    lints: BTreeMap<String, Spanned<Setting>>,
}

/// Why a configuration cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// It is not YAML, or has words that are not known.
    Yaml {
        /// The line, from 1, if it is known.
        line: Option<u64>,
        /// What is wrong.
        detail: String,
    },
    /// A lint does not exist.
    UnknownLint {
        /// The line of its setting, from 1.
        line: u64,
        /// What was written.
        name: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yaml { line: Some(line), detail } => write!(f, "line {line}: {detail}"),
            Self::Yaml { line: None, detail } => f.write_str(detail),
            Self::UnknownLint { line, name } => write!(f, "line {line}: there is no lint `{name}`"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Where it has a word that is not known, with its line.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| ConfigError::Yaml {
            line: error.location().map(|location| location.line()),
            detail: error.without_snippet().to_string(),
        })?;
        let below = file.paths.into_iter();
        let below = below.map(|it| Ok((it.path, rows(it.lints)?))).collect::<Result<_, _>>()?;
        Ok(Self { fail_on: file.fail_on, everywhere: rows(file.lints)?, below })
    }

    /// Whether a lint is run at all.
    #[must_use]
    pub fn is_enabled(&self, lint: &Lint) -> bool {
        let here = |rows: &Rows| rows.get(lint.id).and_then(|setting| setting.enabled);
        here(&self.everywhere) != Some(false)
            || self.below.iter().any(|(_, rows)| here(rows) == Some(true))
    }

    /// How bad a finding of `lint` in `file` is; `None` where it does not count there.
    #[must_use]
    pub fn severity(&self, lint: &Lint, file: &str) -> Option<Severity> {
        let below = self.below.iter().filter(|(path, _)| is_below(file, path));
        let rows = std::iter::once(&self.everywhere).chain(below.map(|(_, rows)| rows));
        let mut result = Setting { severity: Some(lint.severity), enabled: Some(true) };
        for setting in rows.filter_map(|rows| rows.get(lint.id)) {
            result.severity = setting.severity.or(result.severity);
            result.enabled = setting.enabled.or(result.enabled);
        }
        result.severity.filter(|_| result.enabled != Some(false))
    }
}

fn rows(lints: BTreeMap<String, Spanned<Setting>>) -> Result<Rows, ConfigError> {
    let row = |(name, setting): (String, Spanned<Setting>)| match lints::find(&name) {
        Some(lint) => Ok((lint.id, setting.value)),
        None => Err(ConfigError::UnknownLint { line: setting.referenced.line(), name }),
    };
    lints.into_iter().map(row).collect()
}

fn is_below(file: &str, path: &str) -> bool {
    let plain = |text: &str| text.trim_start_matches("./").trim_end_matches('/').to_owned();
    let (file, path) = (plain(file), plain(path));
    let rest = file.strip_prefix(path.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Config {
        Config::read(text).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn a_path_says_the_last_word() {
        let config = read(
            "lints:\n  RF001: {severity: info}\n  host-network-subject: {enabled: false}\n\
             paths:\n- path: legacy\n  lints:\n    RF001: {enabled: false}\n    RF031: {enabled: true}\n",
        );
        let severity = |id, file| lints::find(id).and_then(|lint| config.severity(lint, file));
        assert_eq!(severity("RF001", "a.yaml"), Some(Severity::Info));
        assert_eq!(severity("RF001", "./legacy/a.yaml"), None);
        assert_eq!(severity("RF001", "legacy-of-others/a.yaml"), Some(Severity::Info));
        assert_eq!(severity("RF031", "a.yaml"), None);
        assert_eq!(severity("RF031", "legacy/a.yaml"), Some(Severity::Warning));
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error_with_its_line() {
        let unknown = Config::read("fail-on: error\nlints:\n  RF999: {severity: info}\n");
        assert!(matches!(unknown, Err(ConfigError::UnknownLint { line: 3, .. })), "{unknown:?}");
        for text in ["lint: {}\n", "lints:\n  RF001: {level: info}\n", "fail-on: fatal\n"] {
            let error = Config::read(text);
            assert!(matches!(error, Err(ConfigError::Yaml { line: Some(_), .. })), "{error:?}");
        }
    }
}
