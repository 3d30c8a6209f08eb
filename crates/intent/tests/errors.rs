//! Whatever is wrong in a test file is said where it stands, with what was probably meant.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test may crash")]

mod support;

use ringfence_intent::{Judge, Problem};
use support::shop::{file, shop};
use support::tests;

fn problems(text: &str) -> Vec<Problem> {
    let (world, rules) = shop("");
    let judge = Judge::new(&world, &rules);
    let (read, problems) = tests(text, &world, &judge);
    assert!(problems.is_empty() || read.is_empty(), "half a file was read: {text}");
    problems
}

/// What is wrong, where it stands in the last line, and the hint.
fn refused(body: &str, marked: &str, message: &str, hint: &str) {
    let text = file(body);
    let problems = problems(&text);
    let [problem] = problems.as_slice() else { panic!("{body}: {problems:#?}") };
    let line = text.lines().nth(problem.line() as usize - 1).unwrap_or_default();
    let column = line.find(marked).map_or(0, |at| at + 1);
    assert_eq!(problem.column() as usize, column, "{body}: {problem}");
    assert!(problem.to_string().contains(message), "{body}: {problem}");
    let said = problem.hint().unwrap_or_default();
    assert!(said.contains(hint) && said.is_empty() == hint.is_empty(), "{body}: hint {said:?}");
    assert_eq!(problem.file(), "a.policytest.yaml");
}

#[test]
fn fields_that_nobody_asked_for_are_refused() {
    refused("alow: {}", "alow", "no field `alow`", "did you mean `allow`?");
    let body = "deny: {from: [deploy/web], too: [sts/db], to: [sts/db]}";
    refused(body, "too", "no field `too`", "`to`?");
    refused("only: {is: [], to: [sts/db]}", "is", "only has no field `is`", "");
    let body = "deny: {from: [{namespace: shop, pod: app=web}], to: [sts/db]}";
    refused(body, "pod:", "no field `pod`", "`pods`?");
}

#[test]
fn what_is_missing_or_empty_is_refused() {
    let body = "allow: {from: [deploy/web], to: [sts/db]}";
    refused(body, "{from", "allow lacks `ports`", "ports: [all]");
    refused("only: {to: [sts/db]}", "{to", "only lacks `from`", "`from: []` says that nobody may");
    refused("deny: {from: [], to: [sts/db]}", "[]", "`from` is empty", "");
    refused("deny: {from: [web], to: [db], ports: []}", "[]", "`ports` is empty", "");
    let body = "deny: {from: [web], to: [db], exceptPorts: [all]}";
    refused(body, "[all]", "no port is left", "");
    refused("deny: {from: web, to: [db]}", "web", "must be a list", "`from: [...]`");
    refused("deny: {from: [db], to: [db]}", "{from", "no flow at all", "reaches itself");
}

#[test]
fn words_that_name_nobody_are_refused() {
    let body = "deny: {from: [deploy/wep], to: [sts/db]}";
    refused(body, "deploy/wep", "shop/Deployment/wep is not in the input", "");
    refused("deny: {from: [shpo/*], to: [db]}", "shpo", "namespace shpo", "`shop`?");
    refused("deny: {from: [a/b/c], to: [db]}", "a/b/c", "is no peer", "NS/* is a namespace");
    refused(
        "deny: {from: [app=web], to: [db]}",
        "app=web",
        "is not in the input",
        "pods: key=value",
    );
    let body = "deny: {from: [{namespace: shop, pods: app=wep}], to: [db]}";
    refused(body, "{namespace", "no pod of the input satisfies", "always hold");
    let body = "deny: {from: [{namespace: shop, pods: app near web}], to: [db]}";
    refused(body, "app near", "no label requirement", "");
    refused("deny: {from: [svc/db], to: [db]}", "svc/db", "cannot stand in `from`", "");
    refused("only: {from: [], to: [svc/db]}", "svc/db", "cannot stand in `to` of `only`", "");
}

#[test]
fn ports_that_nobody_has_are_refused() {
    refused("deny: {from: [web], to: [db], ports: [sqll]}", "sqll", "named \"sqll\"", "`sql`?");
    refused("deny: {from: [web], to: [db], ports: [0]}", "0]", "\"0\" is not a port", "a port is");
    let body = "deny: {from: [web], to: [db], ports: [80], exceptPorts: [81]}";
    refused(body, "[81]", "both there", "");
    let body = "deny: {from: [web], to: [db], family: ipv4}";
    refused(body, "ipv4", "no address family", "IPv4 or IPv6");
}

#[test]
fn a_test_expects_one_thing() {
    let body = "allow: {from: [web], to: [db], ports: [sql]}\n    deny: {from: [web], to: [db]}";
    refused(body, "it", "several expectations: allow, deny", "a test of each");
    let text =
        file("deny: {from: [web], to: [db]}").replace("    deny: {from: [web], to: [db]}", "");
    let problems = problems(&text);
    assert!(problems[0].to_string().contains("expects nothing"), "{problems:?}");
}

#[test]
fn a_file_has_a_version_tests_and_no_name_twice() {
    let good = file("deny: {from: [web], to: [db], ports: [80]}");
    assert!(problems(&good).is_empty());
    let said = |text: &str| problems(text)[0].to_string();
    assert!(said(&good.replace("v1alpha1", "v1")).contains("not served as `ringfence.io/v1`"));
    assert!(said(&good.replace("PolicyTest", "PolicyTests")).contains("no kind `PolicyTests`"));
    let (head, _) = good.split_once("  tests:").unwrap_or_default();
    assert!(said(&format!("{head}  tests: []\n")).contains("`tests` is empty"));
    let again = format!("{good}  - name: it\n    deny: {{from: [web], to: [db], ports: [81]}}\n");
    assert!(said(&again).contains("two tests are named \"it\""));
}
