//! `cargo xtask kernels`: the tests of the kernel's tier on kernels that this machine does not run.
//!
//! A kernel is a package of the distribution, unpacked and never installed. It is booted in an
//! emulator with a file system in memory that holds the very test programs that run here.

mod boot;
mod disk;
mod package;
mod plan;

use std::path::Path;

use crate::process;
use crate::{Ended, cli};
use boot::BootError;
use disk::DiskError;
use package::PackageError;
use plan::PlanError;
pub(crate) use plan::{Closing, Plan, Step};

/// A line of kernels, of which the newest package is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Series {
    /// As people call it.
    name: &'static str,
    /// How the names of its packages begin.
    prefix: &'static str,
}

/// The end of a package's name: the kernel that is built for virtual machines.
const FLAVOUR: &str = "-cloud-amd64";

/// The oldest kernel that is supported, which has no tcx, and one between it and today's.
const SERIES: [Series; 2] = [
    Series { name: "6.1", prefix: "linux-image-6.1.0-" },
    Series { name: "6.12", prefix: "linux-image-6.12." },
];

/// Why a kernel could not be tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KernelsError {
    #[error("there is no series {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("cannot get the kernel {series}")]
    Package { series: &'static str, source: PackageError },
    #[error("cannot make the file system for {series}")]
    Disk { series: &'static str, source: DiskError },
    #[error("cannot boot {series}")]
    Boot { series: &'static str, source: BootError },
}

/// Builds the tests and runs them on each kernel that is asked for.
pub(crate) fn run(root: &Path, options: &cli::Kernels) -> Result<Ended, KernelsError> {
    let chosen = chosen(&options.only)?;
    let tests = plan::build(root)?;
    let mut ended = Ended::Well;
    let mut closings = Vec::new();
    for series in chosen {
        let name = series.name;
        let failed = |source| KernelsError::Package { series: name, source };
        let kernel = package::fetch(series, &process::cache()).map_err(failed)?;
        let failed = |source| KernelsError::Disk { series: name, source };
        let disk = disk::make(root, &kernel, &tests, &options.test).map_err(failed)?;
        let failed = |source| KernelsError::Boot { series: name, source };
        let closing = boot::boot(&kernel, &disk).map_err(failed)?;
        if closing.failed > 0 || closing.tests == 0 {
            ended = Ended::Badly;
        }
        closings.push(format!("kernel={} {closing}", kernel.version));
    }
    closings.iter().for_each(|closing| println!("{closing}"));
    Ok(ended)
}

fn chosen(only: &[String]) -> Result<Vec<Series>, KernelsError> {
    if only.is_empty() {
        return Ok(SERIES.to_vec());
    }
    let find = |name: &String| {
        let found = SERIES.into_iter().find(|series| series.name == name.as_str());
        found.ok_or_else(|| KernelsError::Unknown { name: name.clone() })
    };
    only.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::{KernelsError, SERIES, chosen};

    #[test]
    fn all_series_are_tried_unless_some_are_named_and_a_wrong_name_is_refused() {
        assert_eq!(chosen(&[]).unwrap(), SERIES);
        let [first, ..] = SERIES;
        assert_eq!(chosen(&[first.name.to_owned()]).unwrap(), [first]);
        let wrong = chosen(&["5.4".to_owned()]);
        assert!(matches!(wrong, Err(KernelsError::Unknown { name }) if name == "5.4"));
    }
}
