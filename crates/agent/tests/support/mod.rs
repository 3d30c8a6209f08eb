//! A node for an agent: network namespaces, an API server of real HTTP, and a runtime that asks as the
//! plugin does.
//!
//! Without root the tests say SKIPPED, and fail where `RINGFENCE_REQUIRE_KERNEL=1` says that nothing may
//! be skipped.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may crash, and each needs a part of this"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent::{HostSettings, Settings, SwitchSettings};
use apiserver::FakeApi;
use cni::{Answer, Attachment, AttachmentKey, PodArguments, Request};
use compile::Image;
use datapath::{Config, Instance};
use kube::Client;
use ringfence_kernel::{Namespace, Wire};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;

pub(crate) const NODE: &str = "n1";
pub(crate) const PORT: u16 = 8080;
/// Nothing here waits for time; this is for a test that would wait for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing is waited for.
pub(crate) const SILENCE: Duration = Duration::from_millis(400);

/// A node and its cluster.
pub(crate) struct Site {
    pub(crate) api: FakeApi,
    pub(crate) node: Namespace,
    pub(crate) runtime: Runtime,
    client: Client,
    folder: TempDir,
    pins: PathBuf,
    cgroup: PathBuf,
}

/// An agent that runs until it is dropped, between two things that it does.
pub(crate) struct Running {
    task: Option<JoinHandle<()>>,
    runtime: Handle,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            drop(self.runtime.block_on(task));
        }
    }
}

/// A pod's sandbox.
pub(crate) struct Sandbox {
    pub(crate) netns: Namespace,
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) key: AttachmentKey,
}

impl Site {
    /// A node without an agent; nothing where there is no root.
    pub(crate) fn new(name: &str) -> Option<Self> {
        if !ringfence_kernel::available() {
            return None;
        }
        let runtime = Runtime::new().unwrap();
        let (api, client) = runtime.block_on(FakeApi::start());
        let node = Namespace::new().unwrap();
        node.ip("link add br0 type bridge").unwrap();
        node.ip("address add 10.9.0.1/24 dev br0").unwrap();
        node.ip("link set br0 up").unwrap();
        let own = format!("agent-test-{}-{name}", std::process::id());
        let site = Self {
            api,
            node,
            runtime,
            client,
            folder: tempfile::tempdir().unwrap(),
            pins: Path::new("/sys/fs/bpf").join(&own),
            cgroup: cgroup_root().join(&own),
        };
        let address = json!([{ "type": "InternalIP", "address": "192.0.2.1" }]);
        site.api.put(
            "nodes",
            "",
            NODE,
            json!({ "apiVersion": "v1", "kind": "Node",
            "spec": { "podCIDRs": ["10.9.0.0/24"] }, "status": { "addresses": address } }),
        );
        site.api.put("namespaces", "", "shop", json!({ "apiVersion": "v1", "kind": "Namespace" }));
        Some(site)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            node: NODE.to_owned(),
            socket: self.folder.path().join("cni.sock"),
            state_dir: self.folder.path().join("state"),
            pins: self.pins.clone(),
            netns: path_of(&self.node),
            cgroup: self.cgroup.clone(),
            sandboxes: vec![self.folder.path().join("netns")],
            pod_networks: Vec::new(),
            listen: None,
            add_timeout: PATIENCE,
            flows_kept: 1024,
            allow_unprotected: false,
            install: None,
            host: HostSettings::default(),
            switch: SwitchSettings::default(),
        }
    }

    /// Starts an agent, in place of one before.
    pub(crate) fn start(&self, settings: Settings) -> Running {
        let client = self.client.clone();
        drop(fs::remove_file(&settings.socket));
        let task = self.runtime.spawn(async move {
            if let Err(error) = agent::run(settings, client, "").await {
                eprintln!("the agent ended: {}", agent::chain(&error));
            }
        });
        Running { task: Some(task), runtime: self.runtime.handle().clone() }
    }

    /// A sandbox with a veth to the node's bridge, as the plugins of a chain leave it.
    pub(crate) fn sandbox(&self, name: &str, number: u8) -> Sandbox {
        let netns = Namespace::new().unwrap();
        let wire = Wire {
            host: &format!("v{number}"),
            index: 100 + u32::from(number),
            mac: &format!("02:00:00:00:09:{number:02x}"),
            address: &format!("10.9.0.{number}/24"),
            bridge: "br0",
        };
        wire.connect(&self.node, &netns).unwrap();
        Sandbox {
            netns,
            name: name.to_owned(),
            uid: format!("uid-{name}"),
            address: Ipv4Addr::new(10, 9, 0, number),
            key: AttachmentKey {
                container: format!("c-{name}-{number}"),
                interface: "eth0".into(),
            },
        }
    }

    /// The API server knows the pod, without an address until its runtime has told it.
    pub(crate) fn know(&self, pod: &Sandbox, has_address: bool) {
        let mut object = of_pod(&pod.name, &pod.uid);
        if has_address {
            object["status"]["podIP"] = json!(pod.address.to_string());
        }
        self.api.put("pods", "shop", &pod.name, object);
    }

    /// A policy of the pods with this name as their `app`, from anybody with the others' names.
    pub(crate) fn policy(&self, name: &str, app: &str, from: &[&str]) {
        let peers =
            from.iter().map(|app| json!({ "podSelector": { "matchLabels": { "app": app } } }));
        let ingress: Vec<Value> = match from.is_empty() {
            true => Vec::new(),
            false => vec![json!({ "from": peers.collect::<Value>() })],
        };
        let spec = json!({ "podSelector": { "matchLabels": { "app": app } },
            "policyTypes": ["Ingress"], "ingress": ingress });
        self.api.put(
            "networkpolicies",
            "shop",
            name,
            json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": spec }),
        );
    }

    /// Asks as the plugin does.
    pub(crate) fn ask(&self, request: &Request) -> Answer {
        let answer = self.ask_later(request);
        answer.join().unwrap()
    }

    /// Asks, and waits elsewhere for the answer.
    pub(crate) fn ask_later(&self, request: &Request) -> std::thread::JoinHandle<Answer> {
        let (socket, line) = (self.settings().socket, request.to_line());
        let stream = wait_for(move || UnixStream::connect(&socket).ok());
        std::thread::spawn(move || exchange(stream, &line))
    }

    pub(crate) fn add(&self, pod: &Sandbox) -> Answer {
        self.ask(&Request::Add(pod.attachment()))
    }

    /// Whether a connection between the two comes about; where it is to, it may come later.
    pub(crate) fn connects(&self, from: &Sandbox, to: &Sandbox, patience: Duration) -> bool {
        let _listener = listen(to);
        let to = SocketAddr::from((to.address, PORT));
        from.netns.run(move || TcpStream::connect_timeout(&to, patience).is_ok()).unwrap()
    }

    /// Waits until a connection comes about, or no longer does.
    pub(crate) fn wait_connects(&self, from: &Sandbox, to: &Sandbox, wanted: bool) {
        wait_for(|| (self.connects(from, to, SILENCE) == wanted).then_some(()));
    }

    /// What is pinned for interfaces.
    pub(crate) fn links(&self) -> Vec<String> {
        let versions = fs::read_dir(&self.pins).unwrap().map(|entry| entry.unwrap().path());
        let links = versions.flat_map(|version| fs::read_dir(version.join("links")).unwrap());
        let names = links.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> =
            names.filter(|name| name.starts_with(char::is_numeric)).collect();
        names.sort_unstable();
        names
    }

    /// What the kernel's tables hold, words and their generations included.
    pub(crate) fn observe(&self) -> Image {
        let mut config = Config::new(self.pins.clone());
        config.node_namespace = Some(self.node.run(datapath::netns_cookie).unwrap().unwrap());
        Instance::open(&config).unwrap().observe().unwrap()
    }

    /// Whether anything is left of what an agent made.
    pub(crate) fn is_clean(&self) -> bool {
        let settings = self.settings();
        !self.pins.exists() && !settings.socket.exists() && !settings.state_dir.exists()
    }

    /// Where sandboxes are kept that ran before the agent.
    pub(crate) fn keep(&self, pod: &Sandbox) {
        let folder = self.folder.path().join("netns");
        fs::create_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(path_of(&pod.netns), folder.join(&pod.name)).unwrap();
    }

    /// Waits until an agent has programmed everything.
    pub(crate) fn wait_settled(&self) {
        wait_for(|| (self.ask(&Request::Status) == Answer::Done).then_some(()));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(datapath::remove_pins(&self.pins));
        drop(fs::remove_dir(&self.cgroup));
    }
}

impl Sandbox {
    pub(crate) fn attachment(&self) -> Attachment {
        Attachment {
            key: self.key.clone(),
            netns: path_of(&self.netns).display().to_string(),
            pod: PodArguments {
                namespace: "shop".into(),
                name: self.name.clone(),
                uid: Some(self.uid.clone()),
            },
            addresses: vec![self.address.into()],
        }
    }
}

pub(crate) fn of_pod(name: &str, uid: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "uid": uid, "labels": { "app": name } },
        "spec": { "nodeName": NODE, "containers": [{ "name": "main" }] }, "status": {} })
}

/// The listener before may live on for a moment, in a process that another test is about to start.
pub(crate) fn listen(pod: &Sandbox) -> TcpListener {
    let at = SocketAddr::from((pod.address, PORT));
    wait_for(|| pod.netns.run(move || TcpListener::bind(at).ok()).unwrap())
}

/// A connection between the two: both its ends.
pub(crate) fn connection(from: &Sandbox, to: &Sandbox) -> [TcpStream; 2] {
    let listener = listen(to);
    let to = SocketAddr::from((to.address, PORT));
    let client = from.netns.run(move || TcpStream::connect_timeout(&to, PATIENCE).unwrap());
    let ends = [client.unwrap(), listener.accept().unwrap().0];
    ends.iter().for_each(|end| end.set_read_timeout(Some(PATIENCE)).unwrap());
    ends
}

pub(crate) fn exchange_bytes([client, server]: &mut [TcpStream; 2]) {
    client.write_all(b"x").unwrap();
    server.read_exact(&mut [0]).unwrap();
    server.write_all(b"y").unwrap();
    client.read_exact(&mut [0]).unwrap();
}

/// The time of a loop that waits for something to become so.
pub(crate) fn wait_for<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it never came");
        std::thread::yield_now();
    }
}

fn exchange(mut stream: UnixStream, line: &str) -> Answer {
    stream.write_all(line.as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    Answer::of_line(&answer).unwrap()
}

fn path_of(netns: &Namespace) -> PathBuf {
    format!("/proc/{}/task/{}/ns/net", std::process::id(), netns.holder()).into()
}

fn cgroup_root() -> PathBuf {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mut mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    mounts.find(|fields| fields[2] == "cgroup2").unwrap()[1].into()
}
