//! What tests of labs on the real kernel begin with: a lab to make, a pod, work in a namespace.
//!
//! Without root they say SKIPPED, and fail where `RINGFENCE_REQUIRE_KERNEL=1` says that nothing may
//! be skipped.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may crash, and each needs a part of this"
)]

use std::fs::File;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::thread;

use lab::{HelperProgram, HostSettings, LabName, Settings};
use model::{ContainerPort, Labels, Pod, Protocol};
use nix::sched::{CloneFlags, setns};

/// What a lab of this name is made with; nothing where no lab can be made.
pub(crate) fn settings(name: &str) -> Option<Settings> {
    if let Err(error) = lab::preflight() {
        let required = std::env::var("RINGFENCE_REQUIRE_KERNEL").is_ok_and(|value| value == "1");
        assert!(!required, "the kernel tests must not be skipped: {error}");
        eprintln!("SKIPPED: {error}");
        return None;
    }
    let helper =
        HelperProgram { path: env!("CARGO_BIN_EXE_lab-helper").into(), arguments: Vec::new() };
    Some(Settings {
        name: LabName::new(name).unwrap(),
        helper,
        outside: Vec::new(),
        host: HostSettings::default(),
    })
}

/// A pod of namespace `shop` with the label `app` and one container that has these ports.
pub(crate) fn pod(name: &str, app: &str, ports: &[(Protocol, u16)]) -> Pod {
    let port = |&(protocol, number): &(Protocol, u16)| ContainerPort {
        container: "main".into(),
        name: None,
        protocol,
        number,
    };
    Pod {
        namespace: "shop".into(),
        name: name.into(),
        labels: Labels::default().with("app", app),
        owner: None,
        node: None,
        addresses: Vec::new(),
        host_network: false,
        containers: vec!["main".into()],
        ports: ports.iter().map(port).collect(),
    }
}

/// Does something in a network namespace.
pub(crate) fn within<T: Send + 'static>(
    netns: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let netns = File::open(netns).unwrap();
    let there = move || {
        setns(netns, CloneFlags::CLONE_NEWNET).unwrap();
        work()
    };
    thread::spawn(there).join().unwrap()
}

/// The network namespace of the pod that has `address`.
pub(crate) fn netns_of(lab: &LabName, address: IpAddr) -> PathBuf {
    let is_there = move || TcpListener::bind((address, 0)).is_ok();
    let spaces = std::fs::read_dir(lab.netns_dir()).unwrap();
    let mut paths = spaces.map(|space| space.unwrap().path());
    paths.find(|path| within(path, is_there)).unwrap()
}
