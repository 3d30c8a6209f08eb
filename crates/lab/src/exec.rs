//! Runs a command where a pod is: in its network namespace and in its first container's cgroup.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use enforce::netns;

use crate::LabError;
use crate::state::PodState;

/// Becomes `command`; returns only where that fails.
///
/// # Errors
/// Where the pod's place cannot be taken or the command cannot be started.
pub fn exec(pod: &PodState, command: &[OsString]) -> Result<Infallible, LabError> {
    let processes = pod.cgroup.join("cgroup.procs");
    std::fs::write(&processes, "0").map_err(crate::error::state("join", &processes))?;
    netns::enter(&pod.netns).map_err(crate::error::state("enter", &pod.netns))?;
    let mut words = command.iter();
    let program = words.next().cloned().unwrap_or_else(|| OsString::from("sh"));
    let error = Command::new(&program).args(words).exec();
    Err(crate::error::state("start", &program)(error))
}
