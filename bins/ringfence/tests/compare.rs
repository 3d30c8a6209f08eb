//! `ringfence compare` as a reviewer meets it: which relation holds, what is left out, what is refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::{Said, ringfence};

fn compare(words: &[&str]) -> Said {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    ringfence(&root, &[&["compare"], words].concat())
}

#[test]
fn a_set_is_equivalent_to_itself_and_wider_than_its_default_deny() {
    let (deny, more) = ("docs/tutorial/2-default-deny", "docs/tutorial/3-policies");
    let holds = |a: &str, b: &str| {
        let (code, said, error) = compare(&[a, b, "-f", "docs/tutorial/app.yaml", "-o", "json"]);
        assert_eq!(code, 0, "{error}");
        let said: Value = serde_json::from_str(&said).unwrap();
        let all = said["relations"].as_array().unwrap().iter();
        all.filter(|it| it["future"] == true)
            .map(|it| it["relation"].to_string())
            .collect::<String>()
    };
    assert!(holds(more, more).contains("\"equivalent\""), "{}", holds(more, more));
    assert!(!holds(deny, more).contains("\"equivalent\""));
    assert!(holds(deny, more).contains("\"a-within-b\""));
    assert!(!holds(more, deny).contains("\"a-within-b\""));
}

#[test]
fn rules_about_domains_are_left_out_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    std::fs::write(
        &path,
        "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: names}\n\
         spec:\n  tier: Admin\n  priority: 1\n  subject: {namespaces: {}}\n  egress:\n  \
         - {action: Accept, to: [{domainNames: [example.org]}]}\n",
    )
    .unwrap();
    let path = path.display().to_string();
    let (code, _, error) = compare(&[&path, &path, "-f", "docs/tutorial/app.yaml"]);
    assert_eq!(code, 0, "{error}");
    assert!(error.contains("ClusterNetworkPolicy names egress[0] names domains"), "{error}");
    let plain = "docs/tutorial/2-default-deny";
    let (_, _, error) = compare(&[plain, plain, "-f", "docs/tutorial/app.yaml"]);
    assert!(!error.contains("names domains"), "{error}");
}

#[test]
fn two_worlds_and_unknown_names_are_refused() {
    let (code, _, error) = compare(&["examples/shop", "examples/edge"]);
    assert_eq!(code, 2);
    assert!(error.contains("different pods or nodes"), "{error}");
    let (code, _, error) =
        compare(&["-f", "examples/shop", "--policies", "store/inside", "store/no"]);
    assert_eq!(code, 2);
    assert!(error.contains("no policy is called store/no"), "{error}");
}
