//! Every lint fires on its example, at the lines that say so, and not on the twin.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use manifest::{Document, Options};
use report::Header;
use ringfence_lint::{Cause, Config, Finding, Input, Lint, State, check, lints};

fn findings(name: &str, text: &str) -> Vec<Finding> {
    let ignored = ["cilium.io/CiliumNetworkPolicy".to_owned()];
    let options = Options { ignore_kinds: BTreeSet::from(ignored), ..Options::default() };
    let documents = [Document { name: Arc::from(name), text: Arc::from(text) }];
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
    check(input, &Config::default(), header).report.findings
}

fn lines_of(lint: &Lint, findings: &[Finding]) -> Vec<u32> {
    let own = findings.iter().filter(|finding| finding.cause == Cause::Lint(find(lint.id)));
    own.filter(|finding| finding.state == State::Open).map(|finding| finding.spot.line).collect()
}

fn find(id: &str) -> &'static Lint {
    lints::find(id).unwrap_or_else(|| panic!("no lint {id}"))
}

fn marked(text: &str) -> Vec<u32> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| line.ends_with("# here"));
    lines.map(|(number, _)| number).collect()
}

#[test]
fn every_lint_fires_where_its_example_says() {
    for lint in lints::all() {
        let found = findings(lint.id, lint.fires);
        let marked = marked(lint.fires);
        assert!(!marked.is_empty(), "{} says nowhere where it fires", lint.id);
        assert_eq!(lines_of(lint, &found), marked, "{} {}: {found:#?}", lint.id, lint.slug);
    }
}

#[test]
fn no_lint_fires_on_its_twin() {
    for lint in lints::all() {
        let found = findings(lint.id, lint.twin);
        assert_eq!(lines_of(lint, &found), Vec::<u32>::new(), "{} {}", lint.id, lint.slug);
        let problems = found.iter().filter(|finding| matches!(finding.cause, Cause::Problem(_)));
        assert_eq!(problems.count(), 0, "{} {}", lint.id, lint.slug);
    }
}

/// An example that is only about its own lint explains best: no other error stands in it.
#[test]
fn an_example_has_no_other_error() {
    for lint in lints::all() {
        let errors = |text| {
            let found = findings(lint.id, text).into_iter();
            let errors = found.filter(|it| it.severity == ringfence_lint::Severity::Error);
            let others = errors.filter(|it| it.cause.id() != lint.id);
            others.map(|it| it.cause.id()).collect::<Vec<_>>()
        };
        assert_eq!(errors(lint.fires), Vec::<&str>::new(), "{} {}", lint.id, lint.slug);
        assert_eq!(errors(lint.twin), Vec::<&str>::new(), "{} {}", lint.id, lint.slug);
    }
}

#[test]
fn ids_are_in_order_and_no_slug_stands_for_two_lints() {
    let ids: Vec<&str> = lints::all().map(|lint| lint.id).collect();
    let expected: Vec<String> = (1..=ids.len()).map(|at| format!("RF{at:03}")).collect();
    assert_eq!(ids, expected);
    let slugs: BTreeSet<&str> = lints::all().map(|lint| lint.slug).collect();
    assert_eq!(slugs.len(), ids.len());
}
