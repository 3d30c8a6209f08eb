//! How full the maps are and how much of the kernel's memory they hold.
//!
//! What is full denies or forgets, so it has to be seen coming.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    path::Path,
};

use aya::maps::{MapError, MapInfo};

use crate::{FileError, Instance, ReadError, TableError, instance::failed};

/// One map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapUsage {
    /// Its name.
    pub map: String,
    /// The most entries that it takes; octets for a ring.
    pub entries_max: u32,
    /// What the kernel has set aside for it, octets.
    pub memory: u64,
}

/// Entries and the most of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// As many as there are.
    pub used: u64,
    /// As many as there can be.
    pub capacity: u64,
}

impl Fill {
    /// Whether more than this share of it is used.
    #[must_use]
    pub fn is_above(self, percent: u64) -> bool {
        self.used.saturating_mul(100) > self.capacity.saturating_mul(percent)
    }
}

impl Instance {
    /// Every pinned map, by name.
    ///
    /// # Errors
    /// Where the pins cannot be read.
    pub fn maps(&self) -> Result<Vec<MapUsage>, ReadError> {
        let directory = &self.pins.maps;
        let entries = fs::read_dir(directory).map_err(failed("read", directory))?;
        let paths = entries.map(|entry| Ok(entry.map_err(failed("read", directory))?.path()));
        let mut maps = paths
            .map(|path: Result<_, FileError>| map_usage(&path?))
            .collect::<Result<Vec<_>, ReadError>>()?;
        maps.sort_unstable_by(|one, other| one.map.cmp(&other.map));
        Ok(maps)
    }

    /// How full `est` is, by what its endpoints hold.
    ///
    /// # Errors
    /// Where the counts cannot be read.
    pub fn established_fill(&self) -> Result<Fill, TableError> {
        let used = self.tables.shares.total()?;
        Ok(Fill { used, capacity: u64::from(self.config.capacities.established) })
    }

    /// How full `half` is. It forgets its oldest entries where it is full.
    ///
    /// # Errors
    /// Where the map cannot be read.
    pub fn half_fill(&self) -> Result<Fill, TableError> {
        let used = self.tables.half.entries()?.len() as u64;
        Ok(Fill { used, capacity: u64::from(self.config.capacities.half) })
    }
}

fn map_usage(path: &Path) -> Result<MapUsage, ReadError> {
    let refused = |source: MapError| failed("inspect", path)(io::Error::other(source));
    let info = MapInfo::from_pin(path).map_err(refused)?;
    let fd = info.fd().map_err(refused)?;
    let memory = memory(fd.as_fd()).map_err(failed("inspect", path))?;
    let map = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(MapUsage { map, entries_max: info.max_entries(), memory })
}

/// The kernel says it only in words, about descriptors.
fn memory(fd: BorrowedFd<'_>) -> io::Result<u64> {
    let told = fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd()))?;
    let of_memory = told.lines().find_map(|line| line.strip_prefix("memlock:"));
    of_memory.and_then(|word| word.trim().parse().ok()).ok_or(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_a_share_is_not_above_it() {
        let fill = |used| Fill { used, capacity: 1000 };
        assert!(!fill(800).is_above(80));
        assert!(fill(801).is_above(80));
    }
}
