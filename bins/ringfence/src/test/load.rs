//! From what was typed to manifests and the tests that are judged on them.
//!
//! Tests are read like manifests, so that they have places and are found where manifests are.

use std::path::{Path, PathBuf};

use intent::{Judge, KIND, PolicyTest};
use manifest::{Document, Written};
use miette::Report;
use model::World;

use super::Arguments;
use crate::cli::Reading;
use crate::input::{self, Manifests, Unreadable};

/// Manifests, and tests that nobody resolved yet.
pub(crate) struct Loaded {
    pub(crate) manifests: Manifests,
    pub(crate) tests: Tests,
}

/// Tests that nobody resolved yet.
pub(crate) struct Tests(Vec<Source>);

/// Objects as they were written, with the documents that they stand in.
struct Source {
    digest: String,
    documents: Vec<Document>,
    written: Vec<Written>,
}

/// Reads the manifests, and the tests beside them or those that are named.
pub(crate) fn load(arguments: &Arguments) -> Result<Loaded, Unreadable> {
    let loaded = input::load_paths(arguments.files.clone(), &arguments.reading)?;
    let beside = Source {
        digest: loaded.digest.clone(),
        documents: loaded.documents.clone(),
        written: loaded.reading.written.clone(),
    };
    let manifests = input::told(loaded)?;
    let tests = match arguments.tests.as_slice() {
        [] => Tests(vec![beside]),
        named => Tests::named(named, &arguments.reading)?,
    };
    Ok(Loaded { manifests, tests })
}

/// A path that was named for its tests has some.
fn source(path: &Path, reading: &Reading) -> Result<Source, Unreadable> {
    let paths = vec![path.to_owned()];
    let loaded = input::load_over(paths, reading, None, input::REPLICAS_MAX)?;
    let input::Loaded { documents, reading, digest, .. } = loaded;
    if !reading.is_complete() {
        reading.problems.into_iter().for_each(|problem| say(&problem.into()));
        return Err(Unreadable);
    }
    if !reading.written.iter().any(|written| &*written.kind == KIND) {
        eprintln!("error: {} has no {KIND}", path.display());
        return Err(Unreadable);
    }
    Ok(Source { digest, documents, written: reading.written })
}

impl Loaded {
    /// A digest of everything that was read.
    pub(crate) fn digest(&self) -> String {
        let manifests = &self.manifests.digest;
        let tests = self.tests.0.iter().map(|source| &source.digest);
        let others =
            tests.filter(|digest| *digest != manifests).map(|digest| format!("..{digest}"));
        format!("{manifests}{}", others.collect::<String>())
    }
}

impl Tests {
    /// The tests at some paths.
    pub(crate) fn named(paths: &[PathBuf], reading: &Reading) -> Result<Self, Unreadable> {
        paths.iter().map(|path| source(path, reading)).collect::<Result<_, _>>().map(Self)
    }

    /// All of them; what is wrong with them is printed.
    pub(crate) fn resolved(
        &self,
        world: &World,
        judge: &Judge<'_>,
    ) -> Result<Vec<PolicyTest>, Unreadable> {
        let mut tests = Vec::new();
        let mut is_good = true;
        for Source { documents, written, .. } in &self.0 {
            let (read, problems) = intent::read(written, documents, world, judge.roster());
            is_good &= problems.is_empty();
            problems.into_iter().for_each(|problem| say(&problem.into()));
            tests.extend(read);
        }
        if is_good && tests.is_empty() {
            eprintln!("error: there is no {KIND} among the manifests");
            eprintln!("hint: name files of tests, or write one with --record");
            is_good = false;
        }
        if is_good { Ok(tests) } else { Err(Unreadable) }
    }
}

fn say(problem: &Report) {
    eprintln!("{problem:?}");
}
