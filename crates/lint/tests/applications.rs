//! No error and no warning fires on the applications in examples, which are written well.
//!
//! What is suppressed there says why, and stays in the report.
#![expect(clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "applications are files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use manifest::{Document, Options};
use report::Header;
use ringfence_lint::{Config, Input, Report, Severity, State, check};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{error}"));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap_or_else(|error| panic!("{error}")).path()).collect();
    paths.sort_unstable();
    paths
}

fn applications() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    entries(&folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn report(application: &Path) -> Report {
    let manifests = entries(application).into_iter();
    let manifests = manifests.filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let documents: Vec<Document> = manifests
        .map(|path| Document {
            name: path.file_name().unwrap_or_default().to_string_lossy().into(),
            text: Arc::from(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}"))),
        })
        .collect();
    let options = Options::default();
    let reading = manifest::read(&documents, &options);
    let input = Input { documents: &documents, options: &options, reading: &reading, unread: &[] };
    let header = Header {
        tool: String::new(),
        tool_version: String::new(),
        inputs: String::new(),
        options: Vec::new(),
        unknown: Vec::new(),
        staged: 0,
        complete: true,
    };
    check(input, &Config::default(), header).report
}

#[test]
fn nothing_is_wrong_with_them() {
    let applications = applications();
    assert!(applications.len() > 10, "{applications:?}");
    let said: Vec<String> = applications
        .iter()
        .flat_map(|application| {
            let name = application.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let report = report(application);
            assert!(report.header.complete, "{name}: {:?}", report.findings);
            let bad = report
                .findings
                .into_iter()
                .filter(|finding| finding.is_open() && finding.severity >= Severity::Warning);
            let line = move |it: ringfence_lint::Finding| {
                format!(
                    "{name}/{}:{}: {} {}",
                    it.spot.file,
                    it.spot.line,
                    it.cause.id(),
                    it.message
                )
            };
            bad.map(line).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn what_is_suppressed_says_why_and_some_is() {
    let findings = applications().into_iter().flat_map(|it| report(&it).findings);
    let reasons: Vec<String> = findings
        .filter_map(|finding| match finding.state {
            State::Suppressed { reason, .. } => Some(reason),
            State::Open | State::Known => None,
        })
        .collect();
    assert!(reasons.len() >= 2, "{reasons:?}");
    assert!(reasons.iter().all(|reason| reason.len() > 10), "{reasons:?}");
}
