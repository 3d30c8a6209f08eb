//! What a lab leaves on disk for commands that come later: where each pod is.
//!
//! Only `status` and `exec` read it; `down` goes by names and needs no state.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{LabError, LabName};

/// A lab that is up, or was when its agent was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabState {
    /// The lab.
    pub name: String,
    /// The process id of its agent.
    pub agent: u32,
    /// The manifests that it follows.
    pub paths: Vec<PathBuf>,
    /// Its pods.
    pub pods: Vec<PodState>,
}

/// Where a pod is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodState {
    /// Namespace and name.
    pub pod: String,
    /// Its node.
    pub node: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The file that keeps its network namespace.
    pub netns: PathBuf,
    /// The cgroup of its first container.
    pub cgroup: PathBuf,
}

impl LabState {
    /// Reads the state of `name`.
    ///
    /// # Errors
    /// Where no such lab is up or the file cannot be read.
    pub fn read(name: &LabName) -> Result<Self, LabError> {
        let path = name.state_file();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LabError::NotUp(name.clone()));
            }
            text => text.map_err(crate::error::state("read", &path))?,
        };
        serde_json::from_slice(&text)
            .map_err(io::Error::from)
            .map_err(crate::error::state("read", &path))
    }

    /// Writes the state so that a reader sees the old or the new one.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn write(&self, name: &LabName) -> Result<(), LabError> {
        let path = name.state_file();
        let new = path.with_extension("new");
        let written = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        let written = written.and_then(|text| fs::write(&new, text));
        written.and_then(|()| fs::rename(&new, &path)).map_err(crate::error::state("write", &path))
    }

    /// The pod `name`, in the form `NAMESPACE/NAME`.
    ///
    /// # Errors
    /// Where it is not in the lab.
    pub fn pod(&self, name: &str) -> Result<&PodState, LabError> {
        let found = self.pods.iter().find(|pod| pod.pod == name);
        found.ok_or_else(|| LabError::NoPod(name.to_owned()))
    }
}

/// Whether the agent of `name` answers.
#[must_use]
pub fn is_up(name: &LabName) -> bool {
    UnixStream::connect(name.agent_socket()).is_ok()
}
