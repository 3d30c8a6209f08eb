//! Removes everything that a lab made, whoever made it and however it ended.
//!
//! It goes by names alone, so a lab that was killed is removed like any other.

use std::fs;
use std::io;
use std::path::Path;

use enforce::netns;

use crate::{LabError, LabName, cgroup};

/// Removes the lab `name`, its agent included; what is not there is fine.
///
/// # Errors
/// Where something that is there cannot be removed.
pub fn remove(name: &LabName) -> Result<(), LabError> {
    clear(name)?;
    remove_dir(&name.state_dir())
}

/// Removes all but the lab's directory.
///
/// # Errors
/// As [`remove`].
pub(crate) fn clear(name: &LabName) -> Result<(), LabError> {
    let group = cgroup::of_lab(name).map_err(crate::error::state("find", "/sys/fs/cgroup"))?;
    cgroup::remove(&group).map_err(crate::error::state("remove", &group))?;
    remove_namespaces(&name.netns_dir())?;
    crate::enforcement::remove_pins(name)
}

/// The labs of which something is there.
///
/// # Errors
/// Where the state of labs cannot be listed.
pub fn labs() -> Result<Vec<LabName>, LabError> {
    let dir = LabName::root();
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(crate::error::state("list", dir))?,
    };
    let names = entries.filter_map(|entry| {
        let entry = entry.map_err(crate::error::state("list", dir));
        entry.map(|entry| LabName::new(&entry.file_name().to_string_lossy()).ok()).transpose()
    });
    let mut names = names.collect::<Result<Vec<LabName>, LabError>>()?;
    names.sort_unstable();
    Ok(names)
}

fn remove_namespaces(dir: &Path) -> Result<(), LabError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(crate::error::state("list", dir))?,
    };
    for entry in entries {
        let path = entry.map_err(crate::error::state("list", dir))?.path();
        netns::remove(&path).map_err(crate::error::state("remove", &path))?;
    }
    Ok(())
}

fn remove_dir(dir: &Path) -> Result<(), LabError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(crate::error::state("remove", dir)),
    }
}
