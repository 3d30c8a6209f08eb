//! What there is on the node of the calling process.
//!
//! It asks and changes nothing, but for programs that are loaded to try them, and gone afterwards.

mod chains;
mod kernel;
mod links;

use std::fs;
use std::path::{Path, PathBuf};

use crate::facts::NodeFacts;
use crate::{KernelFacts, Seen, engines_of};

/// Where everything is on the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Where the runtime looks for network configurations.
    pub cni_config_dir: PathBuf,
    /// Where the kernel shows network interfaces.
    pub interfaces: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self { cni_config_dir: "/etc/cni/net.d".into(), interfaces: "/sys/class/net".into() }
    }
}

/// What a runtime reads, see `libcni.ConfFiles`.
const READ: [&str; 3] = ["conf", "conflist", "json"];

/// Everything, the loading of the programs included.
#[must_use]
pub fn gather(places: &Places) -> NodeFacts {
    NodeFacts {
        kernel: KernelFacts { loaded: kernel::try_programs(), ..gather_kernel() },
        networks: networks(&places.cni_config_dir),
        chains: chains::gather(),
        occupied: links::occupied(&places.interfaces),
    }
}

/// What the kernel has, without loading anything.
#[must_use]
pub fn gather_kernel() -> KernelFacts {
    kernel::gather()
}

/// The other engines on this node.
#[must_use]
pub fn gather_engines(places: &Places) -> Vec<Seen> {
    engines_of(&NodeFacts {
        kernel: KernelFacts::default(),
        networks: networks(&places.cni_config_dir),
        chains: chains::gather(),
        occupied: Ok(Vec::new()),
    })
}

/// The configurations in the order in which a runtime takes them.
fn networks(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let unread = |path: &Path| {
        let path = path.display().to_string();
        move |error| format!("{path} cannot be read: {error}")
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unread(folder))?,
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| READ.contains(&ending))
        })
        .collect();
    paths.sort_unstable();
    let text = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, fs::read_to_string(path).map_err(unread(path))?))
    };
    paths.iter().map(text).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failing test may crash")]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_takes_the_first_by_name_and_reads_no_other_endings() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["20-b.conflist", "10-a.conf", "05-x.conflist.before-ringfence", "00-readme.txt"]
        {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let read = networks(folder.path()).unwrap();
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["10-a.conf", "20-b.conflist"]);
        assert_eq!(networks(&folder.path().join("none")), Ok(Vec::new()));
    }
}
