//! The plugin as a runtime starts it, with an agent of this test at the other end of its socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

use cni::{Answer, Attached, Request};
use serde_json::{Value, json};

fn config(socket: &Path) -> Value {
    json!({
        "cniVersion": "1.0.0", "name": "pods", "type": "ringfence-cni",
        "ringfence": { "socket": socket, "timeoutSeconds": 1 },
        "prevResult": {
            "cniVersion": "1.0.0",
            "interfaces": [{ "name": "eth0", "sandbox": "/run/netns/a" }],
            "ips": [{ "address": "10.1.0.5/24", "interface": 0 }],
        },
    })
}

fn plugin(command: &str, config: &Value) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringfence-cni"))
        .env_clear()
        .envs([
            ("CNI_COMMAND", command),
            ("CNI_CONTAINERID", "c1"),
            ("CNI_NETNS", "/run/netns/a"),
            ("CNI_IFNAME", "eth0"),
            ("CNI_ARGS", "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(config.to_string().as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Takes one connection, and returns what was asked.
fn agent(socket: &Path, answer: impl FnOnce(&UnixStream) + Send + 'static) -> JoinHandle<Request> {
    let listener = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        answer(&stream);
        Request::of_line(&line).unwrap()
    })
}

fn saying(answer: Answer) -> impl FnOnce(&UnixStream) + Send + 'static {
    move |mut stream| stream.write_all(answer.to_line().as_bytes()).unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn an_add_asks_the_agent_and_hands_the_result_on() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("cni.sock");
    let agent = agent(&socket, saying(Answer::Attached(Attached::Enforced)));
    let config = config(&socket);
    let output = plugin("ADD", &config);
    assert!(output.status.success());
    assert_eq!(told(&output), config["prevResult"]);
    let Request::Add(attachment) = agent.join().unwrap() else { panic!("ADD is ADD") };
    assert_eq!((attachment.key.container, attachment.netns), ("c1".into(), "/run/netns/a".into()));
}

#[test]
fn without_an_agent_no_pod_comes_and_any_may_go() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(&dir.path().join("nobody.sock"));
    let output = plugin("ADD", &config);
    assert!(!output.status.success());
    assert_eq!(told(&output)["code"], 11);
    assert!(plugin("DEL", &config).status.success());
}

#[test]
fn an_agent_that_says_nothing_is_waited_for_as_long_as_configured() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("cni.sock");
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let agent = agent(&socket, move |_| assert!(wait.recv().is_err()));
    let output = plugin("ADD", &config(&socket));
    drop(done);
    agent.join().unwrap();
    assert!(!output.status.success());
    assert_eq!(told(&output)["code"], 11);
    assert_eq!(told(&output)["msg"], "ringfence: the agent did not answer within 1 s");
}

#[test]
fn an_agent_that_dies_in_the_middle_has_confirmed_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("cni.sock");
    let half = Answer::Attached(Attached::Enforced).to_line();
    let half = half[..half.len() / 2].to_owned();
    let agent = agent(&socket, move |mut stream| stream.write_all(half.as_bytes()).unwrap());
    let output = plugin("ADD", &config(&socket));
    agent.join().unwrap();
    assert!(!output.status.success());
    assert_eq!(told(&output)["code"], 5);
}

#[test]
fn version_needs_no_agent() {
    let output = plugin("VERSION", &json!({ "cniVersion": "1.1.0" }));
    assert!(output.status.success());
    assert_eq!(told(&output)["cniVersion"], "1.1.0");
}
