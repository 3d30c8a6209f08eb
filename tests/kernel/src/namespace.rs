//! Real network namespaces, for the few things that a test run cannot show.
//!
//! Each is held by a thread of its own, so nothing of the machine's network is touched and
//! everything is gone when the process is.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
    sync::mpsc::{self, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::sched::{CloneFlags, unshare};
use thiserror::Error;

/// A namespace could not be used.
#[derive(Debug, Error)]
pub enum NamespaceError {
    /// It could not be made.
    #[error("cannot make a network namespace")]
    Unshare(#[from] nix::Error),
    /// Its thread could not be started or asked.
    #[error("the thread of the network namespace is gone")]
    Thread,
    /// A command failed.
    #[error("`{command}` failed: {message}")]
    Command {
        /// As typed.
        command: String,
        /// What it said.
        message: String,
    },
    /// A command could not be run.
    #[error("cannot run `{command}`")]
    Run {
        /// As typed.
        command: String,
        /// Why not.
        source: io::Error,
    },
}

/// How long a bridge may take to use a device.
const BRIDGE_TIME_MAX: Duration = Duration::from_secs(10);

type Task = Box<dyn FnOnce() + Send>;

/// A network namespace and the thread that lives in it.
#[derive(Debug)]
pub struct Namespace {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    holder: u32,
}

impl Namespace {
    /// A new one with its loopback up.
    ///
    /// # Errors
    /// Where the kernel refuses.
    pub fn new() -> Result<Self, NamespaceError> {
        let (tasks, queue) = mpsc::channel::<Task>();
        let (ready, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let made = unshare(CloneFlags::CLONE_NEWNET);
            let _ = ready.send(made.map(|()| nix::unistd::gettid().as_raw() as u32));
            queue.into_iter().for_each(|task| task());
        });
        let holder = started.recv().map_err(|_| NamespaceError::Thread)??;
        let namespace = Self { tasks: Some(tasks), thread: Some(thread), holder };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// The thread, by which others name the namespace.
    #[must_use]
    pub fn holder(&self) -> u32 {
        self.holder
    }

    /// Does something in the namespace and waits for it.
    ///
    /// # Errors
    /// Where the thread is gone.
    pub fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NamespaceError> {
        let (answer, result) = mpsc::channel();
        let task: Task = Box::new(move || drop(answer.send(task())));
        let tasks = self.tasks.as_ref().ok_or(NamespaceError::Thread)?;
        tasks.send(task).map_err(|_| NamespaceError::Thread)?;
        result.recv().map_err(|_| NamespaceError::Thread)
    }

    /// Runs `ip` with these words.
    ///
    /// # Errors
    /// Where it fails.
    pub fn ip(&self, words: &str) -> Result<(), NamespaceError> {
        self.told_by_ip(words).map(drop)
    }

    fn told_by_ip(&self, words: &str) -> Result<String, NamespaceError> {
        let words = words.to_owned();
        self.run(move || command("ip", &words, ""))?
    }

    /// Runs `tc` with these words. Returns what it said.
    ///
    /// # Errors
    /// Where it fails.
    pub fn tc(&self, words: &str) -> Result<String, NamespaceError> {
        let words = words.to_owned();
        self.run(move || command("tc", &words, ""))?
    }

    /// Gives `nft` these rules.
    ///
    /// # Errors
    /// Where it fails.
    pub fn nft(&self, rules: &str) -> Result<(), NamespaceError> {
        let rules = rules.to_owned();
        self.run(move || command("nft", "-f -", &rules))?.map(drop)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.tasks.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn command(program: &str, words: &str, input: &str) -> Result<String, NamespaceError> {
    let typed = format!("{program} {words}");
    let output = fed(program, words, input)
        .map_err(|source| NamespaceError::Run { command: typed.clone(), source })?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(NamespaceError::Command {
            command: typed,
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }),
    }
}

fn fed(program: &str, words: &str, input: &str) -> io::Result<Output> {
    let mut child = Command::new(program)
        .args(words.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    child.wait_with_output()
}

/// A pod's veth: `eth0` in the pod, another name in the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire<'a> {
    /// The host side's name.
    pub host: &'a str,
    /// Its index, which is asked for.
    pub index: u32,
    /// The pod's link-layer address.
    pub mac: &'a str,
    /// The pod's address with its prefix length.
    pub address: &'a str,
    /// The bridge that the host side joins.
    pub bridge: &'a str,
}

impl Wire<'_> {
    /// Makes it between the two.
    ///
    /// # Errors
    /// Where a command fails.
    pub fn connect(&self, node: &Namespace, pod: &Namespace) -> Result<(), NamespaceError> {
        let Self { host, index, mac, address, bridge } = self;
        node.ip(&format!(
            "link add name {host} index {index} type veth peer name eth0 address {mac} netns {}",
            pod.holder()
        ))?;
        node.ip(&format!("link set {host} master {bridge} up"))?;
        pod.ip(&format!("address add {address} dev eth0 nodad"))?;
        pod.ip("link set eth0 up")?;
        self.await_bridge(node)
    }

    /// A bridge hears of a new device's carrier a little later, and drops what comes before.
    fn await_bridge(&self, node: &Namespace) -> Result<(), NamespaceError> {
        let words = format!("-details link show dev {}", self.host);
        let begun = Instant::now();
        loop {
            let told = node.told_by_ip(&words)?;
            if told.contains("state forwarding") {
                return Ok(());
            }
            if begun.elapsed() > BRIDGE_TIME_MAX {
                return Err(NamespaceError::Command {
                    command: format!("ip {words}"),
                    message: told,
                });
            }
            thread::yield_now();
        }
    }
}
