//! Taking over from another version of the data types.
//!
//! Each version pins in a folder of its own, because its maps have other layouts. A link is one and
//! the same whatever its program: it is pinned here too, led to our program in place, and then the
//! other version's pin goes. No packet finds the hook open or meets two versions.
//!
//! Links of cgroups are not taken over. The node's own hooks let everything pass until the node's record
//! is written, so the other version's stay beside ours until then; those of socket calls translate twice
//! to the same end.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    AttachError, Direction, FileError, Instance,
    instance::failed,
    link::{existing, pin, remove, take_off},
    translation::is_of_cgroup,
};

/// The folder of links in a version's folder.
pub(crate) const LINKS: &str = "links";

impl Instance {
    /// Whether programs of another version stand on the interface with this index: what they know of
    /// its connections, ours do not.
    ///
    /// # Errors
    /// Where pins cannot be read.
    pub fn is_inherited(&self, interface: u32) -> Result<bool, AttachError> {
        for direction in Direction::BOTH {
            if self.heirloom(interface, direction)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes what other versions left: links that were not taken over, programs and maps. To be
    /// called when every interface has been attached and, where the node has a policy of its own,
    /// after [`Instance::set_host`]: until then the other version's hooks judge the node.
    ///
    /// # Errors
    /// Where a pin cannot be removed.
    pub fn forget_others(&self) -> Result<(), AttachError> {
        for other in self.others()? {
            take_off_cgroups(&other.join(LINKS))?;
            match fs::remove_dir_all(&other) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("remove", &other)(error).into());
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Pins another version's link here, unless there is one of ours. Whoever attaches leads it to
    /// our program then.
    pub(crate) fn inherit(&self, interface: u32, direction: Direction) -> Result<(), AttachError> {
        let own = self.link_path(interface, direction);
        if matches!(existing(&own)?, Some((_, data)) if data.interface == interface) {
            return Ok(());
        }
        let Some(other) = self.heirloom(interface, direction)? else { return Ok(()) };
        let link = crate::sys::open_pinned(&other)
            .map_err(|source| AttachError::Inspect { path: other, source })?;
        pin(std::os::fd::AsFd::as_fd(&link), &own)
    }

    /// Removes other versions' pins of a link, now that it leads to our program. A link of theirs
    /// beside ours ends with them.
    pub(crate) fn release_heirlooms(
        &self,
        interface: u32,
        direction: Direction,
    ) -> Result<(), AttachError> {
        while let Some(other) = self.heirloom(interface, direction)? {
            remove(&other)?;
        }
        Ok(())
    }

    /// Another version's pin of a link to this interface, which must be there.
    fn heirloom(
        &self,
        interface: u32,
        direction: Direction,
    ) -> Result<Option<PathBuf>, AttachError> {
        let name = format!("{interface}-{}", direction.word());
        for other in self.others()? {
            let path = other.join(LINKS).join(&name);
            if matches!(existing(&path)?, Some((_, data)) if data.interface == interface) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The folders of other versions.
    fn others(&self) -> Result<Vec<PathBuf>, FileError> {
        let directory = &self.config.pin_dir;
        let own = self.pins.version();
        let mut others = Vec::new();
        for entry in fs::read_dir(directory).map_err(failed("read", directory))? {
            let path = entry.map_err(failed("read", directory))?.path();
            if path != own && is_version(&path) {
                others.push(path);
            }
        }
        others.sort_unstable();
        Ok(others)
    }
}

/// Nobody writes the tables of these links any more, so they do not wait until the kernel has time.
fn take_off_cgroups(links: &Path) -> Result<(), AttachError> {
    let Ok(entries) = fs::read_dir(links) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(failed("read", links))?.path();
        if is_of_cgroup(&path) {
            take_off(&path)?;
        }
    }
    Ok(())
}

/// Whether a folder is named as versions' folders are.
fn is_version(path: &Path) -> bool {
    let name = path.file_name().and_then(std::ffi::OsStr::to_str);
    let number = name.and_then(|name| name.strip_prefix('v'));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_are_named_as_versions_are_versions() {
        let is = |name: &str| is_version(Path::new(name));
        assert!(is("/sys/fs/bpf/x/v2") && is("v10"));
        assert!(!is("/sys/fs/bpf/x/v") && !is("v2a") && !is("links") && !is("/"));
    }
}
