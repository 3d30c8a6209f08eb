//! A mutant as it is written: a patch under two comment lines.
//!
//! The lines say what is broken and where, so that the report can be read without the patch.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::judge::{self, TierName};
use crate::files::FilesError;

/// A patch that says too little.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum PatchError {
    #[error("{path}: the name must begin with the mutant's number, as in 07-wrong-bit.patch")]
    Number { path: String },
    #[error("{path}: the first lines must have one that begins with `{line}`")]
    Header { path: String, line: &'static str },
    #[error("{path}: `# where:` is compile, oracle or c, not {found:?}")]
    Place { path: String, found: String },
    #[error("{path}: another mutant has the number {number}")]
    Twice { path: String, number: u32 },
    #[error("cannot read {path}: {what}")]
    Read { path: String, what: String },
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Broken {
    /// `crates/compile`, `crates/plan` or `crates/node`.
    Compile,
    /// `crates/policy`.
    Oracle,
    /// `bpf/`.
    C,
}

impl Broken {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "compile" => Some(Self::Compile),
            "oracle" => Some(Self::Oracle),
            "c" => Some(Self::C),
            _ => None,
        }
    }

    /// Who may judge it: the core tiers never see C.
    pub(crate) fn tiers(self) -> &'static [TierName] {
        match self {
            Self::Compile | Self::Oracle => &judge::ALL,
            Self::C => &[TierName::Kernel],
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Compile => "compile",
            Self::Oracle => "oracle",
            Self::C => "c",
        })
    }
}

/// One patch of `tests/mutants`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// The number that its file name begins with.
    pub(crate) number: u32,
    /// What is broken, in words.
    pub(crate) what: String,
    /// Which part of the code is broken.
    pub(crate) place: Broken,
    /// The patch.
    pub(crate) path: PathBuf,
}

impl Mutant {
    /// Its number as it is written in file names.
    pub(crate) fn name(&self) -> String {
        format!("{:02}", self.number)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, PatchError> {
        let shown = || path.display().to_string();
        let number = number(path).ok_or_else(|| PatchError::Number { path: shown() })?;
        let header = |line: &'static str| {
            let found = text.lines().take(4).find_map(|one| one.strip_prefix(line));
            found.map(str::trim).ok_or_else(|| PatchError::Header { path: shown(), line })
        };
        let what = header("# what:")?.to_owned();
        let word = header("# where:")?;
        let place = Broken::from_word(word)
            .ok_or_else(|| PatchError::Place { path: shown(), found: word.to_owned() })?;
        Ok(Self { number, what, place, path: path.to_path_buf() })
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02} {:<7} {}", self.number, self.place, self.what)
    }
}

/// All patches in `folder`, by number.
pub(crate) fn read_all(folder: &Path) -> Result<Vec<Mutant>, PatchError> {
    let mut mutants = Vec::new();
    for path in list(folder).map_err(|error| unreadable(folder, &error))? {
        let text = fs::read_to_string(&path).map_err(FilesError::at(&path));
        let text = text.map_err(|error| unreadable(&path, &error))?;
        mutants.push(Mutant::parse(&path, &text)?);
    }
    mutants.sort_by_key(|mutant| mutant.number);
    let twice = mutants.windows(2).find(|pair| matches!(pair, [a, b] if a.number == b.number));
    match twice.and_then(<[Mutant]>::last) {
        Some(last) => {
            Err(PatchError::Twice { path: last.path.display().to_string(), number: last.number })
        }
        None => Ok(mutants),
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let entries = fs::read_dir(folder).map_err(FilesError::at(folder))?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(FilesError::at(folder))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "patch"));
    Ok(paths)
}

fn unreadable(path: &Path, error: &FilesError) -> PatchError {
    PatchError::Read { path: path.display().to_string(), what: error.to_string() }
}

fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Broken, Mutant, PatchError, read_all};

    const GOOD: &str = "# what: Pass is treated as Accept\n# where: oracle\ndiff --git a/x b/x\n";

    #[test]
    fn a_patch_says_what_and_where() {
        let mutant = Mutant::parse(Path::new("t/07-pass.patch"), GOOD).expect("it is complete");
        assert_eq!((mutant.number, mutant.place), (7, Broken::Oracle));
        assert_eq!(mutant.to_string(), "07 oracle  Pass is treated as Accept");
    }

    #[test]
    fn a_patch_that_says_too_little_is_refused() {
        let parse = |name: &str, text: &str| Mutant::parse(Path::new(name), text).unwrap_err();
        assert!(matches!(parse("pass.patch", GOOD), PatchError::Number { .. }));
        assert!(matches!(
            parse("1-a.patch", "# where: c\n"),
            PatchError::Header { line: "# what:", .. }
        ));
        let elsewhere = GOOD.replace("oracle", "somewhere");
        assert!(
            matches!(parse("1-a.patch", &elsewhere), PatchError::Place { found, .. } if found == "somewhere")
        );
    }

    #[test]
    fn one_number_is_one_mutant() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["01-a.patch", "02-b.patch", "README.md"] {
            std::fs::write(folder.path().join(name), GOOD).expect("a file");
        }
        assert_eq!(read_all(folder.path()).map(|all| all.len()), Ok(2));
        std::fs::write(folder.path().join("2-c.patch"), GOOD).expect("a file");
        assert!(matches!(read_all(folder.path()), Err(PatchError::Twice { number: 2, .. })));
    }
}
