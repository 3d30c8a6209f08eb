//! Finds the files of the corpus and reads each into a case.
//!
//! The order is that of the names, so runs and their counts compare.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use model::{Rules, World};
use serde_saphyr::Spanned;

use super::expected::State;
use super::objects::Objects;
use super::source;
use super::text::{CaseText, FlowText, MatrixText, StepText};
use super::{Case, CorpusError, Expected, Fault, Step};
use crate::lowered::{RuleText, WorldText};
use crate::rulings;

const LOWERED: &str = "lowered";

/// The directory of the corpus.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus")
}

/// Every case.
///
/// # Errors
/// The first file that cannot be read, and where.
pub fn load_all() -> Result<Vec<Case>, CorpusError> {
    let mut files = Vec::new();
    collect(&root(), &mut files)?;
    files.sort();
    files.iter().map(|file| load_file(file)).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), CorpusError> {
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension() == Some(OsStr::new("yaml")) {
            files.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> CorpusError {
    let file = path.to_owned();
    move |error| CorpusError { file: file.clone(), line: None, fault: Fault::Io(error) }
}

/// One case.
///
/// # Errors
/// Where the file cannot be read, and why.
pub fn load_file(file: &Path) -> Result<Case, CorpusError> {
    parse(file, &fs::read_to_string(file).map_err(unreadable(file))?)
}

/// The case that `text` is; the path gives its area and name.
///
/// # Errors
/// Where it cannot be read, and why.
pub fn parse(file: &Path, text: &str) -> Result<Case, CorpusError> {
    let area = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{area}/{stem}");
    read(text, name, area == LOWERED).map_err(|Located { line, fault }| CorpusError {
        file: file.to_owned(),
        line,
        fault,
    })
}

/// A fault and the line it is in.
struct Located {
    line: Option<u64>,
    fault: Fault,
}

fn at(line: u64) -> impl Fn(Fault) -> Located {
    move |fault| Located { line: Some(line), fault }
}

fn nowhere(fault: Fault) -> Located {
    Located { line: None, fault }
}

fn read(text: &str, name: String, is_lowered: bool) -> Result<Case, Located> {
    let case: CaseText = serde_saphyr::from_str(text).map_err(|error| Located {
        line: error.location().map(|location| location.line()),
        fault: Fault::Form(error.to_string()),
    })?;
    known_rulings(&case.rulings).map_err(nowhere)?;
    let steps = match (&case.manifests, &case.world, &case.rules, is_lowered) {
        (Some(manifests), None, None, false) => manifest_steps(&name, &case, manifests)?,
        (None, Some(world), Some(rules), true) => vec![lowered_step(&case, world, rules)?],
        _ => return Err(nowhere(Fault::Source)),
    };
    if steps.iter().all(|step| step.flows.is_empty()) {
        return Err(nowhere(Fault::Empty));
    }
    let CaseText { about, rulings, twin, only, .. } = case;
    Ok(Case { name, about, rulings, twin, only, steps })
}

fn known_rulings(ids: &[String]) -> Result<(), Fault> {
    match ids.iter().find(|id| rulings::find(id).is_none()) {
        Some(id) => Err(Fault::Ruling(id.clone())),
        None => Ok(()),
    }
}

fn lowered_step(
    case: &CaseText,
    world: &Spanned<WorldText>,
    rules: &[Spanned<RuleText>],
) -> Result<Step, Located> {
    if !case.steps.is_empty() {
        return Err(nowhere(Fault::Source));
    }
    let (world, rules) =
        source::of_lowered(&world.value, rules, &case.options).map_err(at(world.defined.line()))?;
    step(&case.about, (world, rules), &case.flows, &case.matrix, &case.rulings)
}

fn manifest_steps(
    name: &str,
    case: &CaseText,
    manifests: &Spanned<String>,
) -> Result<Vec<Step>, Located> {
    let mut objects = Objects::default();
    objects.apply(manifests).map_err(at(manifests.defined.line()))?;
    let state = source::of_manifests(name, &objects, &case.options)
        .map_err(at(manifests.defined.line()))?;
    let mut steps = vec![step(&case.about, state, &case.flows, &case.matrix, &case.rulings)?];
    for text in &case.steps {
        let line = text.defined.line();
        let text = &text.value;
        change(&mut objects, text).map_err(at(line))?;
        let state = source::of_manifests(name, &objects, &case.options).map_err(at(line))?;
        steps.push(step(&text.about, state, &text.flows, &text.matrix, &case.rulings)?);
    }
    Ok(steps)
}

fn change(objects: &mut Objects, step: &StepText) -> Result<(), Fault> {
    for key in &step.delete {
        objects.delete(key)?;
    }
    match &step.apply {
        Some(text) => objects.apply(text),
        None => Ok(()),
    }
}

fn step(
    about: &str,
    (world, rules): (World, Rules),
    flows: &[Spanned<FlowText>],
    matrices: &[Spanned<MatrixText>],
    rulings: &[String],
) -> Result<Step, Located> {
    let state = State { world: &world, rules: &rules };
    let mut expected: Vec<Expected> = Vec::new();
    for flow in flows {
        let line = flow.defined.line();
        expected.push(state.expected(&flow.value, line, rulings).map_err(at(line))?);
    }
    for matrix in matrices {
        let line = matrix.defined.line();
        expected.extend(state.matrix(&matrix.value, line, rulings).map_err(at(line))?);
    }
    for flow in &expected {
        known_rulings(&flow.rulings).map_err(at(flow.line))?;
    }
    Ok(Step { about: about.to_owned(), world, rules, flows: expected })
}
