//! Each call of the specification, and its twin one step outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::collections::BTreeMap;

use cni::{
    Answer, Attached, AttachmentKey, Call, Denied, Outcome, Question, Refusal, Request, Version,
};

const PREVIOUS: &str = r#"{"cniVersion": "1.0.0",
  "interfaces": [{"name": "cni0"}, {"name": "veth1"},
                 {"name": "eth0", "sandbox": "/run/netns/a"},
                 {"name": "net1", "sandbox": "/run/netns/a"}],
  "ips": [{"address": "10.1.0.5/24", "interface": 2}, {"address": "fd00::5/64", "interface": 2},
          {"address": "10.9.0.5/24", "interface": 3}],
  "dns": {}, "later": {"kept":  1}}"#;

fn environment(command: &str) -> BTreeMap<&'static str, String> {
    let args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=u-1;\
                K8S_POD_INFRA_CONTAINER_ID=c1";
    BTreeMap::from([
        ("CNI_COMMAND", command.to_owned()),
        ("CNI_CONTAINERID", "c1".to_owned()),
        ("CNI_NETNS", "/run/netns/a".to_owned()),
        ("CNI_IFNAME", "eth0".to_owned()),
        ("CNI_ARGS", args.to_owned()),
    ])
}

fn input(version: &str, more: &str) -> String {
    format!(r#"{{"cniVersion": "{version}", "name": "pods", "type": "ringfence-cni"{more}}}"#)
}

fn chained(version: &str) -> String {
    input(version, &format!(r#", "prevResult": {PREVIOUS}"#))
}

fn read(variables: &BTreeMap<&'static str, String>, input: &str) -> Result<Call, Refusal> {
    Call::read(&|name: &str| variables.get(name).cloned(), input.as_bytes())
}

fn question(command: &str, input: &str) -> Box<Question> {
    match read(&environment(command), input).unwrap() {
        Call::Agent(question) => question,
        Call::Version { .. } => panic!("VERSION asks nobody"),
    }
}

fn code(refused: Result<impl std::fmt::Debug, Refusal>) -> u32 {
    refused.unwrap_err().code()
}

#[test]
fn add_names_the_pod_and_the_addresses_of_its_interface() {
    let question = question("ADD", &chained("1.0.0"));
    let Request::Add(attachment) = &question.request else { panic!("ADD is ADD") };
    assert_eq!(attachment.pod.namespace, "shop");
    assert_eq!(attachment.pod.name, "web-0");
    assert_eq!(attachment.pod.uid.as_deref(), Some("u-1"));
    let addresses: Vec<String> = attachment.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.1.0.5", "fd00::5"], "the other interface's address is not its own");
}

#[test]
fn what_the_plugins_before_said_is_handed_on_as_it_was_written() {
    for version in Version::ALL {
        let question = question("ADD", &chained(version.as_str()));
        let told = question.finish(Ok(Answer::Attached(Attached::Enforced))).unwrap();
        assert_eq!(told, PREVIOUS);
    }
}

#[test]
fn an_add_that_the_agent_does_not_confirm_is_none() {
    let question = question("ADD", &chained("1.0.0"));
    let why = || "full".to_owned();
    assert_eq!(code(question.finish(Ok(Answer::Done))), 100);
    assert_eq!(code(question.finish(Ok(Answer::Denied(Denied::Later { why: why() })))), 11);
    assert_eq!(code(question.finish(Ok(Answer::Denied(Denied::NoHostEnd { why: why() })))), 101);
    assert_eq!(code(question.finish(Err(Refusal::TimedOut { seconds: 30 }))), 11);
    assert_eq!(code(question.finish(Err(no_agent()))), 11);
}

#[test]
fn a_pod_can_go_while_the_agent_is_away_but_not_while_it_refuses() {
    let question = question("DEL", &input("1.0.0", ""));
    assert_eq!(question.finish(Err(no_agent())).unwrap(), "");
    assert_eq!(question.finish(Err(Refusal::TimedOut { seconds: 1 })).unwrap(), "");
    assert_eq!(question.finish(Ok(Answer::Done)).unwrap(), "");
    let unknown = Denied::Unknown { why: "no such sandbox".to_owned() };
    assert_eq!(question.finish(Ok(Answer::Denied(unknown))).unwrap(), "", "twice is once");
    let failed = Denied::Failed { why: "a map cannot be written".to_owned() };
    assert_eq!(code(question.finish(Ok(Answer::Denied(failed)))), 103);
}

#[test]
fn del_needs_no_namespace_and_no_result() {
    let mut variables = environment("DEL");
    variables.insert("CNI_NETNS", String::new());
    variables.remove("CNI_ARGS");
    assert!(read(&variables, &input("1.0.0", "")).is_ok());
    variables.insert("CNI_COMMAND", "ADD".to_owned());
    assert_eq!(code(read(&variables, &chained("1.0.0"))), 4);
}

#[test]
fn a_plugin_that_is_first_is_refused() {
    assert_eq!(code(read(&environment("ADD"), &input("1.0.0", ""))), 7);
    assert_eq!(code(read(&environment("ADD"), &input("1.0.0", r#", "prevResult": null"#))), 7);
    let without = r#", "prevResult": {"interfaces": [{"name": "eth1", "sandbox": "/run/x"}]}"#;
    assert_eq!(code(read(&environment("ADD"), &input("1.0.0", without))), 7);
}

#[test]
fn a_version_has_the_commands_that_came_with_it() {
    let valid = r#", "cni.dev/valid-attachments": [{"containerID": "c1", "ifname": "eth0"}]"#;
    assert_eq!(code(read(&environment("CHECK"), &chained("0.3.1"))), 1);
    assert!(read(&environment("CHECK"), &chained("0.4.0")).is_ok());
    assert_eq!(code(read(&environment("STATUS"), &input("1.0.0", ""))), 1);
    assert!(read(&environment("STATUS"), &input("1.1.0", "")).is_ok());
    assert_eq!(code(read(&environment("GC"), &input("1.0.0", valid))), 1);
    let question = question("GC", &input("1.1.0", valid));
    let key = AttachmentKey { container: "c1".to_owned(), interface: "eth0".to_owned() };
    assert_eq!(question.request, Request::Gc(vec![key]));
}

#[test]
fn garbage_is_never_collected_without_a_list() {
    assert_eq!(code(read(&environment("GC"), &input("1.1.0", ""))), 6);
}

#[test]
fn a_node_without_its_agent_adds_no_pods_and_those_that_run_are_safe() {
    let question = question("STATUS", &input("1.1.0", ""));
    assert_eq!(code(question.finish(Err(no_agent()))), 50);
    let not_ready = |pods_affected| Answer::NotReady { why: "order".to_owned(), pods_affected };
    assert_eq!(code(question.finish(Ok(not_ready(false)))), 50);
    assert_eq!(code(question.finish(Ok(not_ready(true)))), 51);
    assert_eq!(question.finish(Ok(Answer::Done)).unwrap(), "");
}

#[test]
fn what_is_wrong_with_a_call_has_the_code_of_the_specification() {
    let with = |name: &'static str, value: &str| {
        let mut variables = environment("ADD");
        variables.insert(name, value.to_owned());
        code(read(&variables, &chained("1.0.0")))
    };
    assert_eq!(with("CNI_COMMAND", "REMOVE"), 4);
    assert_eq!(with("CNI_COMMAND", ""), 4);
    assert_eq!(with("CNI_CONTAINERID", "../etc"), 4);
    assert_eq!(with("CNI_CONTAINERID", "-c"), 4);
    assert_eq!(with("CNI_IFNAME", "eth0/1"), 4);
    assert_eq!(with("CNI_IFNAME", "abcdefghijklmnop"), 4);
    assert_eq!(with("CNI_ARGS", "K8S_POD_NAMESPACE=a"), 4);
    assert_eq!(with("CNI_ARGS", "IgnoreUnknown"), 4);
    assert_eq!(code(read(&environment("ADD"), "{")), 6);
    assert_eq!(code(read(&environment("ADD"), &chained("0.2.0"))), 1);
    assert_eq!(code(read(&environment("ADD"), &chained("2.0.0"))), 1);
    let misspelt = format!(r#", "prevResult": {PREVIOUS}, "ringfence": {{"sockett": "/x"}}"#);
    assert_eq!(code(read(&environment("ADD"), &input("1.0.0", &misspelt))), 6);
}

#[test]
fn an_error_is_told_in_the_words_of_the_runtime() {
    let input = chained("0.4.0");
    let outcome = Outcome::of(Err(no_agent()), input.as_bytes());
    assert!(!outcome.is_success);
    let told: serde_json::Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(told["cniVersion"], "0.4.0");
    assert_eq!(told["code"], 11);
    assert_eq!(told["msg"], "ringfence: the agent does not listen at /run/x.sock");
    assert_eq!(told["details"], "entity not found");
}

#[test]
fn version_is_answered_by_itself() {
    let variables = BTreeMap::from([("CNI_COMMAND", "VERSION".to_owned())]);
    let Call::Version { asked_in } = read(&variables, r#"{"cniVersion": "0.4.0"}"#).unwrap() else {
        panic!("VERSION asks nobody")
    };
    let told: serde_json::Value = serde_json::from_str(&cni::supported(&asked_in)).unwrap();
    assert_eq!(told["cniVersion"], "0.4.0");
    assert_eq!(told["supportedVersions"], serde_json::json!(["0.3.1", "0.4.0", "1.0.0", "1.1.0"]));
}

#[test]
fn both_ends_must_speak_one_version() {
    let line = Request::Status.to_line();
    assert_eq!(Request::of_line(&line).unwrap(), Request::Status);
    let newer = line.replace("\"version\":1", "\"version\":2");
    assert!(matches!(Request::of_line(&newer), Err(cni::WireError::Version { found: 2 })));
    let other = line.replace("status", "stats");
    assert!(matches!(Request::of_line(&other), Err(cni::WireError::Json(_))));
}

fn no_agent() -> Refusal {
    let source = std::io::ErrorKind::NotFound.into();
    Refusal::NoAgent { socket: "/run/x.sock".to_owned(), source }
}
