//! From what was written to tests whose every word means somebody.
//!
//! Reading and resolving are one step, because a word that names nobody is an error with a place.

mod fields;
mod peers;
mod ports;
mod problem;

use compile::Roster;
use manifest::{Document, Tree, Written};
use model::{Family, Place, World};

use self::fields::{Problems, Read, all, nearest};
use self::problem::Cause;
use crate::{Case, Kind, Party, PolicyTest};

pub use problem::Problem;

/// The version that test files have.
pub const API_VERSION: &str = "ringfence.io/v1alpha1";

/// The kind that test files have.
pub const KIND: &str = "PolicyTest";

const TOP_LEVEL: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// Whom words can mean.
pub(crate) struct Known<'w> {
    pub(crate) world: &'w World,
    pub(crate) roster: &'w Roster,
}

/// Reads every `PolicyTest` among `written`, whose documents are `documents`; what is wrong with one
/// does not hide the others.
#[must_use]
pub fn read(
    written: &[Written],
    documents: &[Document],
    world: &World,
    roster: &Roster,
) -> (Vec<PolicyTest>, Vec<Problem>) {
    let (known, mut problems) = (Known { world, roster }, Problems::new(documents));
    let ours = written.iter().filter(|it| it.group() == "ringfence.io");
    let (ours, others): (Vec<_>, Vec<_>) = ours.partition(|it| &*it.kind == KIND);
    for other in others.iter().filter(|it| nearest(&it.kind, [KIND].into_iter()).is_some()) {
        let span = other.tree().get("kind").map_or(other.span, Tree::span);
        problems.refuse(span, Cause::NoSuchKind { kind: other.kind.to_string() });
    }
    let tests =
        ours.into_iter().filter_map(|written| test(written, &known, &mut problems).ok()).collect();
    (tests, problems.all)
}

fn test(written: &Written, known: &Known<'_>, problems: &mut Problems<'_>) -> Read<PolicyTest> {
    let tree = problems.mapping(written.tree(), "the object", &TOP_LEVEL)?;
    if &*written.api_version != API_VERSION {
        let span = tree.get("apiVersion").map_or(tree.span(), Tree::span);
        let found = written.api_version.to_string();
        return Err(problems.refuse(span, Cause::Version { found }));
    }
    let metadata = problems.need(tree, "metadata", "the object")?;
    let name = problems.need(metadata, "name", "metadata")?;
    let name = problems.text(name, "name")?.to_owned();
    let spec = problems.need(tree, "spec", "the object")?;
    let spec = problems.mapping(spec, "spec", &["tests"])?;
    let tests = problems.need(spec, "tests", "spec")?;
    let items = problems.list(tests, "tests")?;
    if items.len() == 0 {
        return Err(problems.refuse(tests.span(), Cause::Empty { field: "tests".to_owned() }));
    }
    let mut seen: Vec<(String, u32)> = Vec::new();
    let cases = all(items, |item| {
        let (case, span) = case(item, written, known, problems)?;
        if let Some((name, line)) = seen.iter().find(|(name, _)| *name == case.name) {
            let cause = Cause::Twice { name: name.clone(), line: *line };
            return Err(problems.refuse(span, cause));
        }
        seen.push((case.name.clone(), case.place.line));
        Ok(case)
    })?;
    Ok(PolicyTest { name, place: written.place(), cases })
}

/// One test, and where its name stands.
fn case(
    tree: Tree<'_>,
    written: &Written,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Read<(Case, manifest::Span)> {
    let fields = Kind::ALL.map(Kind::field);
    let fields: Vec<&'static str> = std::iter::once("name").chain(fields).collect();
    let tree = problems.mapping(tree, "a test", &fields)?;
    let named = problems.need(tree, "name", "a test")?;
    let name = problems.text(named, "name")?.to_owned();
    let found: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| tree.key_span(kind.field()).is_some()).collect();
    let &[kind] = found.as_slice() else {
        let found = found.into_iter().map(Kind::field).collect();
        return Err(problems.refuse(named.span(), Cause::Expectations { found }));
    };
    let of = kind.field();
    let body = problems.need(tree, of, "a test")?;
    let body =
        problems.mapping(body, of, &["to", kind.sources(), "ports", "exceptPorts", "family"])?;
    let mut reader = peers::Reader { known, problems, namespace: &written.namespace, kind };
    let from = reader.party(body, kind.sources());
    let to = reader.party(body, "to");
    let (from, to) = (from?, to?);
    let ports = ports::ports(body, kind, &to, known, problems)?;
    let family = family(body, problems)?;
    asks_about_somebody(&from, &to, kind).map_err(|cause| problems.refuse(body.span(), cause))?;
    let span = named.span();
    let place = Place { file: written.file.clone(), line: span.line };
    Ok((Case { name, place, kind, from, to, ports, family }, span))
}

fn family(body: Tree<'_>, problems: &mut Problems<'_>) -> Read<Option<Family>> {
    let Some(tree) = body.get("family") else { return Ok(None) };
    let word = problems.text(tree, "family")?;
    let found = [Family::V4, Family::V6].into_iter().find(|it| analysis::family_word(*it) == word);
    match found {
        Some(family) => Ok(Some(family)),
        None => Err(problems.refuse(tree.span(), Cause::Family { word: word.to_owned() })),
    }
}

/// A pod always reaches itself (ruling N14), so a test of that alone asks about nothing.
fn asks_about_somebody(from: &Party, to: &Party, kind: Kind) -> Result<(), Cause> {
    let only_members = |party: &Party| {
        !party.internet
            && !party.cluster
            && party.ranges.is_empty()
            && party.services.is_empty()
            && party.domains.is_empty()
            && party.universal.is_empty()
    };
    let is_itself = from.members.len() == 1
        && from.members == to.members
        && only_members(from)
        && only_members(to);
    match is_itself && !kind.lists_those_who_may() {
        true => Err(Cause::NoFlow { kind: kind.field() }),
        false => Ok(()),
    }
}
