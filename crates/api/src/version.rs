//! Resource versions, which say of two objects of one kind which was written later.
//!
//! Kubernetes promises since 1.35 (KEP-5504) that those of one kind are whole numbers that grow; by that a
//! node says in one number how much of a kind it has in force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A resource version, as a number. In JSON it is a string, as in every object's metadata.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ResourceVersion(u64);

impl ResourceVersion {
    /// Before everything: no object has it.
    pub const NONE: Self = Self(0);

    /// A version by its number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self(number)
    }
}

impl std::fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Nothing for a word that is no version of the form that is promised: digits, and the first is not 0.
#[must_use]
pub fn parse_version(word: &str) -> Option<ResourceVersion> {
    let is_number = word.bytes().all(|octet| octet.is_ascii_digit()) && !word.starts_with('0');
    let number = word.parse().ok().filter(|_| is_number)?;
    Some(ResourceVersion(number))
}

/// Why a word is no resource version.
#[derive(Debug, PartialEq, Eq)]
pub struct NoVersion;

impl std::fmt::Display for NoVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a resource version is a whole number")
    }
}

impl TryFrom<String> for ResourceVersion {
    type Error = NoVersion;

    /// `0` is written by who has nothing in force yet.
    fn try_from(word: String) -> Result<Self, NoVersion> {
        if word == "0" { Ok(Self::NONE) } else { parse_version(&word).ok_or(NoVersion) }
    }
}

impl From<ResourceVersion> for String {
    fn from(version: ResourceVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_not_as_words() {
        assert!(parse_version("9") < parse_version("10"));
        assert!(parse_version("18446744073709551615") > parse_version("10"));
    }

    #[test]
    fn what_is_no_number_is_no_version() {
        for word in ["", "0", "01", "1a", "-1", "+1", "18446744073709551616"] {
            assert_eq!(parse_version(word), None, "{word}");
        }
    }
}
