//! The plugin's place in the node's network: its file beside the others, its name in their chain.
//!
//! What was there is kept beside it. A runtime that reads the folder meanwhile, or an agent that is killed,
//! finds one configuration or the other, never half of one.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cni::{Chain, ChainError, DEFAULT_TIMEOUT_SECONDS, PLUGIN};

use crate::attachment::replace;
use crate::settings::InstallSettings;

/// Ends the name of what was there before. Runtimes read no file that ends so.
const BACKUP: &str = ".before-ringfence";
/// What a runtime reads, see `libcni.ConfFiles`.
const READ: [&str; 3] = ["conf", "conflist", "json"];
const EXECUTABLE: u32 = 0o755;

/// Why the plugin has no place.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The node has no network yet.
    #[error("there is no network configuration in {}", folder.display())]
    NoNetwork {
        /// Where they should be.
        folder: PathBuf,
    },
    /// A file of the node.
    #[error("{} cannot be {doing}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The network's file.
    #[error("{} cannot have the plugin", path.display())]
    Chain {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: ChainError,
    },
}

/// What installing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It was there.
    Already,
    /// The plugin is in the chain from now on.
    Now,
}

/// Copies the plugin and puts it at the end of the chain that the runtime uses: the first file by name.
///
/// # Errors
/// Where there is no network yet, or a file cannot be read or written.
pub fn install(settings: &InstallSettings, socket: &Path) -> Result<Installed, InstallError> {
    copy(&settings.plugin, &settings.plugin_dir.join(PLUGIN))?;
    let path = first(&settings.config_dir)?;
    let text = fs::read_to_string(&path).map_err(file("read", &path))?;
    let chained = chain(&path, &text, |chain| {
        chain.with_plugin(&socket.to_string_lossy(), DEFAULT_TIMEOUT_SECONDS)
    })?;
    if chained == text {
        return Ok(Installed::Already);
    }
    if !chain(&path, &text, Chain::has_plugin)? {
        let backup = backup(&path);
        replace(&backup, text.as_bytes()).map_err(file("written", &backup))?;
    }
    let list = path.with_extension("conflist");
    replace(&list, chained.as_bytes()).map_err(file("written", &list))?;
    if list != path {
        // The list is read after it, so until now the runtime has used the file as it was.
        fs::remove_file(&path).map_err(file("removed", &path))?;
    }
    Ok(Installed::Now)
}

/// Takes the plugin out of every chain and its file away. A file that nobody has changed since is as it was
/// before, to the letter. What is absent is no error.
///
/// # Errors
/// Where a file cannot be read or written.
pub fn uninstall(settings: &InstallSettings) -> Result<(), InstallError> {
    for path in files(&settings.config_dir)? {
        let text = fs::read_to_string(&path).map_err(file("read", &path))?;
        // Who has a file that is no chain does not have ours in it.
        let Ok(chain) = Chain::read(&text) else { continue };
        if chain.has_plugin().unwrap_or(false) {
            restore(&path, &chain)?;
        }
    }
    remove(&settings.plugin_dir.join(PLUGIN))
}

fn restore(path: &Path, chain: &Chain) -> Result<(), InstallError> {
    let refused = |source| InstallError::Chain { path: path.to_owned(), source };
    let without = chain.without_plugin().map_err(refused)?;
    for kept in READ.map(|extension| path.with_extension(extension)) {
        let backup = backup(&kept);
        let Ok(before) = fs::read_to_string(&backup) else { continue };
        let is_same = Chain::read(&before).and_then(|before| before.without_plugin());
        if is_same.is_ok_and(|before| before == without) {
            replace(&kept, before.as_bytes()).map_err(file("written", &kept))?;
            if kept != path {
                remove(path)?;
            }
            return remove(&backup);
        }
        remove(&backup)?;
    }
    replace(path, without.as_bytes()).map_err(file("written", path))
}

fn chain<T>(
    path: &Path,
    text: &str,
    work: impl FnOnce(&Chain) -> Result<T, ChainError>,
) -> Result<T, InstallError> {
    let done = Chain::read(text).and_then(|chain| work(&chain));
    done.map_err(|source| InstallError::Chain { path: path.to_owned(), source })
}

fn first(folder: &Path) -> Result<PathBuf, InstallError> {
    let none = || InstallError::NoNetwork { folder: folder.to_owned() };
    files(folder)?.into_iter().next().ok_or_else(none)
}

/// In the order in which a runtime reads them.
fn files(folder: &Path) -> Result<Vec<PathBuf>, InstallError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(file("listed", folder))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(file("listed", folder))?.path();
        let is_read = path.extension().and_then(|extension| extension.to_str());
        if is_read.is_some_and(|extension| READ.contains(&extension)) {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// A plugin that runs keeps its file; the next call finds the new one.
fn copy(from: &Path, to: &Path) -> Result<(), InstallError> {
    let new = fs::read(from).map_err(file("read", from))?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    let beside = to.with_extension("new");
    let write = || {
        fs::write(&beside, &new)?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(EXECUTABLE))?;
        fs::rename(&beside, to)
    };
    write().map_err(file("written", to))
}

fn remove(path: &Path) -> Result<(), InstallError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file("removed", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn backup(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(BACKUP);
    name.into()
}

fn file(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> InstallError + use<> {
    let path = path.to_owned();
    move |source| InstallError::File { doing, path: path.clone(), source }
}
