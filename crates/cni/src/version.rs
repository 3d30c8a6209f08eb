//! Versions of the specification, and what each of them has.
//!
//! A runtime speaks the version that the chain's configuration names, and no other: containerd 1.6
//! knows 1.0.0 at most.

use std::fmt;

use serde::Serialize;

use crate::refusal::Refusal;

/// A version of the specification that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 0.3.1: ADD, DEL and VERSION, results with interfaces and addresses.
    V0_3_1,
    /// 0.4.0: CHECK came.
    V0_4_0,
    /// 1.0.0: addresses no longer name their family.
    V1_0_0,
    /// 1.1.0: STATUS and GC came.
    V1_1_0,
}

impl Version {
    /// All that are spoken, oldest first.
    pub const ALL: [Self; 4] = [Self::V0_3_1, Self::V0_4_0, Self::V1_0_0, Self::V1_1_0];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    /// # Errors
    /// Where it is not spoken here.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|version| version.as_str() == text);
        found.ok_or_else(|| Refusal::IncompatibleVersion { found: text.to_owned() })
    }

    /// Whether a chain of this version may be asked CHECK.
    #[must_use]
    pub fn has_check(self) -> bool {
        self >= Self::V0_4_0
    }

    /// Whether a chain of this version may be asked STATUS and GC.
    #[must_use]
    pub fn has_status(self) -> bool {
        self >= Self::V1_1_0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer to VERSION, in JSON.
#[must_use]
pub fn supported(asked_in: &str) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Supported<'a> {
        cni_version: &'a str,
        supported_versions: [&'static str; 4],
    }
    let supported_versions = Version::ALL.map(Version::as_str);
    crate::result::json(&Supported { cni_version: asked_in, supported_versions })
}
