//! The package of a kernel: found by the distribution's own tools, unpacked into the cache.
//!
//! The newest of a series is taken, so that a fix of the kernel is tested when it is published; what
//! was unpacked once is kept until there is a newer one.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{FLAVOUR, Series};
use crate::process::{self, ProcessError};

/// Why there is no kernel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackageError {
    #[error("the distribution has no package {prefix}*{FLAVOUR}")]
    Absent { prefix: &'static str },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cannot {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the package {package} has no kernel in it")]
    Empty { package: String },
}

/// A kernel and its modules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kernel {
    /// As `uname -r` says it.
    pub(crate) version: String,
    /// The unpacked package.
    pub(crate) folder: PathBuf,
}

impl Kernel {
    /// What is booted.
    pub(crate) fn image(&self) -> PathBuf {
        self.folder.join(format!("boot/vmlinuz-{}", self.version))
    }

    /// A place beside the package.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.folder, suffix)
    }

    /// Below which the modules are.
    pub(crate) fn modules(&self) -> PathBuf {
        let old = self.folder.join("lib/modules").join(&self.version);
        if old.exists() { old } else { self.folder.join("usr/lib/modules").join(&self.version) }
    }
}

/// The newest kernel of a series, unpacked below `cache`.
pub(crate) fn fetch(series: Series, cache: &Path) -> Result<Kernel, PackageError> {
    let words = ["search", "--names-only", &format!("^{}", series.prefix)];
    let found = process::output(process::command("apt-cache", Path::new("/")).args(words))?;
    let package = newest(series, &found).ok_or(PackageError::Absent { prefix: series.prefix })?;
    let folder = cache.join("kernels").join(&package);
    if !folder.exists() {
        unpack(&package, &folder)?;
    }
    let version = package.trim_start_matches("linux-image-").to_owned();
    let kernel = Kernel { version, folder };
    if kernel.image().exists() { Ok(kernel) } else { Err(PackageError::Empty { package }) }
}

/// The newest among what `apt-cache search` prints, a package in each line.
fn newest(series: Series, found: &str) -> Option<String> {
    let packages = found.lines().filter_map(|line| line.split_whitespace().next());
    let wanted = |name: &&str| name.starts_with(series.prefix) && name.ends_with(FLAVOUR);
    packages.filter(wanted).min_by_key(|name| Reverse(numbers(name))).map(str::to_owned)
}

fn numbers(name: &str) -> Vec<u32> {
    name.split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// Unpacked beside its place and renamed, so that a folder that is there is whole.
fn unpack(package: &str, folder: &Path) -> Result<(), PackageError> {
    let half = beside(folder, "half");
    let failed = |action| {
        let path = half.clone();
        move |source| PackageError::File { action, path, source }
    };
    drop(fs::remove_dir_all(&half));
    fs::create_dir_all(&half).map_err(failed("create"))?;
    process::output(process::command("apt-get", &half).args(["download", "-qq", package]))?;
    let archive = archive(&half).map_err(failed("read"))?;
    let archive = archive.ok_or_else(|| PackageError::Empty { package: package.to_owned() })?;
    process::output(process::command("dpkg-deb", &half).arg("-x").arg(&archive).arg("."))?;
    fs::remove_file(&archive).map_err(failed("clean"))?;
    fs::rename(&half, folder).map_err(failed("rename"))
}

/// Versions have dots in them, so nothing here is an extension.
fn beside(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push("-");
    name.push(suffix);
    name.into()
}

fn archive(folder: &Path) -> io::Result<Option<PathBuf>> {
    let entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    let mut paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.find(|path| path.extension().is_some_and(|kind| kind == "deb")))
}

#[cfg(test)]
mod tests {
    use super::super::SERIES;
    use super::newest;

    #[test]
    fn the_newest_is_by_number_and_neither_unsigned_nor_with_symbols() {
        let [oldest, newer] = SERIES;
        let found = "linux-image-6.1.0-9-cloud-amd64 - Linux\n\
            linux-image-6.1.0-50-cloud-amd64 - Linux\n\
            linux-image-6.1.0-56-cloud-amd64-unsigned - Linux\n\
            linux-image-6.1.0-56-cloud-amd64-dbg - Linux\n\
            linux-image-6.12.9+deb12-cloud-amd64 - Linux\n";
        let name = |series| newest(series, found);
        assert_eq!(name(oldest).as_deref(), Some("linux-image-6.1.0-50-cloud-amd64"));
        assert_eq!(name(newer).as_deref(), Some("linux-image-6.12.9+deb12-cloud-amd64"));
        assert_eq!(newest(oldest, "linux-image-6.1.0-50-amd64 - Linux\n"), None);
    }
}
