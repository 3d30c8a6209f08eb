//! What the plugin asks the agent, and what it hears: one line of JSON each way.
//!
//! Both ends are of this project and may still be of different age while a node is upgraded, so
//! each line says its version and a word that is not known is an error, never a default.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::arguments::PodArguments;

/// The version of these words.
pub const VERSION: u32 = 1;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Attach in quarantine, program, and answer once the pod's policies are in force.
    Add(Attachment),
    /// The pod's interface goes; whatever is left of it is to go as well.
    Del(AttachmentKey),
    /// Is it as ADD left it?
    Check(Attachment),
    /// May pods be added?
    Status,
    /// All that is not among these is to go.
    Gc(Vec<AttachmentKey>),
}

/// What names an attachment, through all calls about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentKey {
    /// `CNI_CONTAINERID`: the sandbox.
    pub container: String,
    /// `CNI_IFNAME`: in the pod.
    pub interface: String,
}

/// An interface of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What names it.
    pub key: AttachmentKey,
    /// The path of the pod's network namespace.
    pub netns: String,
    /// Whose it is.
    pub pod: PodArguments,
    /// What the plugins before gave it.
    pub addresses: Vec<IpAddr>,
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Answer {
    /// ADD: what was done.
    Attached(Attached),
    /// All others: it is so.
    Done,
    /// It is not, and will not be without somebody's doing, or only later.
    Denied(Denied),
    /// STATUS: no pod can be added now.
    NotReady {
        /// In words.
        why: String,
        /// Pods that run may be affected too.
        pods_affected: bool,
    },
}

/// What ADD did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attached {
    /// The pod's policies are in force.
    Enforced,
    /// A setting lets this pod through without any, which the agent's status shows.
    Unprotected,
}

/// Why the agent refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Denied {
    /// Try again: the API server, or room, or the time was not enough.
    Later {
        /// In words.
        why: String,
    },
    /// The sandbox or its interface is not there.
    Unknown {
        /// In words.
        why: String,
    },
    /// The interface has no end on the node where programs could stand.
    NoHostEnd {
        /// In words, with what to do.
        why: String,
    },
    /// CHECK: it is not as ADD left it.
    Changed {
        /// In words.
        why: String,
    },
    /// The kernel refused.
    Failed {
        /// In words.
        why: String,
    },
}

impl Denied {
    /// The code of the specification; 100 and above are this plugin's own.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::Unknown { .. } => 3,
            Self::Later { .. } => 11,
            Self::NoHostEnd { .. } => 101,
            Self::Changed { .. } => 102,
            Self::Failed { .. } => 103,
        }
    }

    fn why(&self) -> &str {
        match self {
            Self::Later { why }
            | Self::Unknown { why }
            | Self::NoHostEnd { why }
            | Self::Changed { why }
            | Self::Failed { why } => why,
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())
    }
}

/// Why a line is not one of these.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// It is no such JSON.
    #[error("the line is not of these words")]
    Json(#[from] serde_json::Error),
    /// The other end is of another age.
    #[error("the other end speaks version {found}, this one {VERSION}")]
    Version {
        /// Of the other end.
        found: u32,
    },
}

#[derive(Serialize)]
struct Line<'a, T> {
    version: u32,
    said: &'a T,
}

#[derive(Deserialize)]
struct Age {
    version: u32,
}

#[derive(Deserialize)]
struct Said<T> {
    said: T,
}

fn to_line<T: Serialize>(said: &T) -> String {
    let mut line = crate::result::json(&Line { version: VERSION, said });
    line.push('\n');
    line
}

/// The version first: what an older or newer end says may have another shape.
fn of_line<T: for<'de> Deserialize<'de>>(line: &str) -> Result<T, WireError> {
    let Age { version } = serde_json::from_str(line)?;
    if version != VERSION {
        return Err(WireError::Version { found: version });
    }
    Ok(serde_json::from_str::<Said<T>>(line)?.said)
}

impl Request {
    /// As a line with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        to_line(self)
    }

    /// # Errors
    /// Where the line is not of these words, or of another version.
    pub fn of_line(line: &str) -> Result<Self, WireError> {
        of_line(line)
    }
}

impl Answer {
    /// As a line with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        to_line(self)
    }

    /// # Errors
    /// Where the line is not of these words, or of another version.
    pub fn of_line(line: &str) -> Result<Self, WireError> {
        of_line(line)
    }
}
