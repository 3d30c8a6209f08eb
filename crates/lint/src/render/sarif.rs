//! SARIF 2.1.0, as code scanning reads it.
//!
//! The fingerprint keeps a finding the same finding while lines move around it.

use serde_json::{Value, json};

use crate::finding::{Cause, Finding, Spot, State};
use crate::lint::{Lint, Severity};
use crate::report::Report;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The version is part of the name: another way of making it is another name.
const FINGERPRINT: &str = "ringfence/v1";

pub(super) fn render(report: &Report) -> String {
    let causes = report.causes();
    let rules: Vec<Value> = causes.iter().copied().map(rule).collect();
    let with_baseline = report.findings.iter().any(|finding| finding.state == State::Known);
    let results = report.findings.iter().map(|finding| {
        let index = causes.iter().position(|cause| *cause == finding.cause);
        result(finding, index, with_baseline)
    });
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "ringfence",
                "version": report.header.tool_version,
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.header.complete,
                "properties": {"inputs": report.header.inputs, "options": report.header.options},
            }],
            "results": results.collect::<Vec<Value>>(),
        }],
    });
    super::json::text(serde_json::to_string_pretty(&document))
}

fn rule(cause: Cause) -> Value {
    match cause {
        Cause::Lint(lint) => lint_rule(lint),
        Cause::Problem(code) => json!({
            "id": code,
            "shortDescription": {"text": "The object cannot be read."},
            "defaultConfiguration": {"level": "error"},
        }),
    }
}

fn lint_rule(lint: &Lint) -> Value {
    let tags: Vec<String> =
        lint.elsewhere.iter().map(|(list, id)| format!("{} {id}", list.name())).collect();
    json!({
        "id": lint.id,
        "name": lint.slug,
        "shortDescription": {"text": lint.why},
        "help": {
            "text": format!("{} Fix: {}", lint.why, lint.fix),
            "markdown": format!("{}\n\n**Fix**: {}", lint.why, lint.fix),
        },
        "defaultConfiguration": {"level": level(lint.severity)},
        "properties": {"tags": tags},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(finding: &Finding, rule: Option<usize>, with_baseline: bool) -> Value {
    let fix = finding.fix.iter().map(|fix| format!(" Fix: {fix}")).collect::<String>();
    let names = json!([{"fullyQualifiedName": finding.object}]);
    let place = location(&finding.spot, Some(&finding.text));
    let place = with(place, "logicalLocations", Some(names));
    let result = json!({
        "ruleId": finding.cause.id(),
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": {"text": format!("{}: {}.{fix}", finding.object, finding.message)},
        "locations": [place],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    });
    let related = (1..).zip(&finding.related);
    let related: Vec<Value> = related
        .map(|(id, spot): (u32, _)| with(location(spot, None), "id", Some(json!(id))))
        .collect();
    let suppressions = match &finding.state {
        State::Suppressed { reason, at } => Some(json!([
            {"kind": "inSource", "justification": reason, "location": location(at, None)}
        ])),
        State::Open | State::Known => None,
    };
    let state = if finding.state == State::Known { "unchanged" } else { "new" };
    let result = with(result, "relatedLocations", (!related.is_empty()).then(|| json!(related)));
    let result = with(result, "suppressions", suppressions);
    with(result, "baselineState", with_baseline.then(|| json!(state)))
}

fn location(spot: &Spot, text: Option<&str>) -> Value {
    let place = json!({
        "artifactLocation": {"uri": uri(&spot.file)},
        "region": {
            "startLine": spot.line,
            "startColumn": spot.column,
            "endColumn": spot.column + spot.length,
        },
    });
    let text = text.filter(|text| !text.is_empty());
    let context = text.map(|text| json!({"startLine": spot.line, "snippet": {"text": text}}));
    json!({"physicalLocation": with(place, "contextRegion", context)})
}

/// The object with one more key, if there is a value for it.
fn with(mut object: Value, key: &str, value: Option<Value>) -> Value {
    if let (Value::Object(map), Some(value)) = (&mut object, value) {
        map.insert(key.to_owned(), value);
    }
    object
}

/// A path as a relative reference: what a URI gives a meaning to is escaped.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
