//! Runs other programs and keeps what they say.
//!
//! Every program is started here, so that a failure always names the command line.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    #[error("cannot start `{line}`")]
    Start { line: String, source: io::Error },
    #[error("`{line}` failed ({status}): {stderr}")]
    Status { line: String, status: ExitStatus, stderr: String },
    #[error("cannot write {}", path.display())]
    Log { path: PathBuf, source: io::Error },
}

/// `program`, to be run in `folder`, with nothing to read.
pub(crate) fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What `command` printed.
pub(crate) fn output(command: &mut Command) -> Result<String, ProcessError> {
    let line = line(command);
    let done =
        command.output().map_err(|source| ProcessError::Start { line: line.clone(), source })?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(ProcessError::Status { line, status: done.status, stderr })
}

/// Whether `command` succeeded, its output going where ours goes or to the end of the file `log`.
pub(crate) fn succeeds(command: &mut Command, log: Option<&Path>) -> Result<bool, ProcessError> {
    if let Some(path) = log {
        let failed = |source| ProcessError::Log { path: path.to_path_buf(), source };
        let file = File::options().create(true).append(true).open(path).map_err(failed)?;
        command.stderr(file.try_clone().map_err(failed)?).stdout(file);
    }
    let status =
        command.status().map_err(|source| ProcessError::Start { line: line(command), source })?;
    Ok(status.success())
}

/// The folder for what is built once and kept, outside of the tree.
pub(crate) fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/var/cache".into()));
    std::env::var_os("RINGFENCE_CACHE")
        .map_or_else(|| home().join(".cache/ringfence"), PathBuf::from)
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ProcessError, command, output, succeeds};

    fn shell(script: &str) -> std::process::Command {
        let mut shell = command("sh", Path::new("/"));
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_failure_names_the_line_and_what_it_said() {
        let failed = output(&mut shell("echo no such thing >&2; exit 3"));
        let Err(ProcessError::Status { line, stderr, .. }) = failed else {
            panic!("it was to fail: {failed:?}")
        };
        assert_eq!(
            (line.as_str(), stderr.as_str()),
            ("sh -c echo no such thing >&2; exit 3", "no such thing")
        );
    }

    #[test]
    fn a_log_gets_both_streams_at_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        assert!(succeeds(&mut shell("echo out; echo err >&2"), Some(&log)).expect("it starts"));
        assert!(!succeeds(&mut shell("echo again; exit 1"), Some(&log)).expect("it starts"));
        assert_eq!(std::fs::read_to_string(&log).expect("it is there"), "out\nerr\nagain\n");
    }
}
