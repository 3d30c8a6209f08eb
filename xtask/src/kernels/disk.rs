//! The file system in memory with which a guest begins: this program as its first process, the
//! tests, the few programs that they start, and the kernel's modules.
//!
//! The programs are those of this machine with the libraries that they are linked with, so that
//! nothing has to be built twice.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::package::Kernel;
use super::{Plan, Step};
use crate::process::{self, ProcessError};

/// What the tests start, and what the kernel starts to load a module.
const PROGRAMS: [&str; 4] = ["ip", "nft", "tc", "modprobe"];
/// Where the kernel looks for it.
const MODPROBE: &str = "sbin/modprobe";
/// The modules that are packed, below the kernel's own folder; what needs them loads them.
const MODULES: [&str; 5] = ["net", "drivers/net", "lib", "crypto", "arch/x86/crypto"];
/// What the tests read.
const DATA: [&str; 3] = ["tests/corpus", "tests/packets/corpus", "tests/kernel/golden"];
/// The crate through whose folder the way to the first of these leads.
const READER: &str = "crates/testkit";
/// Where this machine's programs may be, root's included.
const PATH: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Why there is no file system.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    #[error("cannot {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("this machine has no {program}")]
    Program { program: &'static str },
    #[error("there is no test {name} among those for other kernels")]
    Test { name: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("cannot write the plan")]
    Plan(#[from] serde_json::Error),
}

/// Makes it beside the kernel and returns where it is. Only the tests named in `only` are in it, or
/// all of them if none is named.
pub(crate) fn make(
    root: &Path,
    kernel: &Kernel,
    tests: &Plan,
    only: &[String],
) -> Result<PathBuf, DiskError> {
    let disk = Disk { folder: kernel.beside("disk") };
    drop(fs::remove_dir_all(&disk.folder));
    for place in ["proc", "sys", "dev", "tmp", "run", "bin", "sbin", "tests"] {
        disk.create(Path::new(place))?;
    }
    let own = std::env::current_exe().map_err(failed("find", Path::new("xtask")))?;
    let mut programs = vec![disk.copy(&own, Path::new("init"))?];
    for program in PROGRAMS {
        let found = found(program).ok_or(DiskError::Program { program })?;
        let place = if MODPROBE.ends_with(program) {
            PathBuf::from(MODPROBE)
        } else {
            Path::new("bin").join(program)
        };
        programs.push(disk.copy(&found, &place)?);
    }
    let steps = disk.tests(&selected(tests, only)?)?;
    programs.extend(steps.steps.iter().map(|step| disk.inside(&step.program)));
    disk.create(&root.join(READER))?;
    for data in DATA {
        disk.copy_all(&root.join(data), &root.join(data))?;
    }
    disk.libraries(&programs)?;
    disk.modules(kernel)?;
    let plan = serde_json::to_vec(&steps)?;
    fs::write(disk.inside(Path::new("plan")), plan).map_err(failed("write", &disk.folder))?;
    disk.pack(kernel.beside("cpio"))
}

fn selected(tests: &Plan, only: &[String]) -> Result<Plan, DiskError> {
    if only.is_empty() {
        return Ok(tests.clone());
    }
    let find = |name: &String| {
        let found = tests.steps.iter().find(|step| step.name == *name).cloned();
        found.ok_or_else(|| DiskError::Test { name: name.clone() })
    };
    Ok(Plan { steps: only.iter().map(find).collect::<Result<_, _>>()? })
}

fn found(program: &str) -> Option<PathBuf> {
    PATH.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists())
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> DiskError + use<'a> {
    move |source| DiskError::File { action, path: path.to_owned(), source }
}

struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Where `path` of the guest is here.
    fn inside(&self, path: &Path) -> PathBuf {
        self.folder.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn create(&self, path: &Path) -> Result<(), DiskError> {
        let folder = self.inside(path);
        fs::create_dir_all(&folder).map_err(failed("create", &folder))
    }

    /// Returns where the copy is here.
    fn copy(&self, from: &Path, to: &Path) -> Result<PathBuf, DiskError> {
        let place = self.inside(to);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).map_err(failed("create", folder))?;
        }
        fs::copy(from, &place).map_err(failed("copy", from))?;
        Ok(place)
    }

    fn copy_all(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        let place = self.inside(to);
        let parent = place.parent().unwrap_or(&place);
        fs::create_dir_all(parent).map_err(failed("create", parent))?;
        let mut copy = process::command("cp", Path::new("/"));
        process::output(copy.arg("--recursive").arg(from).arg(&place))?;
        Ok(())
    }

    /// Without what only a debugger reads, in which most of their size is.
    fn tests(&self, plan: &Plan) -> Result<Plan, DiskError> {
        let place = |step: &Step| {
            let program = Path::new("/tests").join(&step.name);
            self.create(&step.folder)?;
            let mut strip = process::command("strip", Path::new("/"));
            process::output(strip.arg("-o").arg(self.inside(&program)).arg(&step.program))?;
            Ok(Step { program, ..step.clone() })
        };
        Ok(Plan { steps: plan.steps.iter().map(place).collect::<Result<_, DiskError>>()? })
    }

    /// Everything that the programs are linked with, at its place.
    fn libraries(&self, programs: &[PathBuf]) -> Result<(), DiskError> {
        let told = process::output(process::command("ldd", Path::new("/")).args(programs))?;
        for library in libraries(&told) {
            self.copy(library, library)?;
        }
        Ok(())
    }

    fn modules(&self, kernel: &Kernel) -> Result<(), DiskError> {
        let modules = Path::new("/lib/modules").join(&kernel.version);
        for part in MODULES {
            let from = kernel.modules().join("kernel").join(part);
            self.copy_all(&from, &modules.join("kernel").join(part))?;
        }
        for list in ["modules.builtin", "modules.order"] {
            self.copy(&kernel.modules().join(list), &modules.join(list))?;
        }
        let mut depmod = process::command(found("depmod").unwrap_or_default(), Path::new("/"));
        process::output(depmod.arg("-b").arg(&self.folder).arg(&kernel.version))?;
        Ok(())
    }

    /// Owned by root, whoever packs it.
    fn pack(&self, image: PathBuf) -> Result<PathBuf, DiskError> {
        let file = fs::File::create(&image).map_err(failed("create", &image))?;
        let names = process::output(process::command("find", &self.folder).arg("."))?;
        let mut cpio = process::command("cpio", &self.folder);
        cpio.args(["--quiet", "-o", "-H", "newc", "-R", "0:0"]);
        let mut packing = cpio
            .stdin(Stdio::piped())
            .stdout(file)
            .spawn()
            .map_err(failed("pack", &self.folder))?;
        if let Some(mut stdin) = packing.stdin.take() {
            stdin.write_all(names.as_bytes()).map_err(failed("pack", &self.folder))?;
        }
        let status = packing.wait().map_err(failed("pack", &self.folder))?;
        if !status.success() {
            let source = io::Error::other(status.to_string());
            return Err(failed("pack", &self.folder)(source));
        }
        fs::remove_dir_all(&self.folder).map_err(failed("remove", &self.folder))?;
        Ok(image)
    }
}

/// The paths in what `ldd` prints: `name => /path (0x...)`, or `/path (0x...)`.
fn libraries(told: &str) -> BTreeSet<&Path> {
    let lines = told.lines().filter(|line| line.starts_with('\t'));
    let paths = lines.filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    paths.map(Path::new).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{DiskError, Plan, Step, libraries, selected};

    #[test]
    fn libraries_are_paths_and_programs_are_none() {
        let told = "/bin/ip:\n\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x3)\n/bin/nft:\n\tlibc.so.6 => /lib/libc.so.6 (0x2)\n";
        let found: Vec<_> = libraries(told).into_iter().collect();
        assert_eq!(found, ["/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2"].map(Path::new));
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        let step =
            |name: &str| Step { name: name.into(), program: "/t".into(), folder: "/".into() };
        let plan = Plan { steps: vec![step("real"), step("t2")] };
        assert_eq!(selected(&plan, &[]).unwrap(), plan);
        assert_eq!(selected(&plan, &["t2".into()]).unwrap().steps, [step("t2")]);
        let wrong = selected(&plan, &["t3".into()]);
        assert!(matches!(wrong, Err(DiskError::Test { name }) if name == "t3"));
    }
}
