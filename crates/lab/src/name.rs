//! The names and places of everything that a lab makes, derived from its one name.
//!
//! `down` must find what a killed lab left behind, so nothing is named by chance and nothing has to
//! be remembered.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where the state of all labs lives.
const STATE: &str = "/run/ringfence";
/// Where the pins of all labs live.
const PINS: &str = "/sys/fs/bpf/ringfence";

/// The name of a lab: 1 to 32 lower-case letters, digits and hyphens, as a DNS label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabName(String);

/// A name that a lab cannot have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabNameError {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for LabNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no lab name: 1 to 32 lower-case letters, digits and inner hyphens",
            self.name
        )
    }
}

impl std::error::Error for LabNameError {}

impl LabName {
    /// Checks a name.
    ///
    /// # Errors
    /// Where it is empty, too long or has other characters.
    pub fn new(name: &str) -> Result<Self, LabNameError> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let inner = !name.starts_with('-') && !name.ends_with('-');
        match (1..=32).contains(&name.len()) && inner && name.bytes().all(legal) {
            true => Ok(Self(name.to_owned())),
            false => Err(LabNameError { name: name.to_owned() }),
        }
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The directory of all labs.
    pub(crate) fn root() -> &'static Path {
        Path::new(STATE)
    }

    /// The lab's own directory under /run.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        Path::new(STATE).join(&self.0)
    }

    /// Where the lab's network namespaces are kept.
    #[must_use]
    pub fn netns_dir(&self) -> PathBuf {
        self.state_dir().join("netns")
    }

    /// The file that keeps the network namespace of node `node`.
    #[must_use]
    pub fn node_netns(&self, node: &str) -> PathBuf {
        self.netns_dir().join(format!("rf-{}-n-{node}", self.0))
    }

    /// The file that keeps the network namespace of the pod with number `pod`.
    #[must_use]
    pub fn pod_netns(&self, pod: u32) -> PathBuf {
        self.netns_dir().join(format!("rf-{}-p-{pod}", self.0))
    }

    /// The file that keeps the network namespace of everybody outside, which is also the wire.
    #[must_use]
    pub fn outside_netns(&self) -> PathBuf {
        self.netns_dir().join(format!("rf-{}-outside", self.0))
    }

    /// The pins of one node's datapath.
    #[must_use]
    pub fn node_pins(&self, node: &str) -> PathBuf {
        self.pins_dir().join(node)
    }

    /// The pins of all nodes.
    #[must_use]
    pub fn pins_dir(&self) -> PathBuf {
        Path::new(PINS).join(&self.0)
    }

    /// The state that `status`, `exec` and `down` read.
    #[must_use]
    pub fn state_file(&self) -> PathBuf {
        self.state_dir().join("state.json")
    }

    /// The socket on which the lab's agent answers.
    #[must_use]
    pub fn agent_socket(&self) -> PathBuf {
        self.state_dir().join("agent.sock")
    }

    /// What the lab's agent has to say.
    #[must_use]
    pub fn agent_log(&self) -> PathBuf {
        self.state_dir().join("agent.log")
    }
}

impl fmt::Display for LabName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        for good in ["demo", "a", "x-1", &"a".repeat(32)] {
            assert_eq!(LabName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "A", "a/b", "..", "a.b", &"a".repeat(33)] {
            assert_eq!(LabName::new(bad), Err(LabNameError { name: bad.to_owned() }));
        }
    }

    #[test]
    fn every_place_names_its_lab() {
        let lab = LabName::new("demo").unwrap();
        assert_eq!(lab.node_netns("n1"), Path::new("/run/ringfence/demo/netns/rf-demo-n-n1"));
        assert_eq!(lab.pod_netns(7), Path::new("/run/ringfence/demo/netns/rf-demo-p-7"));
        assert_eq!(lab.node_pins("n1"), Path::new("/sys/fs/bpf/ringfence/demo/n1"));
    }
}
