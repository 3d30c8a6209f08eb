//! The plugin's part of a network configuration, as a runtime hands it over.
//!
//! Fields that are not ours belong to the runtime or to a later version of the specification and
//! change nothing here; ours are read strictly.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::agent::AttachmentKey;
use crate::refusal::Refusal;
use crate::version::Version;

/// The plugin's `type`, which is its file's name.
pub const PLUGIN: &str = "ringfence-cni";

/// Where the agent listens unless the configuration says otherwise.
pub const DEFAULT_SOCKET: &str = "/run/ringfence/cni.sock";

/// How long the agent may take, in seconds. A runtime gives a pod minutes; who waits that long
/// without an agent is better tried again.
pub const DEFAULT_TIMEOUT_SECONDS: u64 = 30;

/// The configuration of one call.
#[derive(Debug)]
pub struct NetworkConfig {
    /// The chain's version, in which the answer is given.
    pub version: Version,
    /// The chain's name.
    pub network: String,
    /// Of the agent's socket.
    pub socket: PathBuf,
    /// For the whole of the agent's answer.
    pub timeout_seconds: u64,
    /// What the plugin before said, as it was written.
    pub previous: Option<Box<RawValue>>,
    /// What GC is to keep; absent in all other calls.
    pub valid: Option<Vec<AttachmentKey>>,
}

/// As it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    cni_version: String,
    #[serde(default)]
    name: String,
    prev_result: Option<Box<RawValue>>,
    #[serde(rename = "cni.dev/valid-attachments")]
    valid_attachments: Option<Vec<ValidAttachment>>,
    #[serde(default)]
    ringfence: Settings,
}

#[derive(Deserialize)]
struct ValidAttachment {
    #[serde(rename = "containerID")]
    container: String,
    ifname: String,
}

/// Ours: a misspelt setting is an error, not a default.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Settings {
    socket: PathBuf,
    timeout_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { socket: PathBuf::from(DEFAULT_SOCKET), timeout_seconds: DEFAULT_TIMEOUT_SECONDS }
    }
}

impl NetworkConfig {
    /// Reads what came on standard input.
    ///
    /// # Errors
    /// Where it is no configuration, or of a version that is not spoken.
    pub fn read(input: &[u8]) -> Result<Self, Refusal> {
        let written: Written = serde_json::from_slice(input).map_err(Refusal::Decode)?;
        let version = Version::parse(&written.cni_version)?;
        let key = |one: ValidAttachment| AttachmentKey {
            container: one.container,
            interface: one.ifname,
        };
        Ok(Self {
            version,
            network: written.name,
            socket: written.ringfence.socket,
            timeout_seconds: written.ringfence.timeout_seconds,
            previous: written.prev_result.filter(|previous| previous.get() != "null"),
            valid: written.valid_attachments.map(|all| all.into_iter().map(key).collect()),
        })
    }
}

/// The version that an input names, whether it is spoken or not: an error is told in it.
pub(crate) fn version_of(input: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Versioned {
        cni_version: String,
    }
    serde_json::from_slice::<Versioned>(input).ok().map(|versioned| versioned.cni_version)
}
