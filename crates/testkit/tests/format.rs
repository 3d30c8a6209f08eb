//! A corpus file that says something impossible is refused, with file and line.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use ringfence_testkit::corpus::parse;

const HEAD: &str = "about: a test
rulings: [N2]
world: {pods: {x/a: {}, x/b: {}}}
rules:
- {rule: 'NetworkPolicy x/p ingress[0]', subject: '* / *', peers: [], action: allow}
flows:
";

fn error(file: &str, text: &str) -> String {
    match parse(Path::new(file), text) {
        Ok(case) => panic!("{} was accepted", case.name),
        Err(error) => error.to_string(),
    }
}

fn flow(egress: &str, ingress: &str, verdict: &str, rest: &str) -> String {
    format!(
        "{HEAD}- {{from: x/a, to: x/b, port: 80/tcp, egress: '{egress}', \
         ingress: '{ingress}', verdict: {verdict}{rest}}}\n"
    )
}

const DENIED: &str = "default-deny by NetworkPolicy x/p";

#[test]
fn a_well_formed_case_is_accepted() {
    let case = parse(Path::new("lowered/t.yaml"), &flow("default-allow", DENIED, "deny", ""));
    let case = case.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((case.name.as_str(), case.steps.len()), ("lowered/t", 1));
    assert_eq!(case.steps.first().map(|step| step.flows.len()), Some(1));
}

#[test]
fn what_is_impossible_is_refused() {
    let refused = |egress, ingress, verdict, rest, says: &str| {
        let message = error("lowered/t.yaml", &flow(egress, ingress, verdict, rest));
        assert!(message.contains(says) && message.contains("t.yaml:7"), "{message}");
    };
    refused("default-allow", DENIED, "allow", "", "the reasons give deny");
    refused("default allow", DENIED, "deny", "", "is no reason");
    refused("default-allow", "NetworkPolicy x/q ingress[0]", "allow", "", "no rule");
    refused("default-allow", DENIED, "deny", ", because: me", "unknown field `because`");
    refused("default-allow", DENIED, "deny", ", rulings: [N99]", "no ruling");
    refused("default-allow", DENIED, "deny", ", family: v5", "unknown variant");
}

#[test]
fn lowered_rules_are_refused_elsewhere() {
    let text = flow("default-allow", DENIED, "deny", "");
    assert!(error("networkpolicy/t.yaml", &text).contains("never both"));
}

#[test]
fn a_case_without_a_flow_is_refused() {
    let text = HEAD.replace("flows:\n", "");
    assert!(error("lowered/t.yaml", &text).contains("without a flow"));
}

#[test]
fn a_matrix_key_must_show_its_verdict() {
    let text = HEAD.replace(
        "flows:\n",
        "matrix:\n- {port: 80/tcp, to: [x/b], from: {x/a: x}, reasons: {x: {egress: default-allow, \
         ingress: default-deny by NetworkPolicy x/p}}}\n",
    );
    assert!(error("lowered/t.yaml", &text).contains("verdict allow but the reasons give deny"));
    assert!(
        parse(
            Path::new("lowered/t.yaml"),
            &text.replace("x/a: x}", "x/a: X}").replace("reasons: {x:", "reasons: {X:")
        )
        .is_ok()
    );
}
