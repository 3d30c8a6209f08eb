//! The switch of a cluster: one ConfigMap that says whether policies count, and until when somebody
//! took them out of force.
//!
//! Who writes it and who follows it share these words, so that neither can misread the other.

mod disabled;
mod follow;
mod read;
mod write;

use std::collections::BTreeMap;
use std::fmt;

use model::Enforcement;

pub use disabled::{DISABLED_MAX, Disabled, DisabledError};
pub use follow::{SwitchNews, follow_switch};
pub use read::read_switch;
pub use write::{Author, Incident, author, record, write_disabled, write_enabled};

/// The ConfigMap's name, in the namespace of the installation.
pub const CONFIG_MAP: &str = "ringfence";
/// The namespace of an installation, where nobody said another.
pub const NAMESPACE: &str = "ringfence-system";
/// Where it says whether policies count.
const ENFORCEMENT: &str = "enforcement";
/// Where it says that they do not for a while; behind a dot, on one node.
const DISABLED: &str = "disabled";

/// Where policies are out of force.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whom {
    /// On every node.
    Everywhere,
    /// On one.
    Node(String),
}

impl Whom {
    /// Whether this node is meant.
    #[must_use]
    pub fn has(&self, node: &str) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Node(own) => own == node,
        }
    }

    fn of_key(key: &str) -> Option<Self> {
        let rest = key.strip_prefix(DISABLED)?;
        match (rest, rest.strip_prefix('.')) {
            ("", _) => Some(Self::Everywhere),
            (_, Some(node)) if !node.is_empty() => Some(Self::Node(node.to_owned())),
            (_, _) => None,
        }
    }

    pub(crate) fn key(&self) -> String {
        match self {
            Self::Everywhere => DISABLED.to_owned(),
            Self::Node(node) => format!("{DISABLED}.{node}"),
        }
    }
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str("every node"),
            Self::Node(node) => write!(f, "node {node}"),
        }
    }
}

/// What the ConfigMap says. What of it cannot be read is a problem, and says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switch {
    /// Whether policies count; nothing where it does not say so.
    pub enforcement: Option<Enforcement>,
    /// Where they are out of force, and until when.
    pub disabled: BTreeMap<Whom, Disabled>,
    /// What of it cannot be read.
    pub problems: Vec<SwitchProblem>,
}

/// Something of the ConfigMap that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchProblem {
    /// The word of the switch.
    #[error("{ENFORCEMENT}: {word:?} is neither enforce nor audit; what was known last stays")]
    Word {
        /// What it says.
        word: String,
    },
    /// That policies are out of force somewhere.
    #[error("{key} cannot be read, so policies stay in force: {error}")]
    Disabled {
        /// Where it says so.
        key: String,
        /// Why not.
        error: DisabledError,
    },
    /// A key that nobody knows.
    #[error("{key} is not known")]
    Key {
        /// The key.
        key: String,
    },
}

impl Switch {
    /// What the data of the ConfigMap says.
    #[must_use]
    pub fn of(data: &BTreeMap<String, String>) -> Self {
        let mut switch = Self::default();
        for (key, value) in data {
            if let Err(problem) = switch.take(key, value) {
                switch.problems.push(problem);
            }
        }
        switch
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), SwitchProblem> {
        if key == ENFORCEMENT {
            let word = value.trim();
            let said = Enforcement::of_word(word);
            self.enforcement =
                Some(said.ok_or_else(|| SwitchProblem::Word { word: word.to_owned() })?);
            return Ok(());
        }
        let key = || key.to_owned();
        let whom = Whom::of_key(&key()).ok_or_else(|| SwitchProblem::Key { key: key() })?;
        let disabled = Disabled::of_text(value);
        let disabled = disabled.map_err(|error| SwitchProblem::Disabled { key: key(), error })?;
        self.disabled.insert(whom, disabled);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a failing test may crash")]
mod tests {
    use super::*;

    fn switch(data: &[(&str, &str)]) -> Switch {
        let word = |word: &&str| (*word).to_owned();
        Switch::of(&data.iter().map(|(key, value)| (word(key), word(value))).collect())
    }

    const HALF_AN_HOUR: &str = r#"{"since":"2026-11-22T05:00:00Z","until":"2026-11-22T05:30:00Z"}"#;

    #[test]
    fn it_says_whether_policies_count_and_where_they_do_not_for_a_while() {
        let said = switch(&[("enforcement", "audit\n"), ("disabled.n1", HALF_AN_HOUR)]);
        assert_eq!(said.enforcement, Some(Enforcement::Audit));
        assert!(said.disabled.keys().eq([&Whom::Node("n1".to_owned())]));
        assert_eq!(said.problems, []);
        assert!(switch(&[("disabled", HALF_AN_HOUR)]).disabled.keys().eq([&Whom::Everywhere]));
        assert_eq!(switch(&[]), Switch::default());
    }

    #[test]
    fn what_cannot_be_read_is_told_and_takes_nothing_out_of_force() {
        for (key, value) in [
            ("enforcement", "off"),
            ("enforcement", ""),
            ("disabled", "for a while"),
            ("disabled.", HALF_AN_HOUR),
            ("disabledn1", HALF_AN_HOUR),
            ("enforce", "audit"),
        ] {
            let said = switch(&[(key, value)]);
            assert_eq!((said.enforcement, said.disabled.len()), (None, 0), "{key}: {value}");
            assert_eq!(said.problems.len(), 1, "{key}: {value}");
            assert!(said.problems[0].to_string().contains(key), "{key}: {value}");
        }
    }

    #[test]
    fn a_key_says_whom_it_is_about() {
        for whom in [Whom::Everywhere, Whom::Node("worker-1.example".to_owned())] {
            assert_eq!(Whom::of_key(&whom.key()), Some(whom));
        }
    }
}
