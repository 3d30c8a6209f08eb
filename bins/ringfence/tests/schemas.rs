//! What programs read fits the schemas in docs/schema, on every example.
//!
//! Every object of a schema refuses what it does not name, so a new field cannot come in silence.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may crash")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The schema of a document, or of what stands under `definition`.
fn validator(name: &str, definition: Option<&str>) -> Validator {
    let path = root().join(format!("docs/schema/{name}.json"));
    let mut schema: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    if let Some(definition) = definition {
        let defs = schema.get("$defs").unwrap().clone();
        schema = json!({"$ref": format!("#/$defs/{definition}"), "$defs": defs});
    }
    jsonschema::validator_for(&schema).unwrap()
}

fn said(arguments: &[&str]) -> String {
    let (code, said, error) = support::ringfence(&root(), arguments);
    assert!(code < 2, "{arguments:?}: {error}");
    said
}

fn fits(validator: &Validator, text: &str, what: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let misfits: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(misfits.is_empty(), "{what}: {misfits:#?}");
}

fn examples() -> Vec<String> {
    let entries = fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path());
    let folders = entries.filter(|path| path.is_dir());
    let mut names: Vec<String> = folders
        .map(|path| format!("examples/{}", path.file_name().unwrap().to_string_lossy()))
        .collect();
    names.sort_unstable();
    assert!(names.len() >= 11, "{names:?}");
    names
}

/// Documents and lines of one command with more words behind it.
fn command(name: &str, line: &str, words: &[&str]) {
    let both = [("json", None), ("jsonl", Some(line))];
    for (format, definition) in both {
        let text = said(&[&[name, "-o", format], words].concat());
        let validator = validator(name, definition);
        let what = format!("{name} {words:?} -o {format}");
        match definition {
            None => fits(&validator, &text, &what),
            Some(_) => text.lines().for_each(|line| fits(&validator, line, &what)),
        }
    }
}

#[test]
fn check_and_reach_fit_on_every_example() {
    for example in examples() {
        command("check", "finding", &[&example]);
        command("reach", "line", &[&example, "--explain"]);
        command("reach", "line", &[&example, "--by", "namespace"]);
        let pair = validator("reach", Some("pair"));
        let text = said(&["reach", "-o", "jsonl", &example, "--expand"]);
        text.lines().for_each(|line| fits(&pair, line, &example));
    }
}

#[test]
fn sarif_fits_and_points_into_the_files() {
    let schema = validator("check-sarif", None);
    for tree in examples().into_iter().chain(["docs/tutorial/app.yaml".to_owned()]) {
        let text = said(&["check", "-o", "sarif", &tree]);
        fits(&schema, &text, &tree);
        let document: Value = serde_json::from_str(&text).unwrap();
        let results = document.pointer("/runs/0/results").and_then(Value::as_array).unwrap();
        assert!(!results.is_empty(), "{tree}");
        for result in results {
            let at = |pointer: &str| result.pointer(pointer).unwrap();
            let place = "/locations/0/physicalLocation";
            let file = at(&format!("{place}/artifactLocation/uri")).as_str().unwrap();
            let line = at(&format!("{place}/region/startLine")).as_u64().unwrap();
            let snippet = at(&format!("{place}/contextRegion/snippet/text")).as_str().unwrap();
            let text = fs::read_to_string(root().join(file)).unwrap();
            let nth = text.lines().nth(usize::try_from(line - 1).unwrap()).unwrap();
            assert_eq!(nth.trim_end(), snippet, "{file}:{line}");
            let rule = at("/ruleIndex").as_u64().unwrap();
            let id = document.pointer(&format!("/runs/0/tool/driver/rules/{rule}/id"));
            assert_eq!(id, Some(at("/ruleId")));
        }
    }
}

#[test]
fn diff_fits_between_neighbours() {
    for pair in examples().windows(2) {
        let [old, new] = pair else { panic!("windows of two") };
        command("diff", "line", &[old, new, "--explain"]);
    }
}

#[test]
fn exposure_fits_on_every_example() {
    for example in examples() {
        command("exposure", "line", &[&example]);
    }
}

#[test]
fn tests_and_their_results_fit() {
    let (tests, results) = (validator("policytest", None), validator("test", None));
    for example in ["shop", "databases", "three-tiers"] {
        let tree = format!("examples/{example}");
        let text = fs::read_to_string(root().join(format!("{tree}/{example}.policytest.yaml")));
        let recorded = said(&["test", "-f", &tree, "--record"]);
        for file in [text.unwrap(), recorded] {
            let value: Value = serde_saphyr::from_str(&file).unwrap();
            fits(&tests, &value.to_string(), example);
        }
        fits(&results, &said(&["test", "-f", &tree, "-o", "json"]), example);
    }
    let failing = "bins/ringfence/tests/data/ledger.policytest.yaml";
    let text = said(&["test", failing, "-f", "examples/shop", "-o", "json"]);
    assert!(text.contains("future-pod"), "{text}");
    fits(&results, &text, failing);
}

#[test]
fn prune_fits_on_every_example() {
    for example in examples() {
        command("prune", "line", &[&example]);
    }
}

#[test]
fn compare_fits_for_two_policies_of_one_tree() {
    let words = ["-f", "examples/shop", "--policies", "store/default-deny", "store/inside"];
    command("compare", "line", &words);
}

#[test]
fn the_version_fits() {
    fits(&validator("version", None), &said(&["version", "-o", "json"]), "version");
}

#[test]
fn what_is_not_named_does_not_fit() {
    let text = said(&["reach", "-o", "json", "examples/shop"]);
    let mut value: Value = serde_json::from_str(&text).unwrap();
    value.as_object_mut().unwrap().insert("more".to_owned(), Value::Null);
    assert!(!validator("reach", None).is_valid(&value));
    value.as_object_mut().unwrap().remove("more");
    assert!(validator("reach", None).is_valid(&value));
    value.as_object_mut().unwrap().remove("connections");
    assert!(!validator("reach", None).is_valid(&value));
}
