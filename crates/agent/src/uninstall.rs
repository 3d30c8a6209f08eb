//! Takes everything of ours off a node: first out of the chain, then off the hooks.
//!
//! In that order nothing can be added meanwhile, and pods keep their network. Doing it twice is doing it
//! once.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::Settings;
use crate::chain_file::{InstallError, uninstall as uninstall_plugin};

/// Why something of ours is left.
#[derive(Debug, thiserror::Error)]
pub enum UninstallError {
    /// An agent answers, and would put everything back.
    #[error("an agent runs on this node: it listens at {}", socket.display())]
    Agent {
        /// Where it was heard.
        socket: PathBuf,
    },
    /// The plugin.
    #[error("the plugin is left")]
    Plugin(#[from] InstallError),
    /// Links, programs or maps.
    #[error("links, programs or maps are left")]
    Pins(#[from] datapath::RemoveError),
    /// A namespace.
    #[error("the node's network namespace cannot be entered")]
    Enter(#[from] io::Error),
    /// A file.
    #[error("{} is left", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Takes everything away. No agent must run: where one answers, nothing is touched.
///
/// # Errors
/// Where something is left.
pub fn uninstall(settings: &Settings) -> Result<(), UninstallError> {
    if UnixStream::connect(&settings.socket).is_ok() {
        return Err(UninstallError::Agent { socket: settings.socket.clone() });
    }
    if let Some(place) = &settings.install {
        uninstall_plugin(place)?;
    }
    enforce::netns::within(&settings.netns, || {
        Ok::<_, UninstallError>(datapath::remove_pins(&settings.pins)?)
    })?;
    let left = |path: &PathBuf| {
        let path = path.clone();
        move |source| UninstallError::File { path, source }
    };
    absent(fs::remove_file(&settings.socket)).map_err(left(&settings.socket))?;
    absent(fs::remove_dir_all(&settings.state_dir)).map_err(left(&settings.state_dir))?;
    [&settings.pins, &settings.socket, &settings.state_dir]
        .into_iter()
        .for_each(|path| leave(path));
    Ok(())
}

/// The folder around something of ours goes too, unless somebody else has something there.
fn leave(path: &Path) {
    if let Some(folder) = path.parent() {
        // That it is not empty is no failure.
        let _ = fs::remove_dir(folder);
    }
}

fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::*;

    fn settings(folder: &Path) -> Settings {
        Settings {
            node: "n1".to_owned(),
            socket: folder.join("run/cni.sock"),
            state_dir: folder.join("run/agent"),
            pins: folder.join("bpf/ringfence/node"),
            netns: "/proc/self/ns/net".into(),
            cgroup: folder.join("cgroup"),
            sandboxes: Vec::new(),
            pod_networks: Vec::new(),
            listen: None,
            add_timeout: Duration::from_secs(1),
            flows_kept: 1024,
            allow_unprotected: false,
            install: None,
            host: enforce::HostSettings::default(),
            switch: crate::SwitchSettings::default(),
        }
    }

    #[test]
    fn while_an_agent_answers_nothing_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        fs::create_dir_all(&settings.state_dir).unwrap();
        let _agent = UnixListener::bind(&settings.socket).unwrap();
        assert!(matches!(uninstall(&settings), Err(UninstallError::Agent { .. })));
        assert!(settings.state_dir.exists() && settings.socket.exists());
    }
}
