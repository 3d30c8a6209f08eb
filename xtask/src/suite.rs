//! Builds and runs the tests of some crates, as the user or as root.
//!
//! `test` runs them in the tree itself and `mutants` in a broken copy; both must run the same tests
//! in the same way, or a mutant would be judged by something that nobody else runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::process::{self, ProcessError};
use crate::workspace::Member;

const WHY_ROOT: &str = "to make network namespaces and load BPF programs";

/// Test binaries that take long; they run last, so that a failure elsewhere is told early.
const SLOW: [&str; 1] = ["t2"];

/// A tree with its own build folder.
#[derive(Clone, Debug)]
pub(crate) struct Suite {
    /// Where the root manifest is.
    pub(crate) root: PathBuf,
    /// Variables for cargo and for the tests.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// Where the output goes; ours where there is none.
    pub(crate) log: Option<PathBuf>,
    /// After how long a test binary is ended, since a mutant may never end by itself.
    pub(crate) seconds_max: Option<u32>,
    /// Test binaries of root's that are not run.
    pub(crate) without: &'static [&'static str],
}

/// How a run of tests ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All passed.
    Passed,
    /// At least one failed or did not end.
    Failed,
    /// There was nothing to run, because it does not compile.
    NotBuilt,
}

/// One test binary and the folder of its crate, where cargo would run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Binary {
    /// As cargo calls the test.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    is_slow: bool,
}

impl Suite {
    /// Runs the tests of `packages` as whoever we are.
    pub(crate) fn run(&self, packages: &[&str]) -> Result<Outcome, ProcessError> {
        if !self.succeeds(self.cargo("test", packages).arg("--no-run"))? {
            return Ok(Outcome::NotBuilt);
        }
        let mut command = self.limited("cargo");
        command.arg("test").args(select(packages)).args(["--", "--show-output"]);
        Ok(if self.succeeds(&mut command)? { Outcome::Passed } else { Outcome::Failed })
    }

    /// Builds the tests of `packages` as whoever we are and runs them as root.
    ///
    /// Root writes nothing into the build folder, which would be the user's no more.
    pub(crate) fn run_as_root(&self, packages: &[&str]) -> Result<Outcome, ProcessError> {
        if !self.succeeds(self.cargo("test", packages).arg("--no-run"))? {
            return Ok(Outcome::NotBuilt);
        }
        let mut listing = self.cargo("test", packages);
        listing.args(["--no-run", "--quiet", "--message-format=json"]);
        let mut judges = binaries(&process::output(&mut listing)?);
        judges.retain(|binary| !self.without.contains(&binary.name.as_str()));
        for binary in judges {
            if !self.succeeds(&mut self.root_command(&binary))? {
                return Ok(Outcome::Failed);
            }
        }
        Ok(Outcome::Passed)
    }

    /// Whether root is to be had without asking anyone who is not there.
    pub(crate) fn can_be_root(&self) -> Result<bool, ProcessError> {
        let mut command = process::command(self.setup(), &self.root);
        command.arg("can-root").stdin(std::process::Stdio::inherit());
        process::succeeds(&mut command, None)
    }

    fn setup(&self) -> PathBuf {
        self.root.join("scripts/setup.sh")
    }

    fn cargo(&self, verb: &str, packages: &[&str]) -> Command {
        let mut command = self.with_variables(process::command("cargo", &self.root));
        command.arg(verb).args(select(packages));
        command
    }

    fn root_command(&self, binary: &Binary) -> Command {
        let mut command = self.with_variables(process::command(self.setup(), &binary.folder));
        command.args(["root", WHY_ROOT]).args(self.limit());
        command.arg(&binary.program).arg("--show-output");
        command.env("RINGFENCE_REQUIRE_KERNEL", "1").env("INSTA_UPDATE", "no");
        command.env("CARGO_MANIFEST_DIR", &binary.folder);
        command
    }

    /// `program` under the limit, if there is one.
    fn limited(&self, program: &str) -> Command {
        let mut words = self.limit();
        words.push(program.into());
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let mut command = self.with_variables(process::command(first, &self.root));
        command.args(words);
        command
    }

    fn limit(&self) -> Vec<String> {
        let words = |seconds| ["timeout".into(), "--kill-after=10".into(), format!("{seconds}")];
        self.seconds_max.map(words).map_or_else(Vec::new, Vec::from)
    }

    fn with_variables(&self, mut command: Command) -> Command {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn succeeds(&self, command: &mut Command) -> Result<bool, ProcessError> {
        process::succeeds(command, self.log.as_deref())
    }
}

/// The packages that a bare `cargo test` runs.
pub(crate) fn unprivileged(members: &[Member]) -> Vec<&str> {
    named(members, true)
}

/// The packages that need root, clang and a kernel.
pub(crate) fn privileged(members: &[Member]) -> Vec<&str> {
    named(members, false)
}

fn named(members: &[Member], is_default: bool) -> Vec<&str> {
    let chosen = members.iter().filter(|member| member.is_default == is_default);
    chosen.map(|member| member.package.as_str()).collect()
}

fn select<'a>(packages: &'a [&str]) -> impl Iterator<Item = &'a str> {
    packages.iter().flat_map(|package| ["--package", package])
}

#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
    manifest_path: PathBuf,
    profile: Profile,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// The test binaries among cargo's messages, the slow ones last; messages of other kinds have other fields.
pub(crate) fn binaries(messages: &str) -> Vec<Binary> {
    let read = |line| serde_json::from_str::<Artifact>(line).ok();
    let tests = messages.lines().filter_map(read).filter(|artifact| artifact.profile.test);
    let mut binaries: Vec<_> = tests.filter_map(binary).collect();
    binaries.sort_by_key(|binary| binary.is_slow);
    binaries
}

fn binary(artifact: Artifact) -> Option<Binary> {
    let folder = artifact.manifest_path.parent().map(Path::to_path_buf)?;
    let name = artifact.target.name;
    let is_slow = SLOW.contains(&name.as_str());
    Some(Binary { name, program: artifact.executable?, folder, is_slow })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Outcome, Suite, WHY_ROOT, binaries};

    #[test]
    fn only_test_binaries_are_run_each_in_its_own_folder_and_slow_ones_last() {
        let messages = [
            r#"{"reason":"compiler-artifact","manifest_path":"/t/a/Cargo.toml","target":{"name":"a"},"profile":{"test":false},"executable":"/t/a.bin"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/t/a/Cargo.toml","target":{"name":"t2"},"profile":{"test":true},"executable":"/t/t2.test"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/t/a/Cargo.toml","target":{"name":"a"},"profile":{"test":true},"executable":"/t/a.test"}"#,
            r#"{"reason":"compiler-artifact","manifest_path":"/t/b/Cargo.toml","target":{"name":"b"},"profile":{"test":true},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ];
        let found = binaries(&messages.join("\n"));
        let programs: Vec<_> = found.iter().map(|binary| binary.program.as_path()).collect();
        assert_eq!(programs, ["/t/a.test", "/t/t2.test"].map(Path::new));
        assert!(found.iter().all(|binary| binary.folder == Path::new("/t/a")));
    }

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn suite(folder: &Path, source: &str) -> Suite {
        let manifest = "[package]\nname = \"one\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n";
        write(folder, "Cargo.toml", manifest);
        write(folder, "lib.rs", source);
        Suite {
            root: folder.to_path_buf(),
            variables: vec![("CARGO_TARGET_DIR", folder.join("target").into())],
            log: Some(folder.join("log")),
            seconds_max: Some(60),
            without: &[],
        }
    }

    fn outcome(source: &str) -> Outcome {
        let folder = tempfile::tempdir().expect("a folder");
        suite(folder.path(), source).run(&["one"]).expect("cargo starts")
    }

    #[test]
    fn what_does_not_compile_is_not_a_failed_test() {
        assert_eq!(outcome("#[test] fn holds() {}"), Outcome::Passed);
        assert_eq!(outcome("#[test] fn fails() { assert!(false) }"), Outcome::Failed);
        assert_eq!(outcome("fn unfinished("), Outcome::NotBuilt);
    }

    /// Stands where `scripts/setup.sh` is, notes why it was asked and runs the command without root.
    const NO_ROOT: &str =
        "#!/bin/sh\necho \"$1 $2\" >> \"$(dirname \"$0\")/asked\"\nshift 2\n\"$@\"\n";

    fn outcome_as_root(folder: &Path, source: &str) -> Outcome {
        let suite = suite(folder, source);
        write(folder, "scripts/setup.sh", NO_ROOT);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.join("scripts/setup.sh"), executable).expect("it is ours");
        suite.run_as_root(&["one"]).expect("cargo starts")
    }

    #[test]
    fn a_binary_that_is_left_out_is_not_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let fails = "#[test] fn fails() { assert!(false) }";
        assert_eq!(outcome_as_root(folder.path(), fails), Outcome::Failed);
        let suite = Suite { without: &["one"], ..suite(folder.path(), fails) };
        assert_eq!(suite.run_as_root(&["one"]).expect("cargo starts"), Outcome::Passed);
    }

    #[test]
    fn root_is_asked_once_for_each_binary_and_may_skip_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let strict = "#[test] fn strict() {\n\
            assert_eq!(std::env::var(\"RINGFENCE_REQUIRE_KERNEL\").as_deref(), Ok(\"1\"));\n\
            assert!(std::path::Path::new(\"lib.rs\").exists());\n}";
        assert_eq!(outcome_as_root(folder.path(), strict), Outcome::Passed);
        let asked = std::fs::read_to_string(folder.path().join("scripts/asked"));
        assert_eq!(asked.expect("it was asked"), format!("root {WHY_ROOT}\n"));
        let failing = "#[test] fn fails() { assert!(false) }";
        assert_eq!(outcome_as_root(folder.path(), failing), Outcome::Failed);
    }
}
