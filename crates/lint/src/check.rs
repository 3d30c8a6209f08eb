//! One check: runs the lints, asks who suppressed what, and puts everything in order.
//!
//! Here and nowhere else a raw finding gets its severity, its line and its fingerprint.

use std::collections::BTreeMap;

use manifest::{Document, Options, Problem, Reading};
use report::Header;

use crate::config::Config;
use crate::facts::{Facts, Scene};
use crate::finding::{Cause, Finding, Spot, State};
use crate::found::{Edit, Found, Raw};
use crate::lines::Lines;
use crate::lint::{Check, Lint, Need, Severity};
use crate::lints;
use crate::repair::{Repaired, repair};
use crate::report::{Report, Unchecked};
use crate::suppress::{Ignores, ignores};
use crate::tree::span_of;

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The documents.
    pub documents: &'a [Document],
    /// How they were read.
    pub options: &'a Options,
    /// What they say.
    pub reading: &'a Reading,
    /// Kinds of which some objects may be there and could not be read.
    pub unread: &'a [&'a str],
}

/// What a check says and could repair.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The findings.
    pub report: Report,
    edits: Vec<Edit>,
    documents: Vec<Document>,
}

impl Checked {
    /// The documents with what is safe repaired; those that stay as they are, are left out.
    #[must_use]
    pub fn repaired(&self) -> Vec<Repaired> {
        repair(&self.documents, self.edits.clone())
    }
}

/// Runs every lint that is enabled and has what it needs.
#[must_use]
pub fn check(input: Input<'_>, config: &Config, header: Header) -> Checked {
    let Input { documents, options, reading, unread } = input;
    let scene = Scene::new(reading);
    let facts = Facts::new(documents, options, reading, &scene);
    let lines = Lines::new(documents);
    let plan = Plan::new(&facts, config, unread);
    let mut raw = plan.run(&facts, reading);
    let mut ignores = Ignores::new(ignores(&reading.comments(), &facts.objects, &lines));
    let mut findings = Vec::new();
    let mut edits = Vec::new();
    for one in raw.drain(..) {
        let namespace = one.namespace.as_deref();
        let namespace = namespace.and_then(|namespace| facts.find("Namespace", "", namespace));
        let state = ignores.state(&one, namespace, &lines);
        edits.extend(one.edits.iter().filter(|_| state == State::Open).cloned());
        findings.extend(finding(&one, state, config, &facts, &lines));
    }
    for one in ignores.findings(|lint| plan.judged.contains(&lint.id)) {
        findings.extend(finding(&one, State::Open, config, &facts, &lines));
    }
    findings.extend(problems(reading, documents, &lines));
    order(&mut findings);
    let report = Report {
        header: Header { complete: reading.is_complete(), ..header },
        files: documents.len(),
        objects: facts.objects.len(),
        findings,
        unchecked: plan.unchecked,
        disabled: plan.disabled,
    };
    Checked { report, edits, documents: documents.to_vec() }
}

/// Which lints are run.
struct Plan {
    judged: Vec<&'static str>,
    unchecked: Vec<Unchecked>,
    disabled: Vec<&'static Lint>,
}

impl Plan {
    fn new(facts: &Facts<'_>, config: &Config, unread: &[&str]) -> Self {
        let (mut judged, mut unchecked, mut disabled) = (Vec::new(), Vec::new(), Vec::new());
        for lint in lints::all() {
            let is_lacking = |need: &Need| !facts.has(*need) || need.is_among(unread);
            let lacks: Vec<_> = lint.needs.iter().copied().filter(is_lacking).collect();
            match (config.is_enabled(lint), lacks.is_empty()) {
                (false, _) => disabled.push(lint),
                (true, false) => unchecked.push(Unchecked { lint, lacks }),
                (true, true) => judged.push(lint.id),
            }
        }
        Self { judged, unchecked, disabled }
    }

    fn run(&self, facts: &Facts<'_>, reading: &Reading) -> Vec<Raw> {
        let mut raw = Vec::new();
        for lint in lints::all().filter(|lint| self.judged.contains(&lint.id)) {
            let mut found = Found { lint, facts, raw: &mut raw };
            match lint.check {
                Check::Facts(check) => check(facts, &mut found),
                Check::Reading(code) => {
                    for problem in of_reading(reading, code) {
                        let at = span_of(facts.documents, problem);
                        found.at(None, at, problem.message());
                    }
                }
                Check::Suppression => {}
            }
        }
        raw
    }
}

fn of_reading<'r>(reading: &'r Reading, code: &str) -> impl Iterator<Item = &'r Problem> {
    let all = reading.problems.iter().chain(&reading.lints);
    all.filter(move |problem| problem.code().as_str() == code)
}

fn finding(
    raw: &Raw,
    state: State,
    config: &Config,
    facts: &Facts<'_>,
    lines: &Lines<'_>,
) -> Option<Finding> {
    let spot = lines.spot(raw.at);
    let severity = config.severity(raw.lint, &spot.file)?;
    let object = raw.object.and_then(|object| facts.objects.get(object));
    Some(Finding {
        cause: Cause::Lint(raw.lint),
        severity,
        text: lines.line(raw.at.document, raw.at.line).to_owned(),
        spot,
        object: object.map(ToString::to_string).unwrap_or_default(),
        message: raw.message.clone(),
        fix: raw.fix.clone().or_else(|| Some(raw.lint.fix.to_owned())),
        related: raw.related.iter().map(|at| lines.spot(*at)).collect(),
        state,
        fingerprint: String::new(),
    })
}

/// What the reading refused, unless a lint of the table reports it.
fn problems(reading: &Reading, documents: &[Document], lines: &Lines<'_>) -> Vec<Finding> {
    let of_lints: Vec<&str> = lints::all()
        .filter_map(|lint| match lint.check {
            Check::Reading(code) => Some(code),
            Check::Facts(_) | Check::Suppression => None,
        })
        .collect();
    let own = reading.problems.iter().filter(|it| !of_lints.contains(&it.code().as_str()));
    let finding = |problem: &Problem| {
        let at = span_of(documents, problem);
        let related = problem.related_places().map(|place| Spot {
            file: place.file,
            line: place.line,
            column: 1,
            length: 1,
        });
        Finding {
            cause: Cause::Problem(problem.code().as_str()),
            severity: Severity::Error,
            spot: lines.spot(at),
            text: lines.line(at.document, at.line).to_owned(),
            object: String::new(),
            message: problem.message(),
            fix: problem.hint(),
            related: related.collect(),
            state: State::Open,
            fingerprint: String::new(),
        }
    };
    own.map(finding).collect()
}

/// Sorts the findings and gives each its fingerprint, in which no line number counts.
fn order(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let key = |it: &Finding| (it.spot.clone(), it.cause.id(), it.message.clone());
        key(one).cmp(&key(other))
    });
    let mut seen: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    for finding in findings {
        let mut hasher = blake3::Hasher::new();
        for part in [finding.cause.id(), &finding.spot.file, &finding.object, finding.text.trim()] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
        let count = seen.entry(*hasher.finalize().as_bytes()).or_default();
        hasher.update(&count.to_le_bytes());
        *count += 1;
        finding.fingerprint = hasher.finalize().to_hex().chars().take(32).collect();
    }
}
