//! The agent's process: started, told things, killed by somebody else, started again.
//!
//! Whoever tells it something gets it done, however many agents that takes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::agent::{Attachment, Documents, Reply, Request};
use crate::shared::Shared;

/// An agent that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// What tells agents with other programs apart, milliseconds.
const INTERVALS_MS: [u32; 2] = [5000, 4000];

/// Why an agent could not be told something.
#[derive(Debug, Error)]
pub enum AgentsError {
    /// It does not start.
    #[error("the agent {} cannot be started", program.display())]
    Start {
        /// Its program.
        program: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended by itself.
    #[error("the agent ended by itself ({status}) while it was told to {what}")]
    Ended {
        /// How.
        status: String,
        /// Doing what.
        what: &'static str,
    },
    /// It hangs.
    #[error("the agent hangs: it was told to {what}")]
    Hangs {
        /// Doing what.
        what: &'static str,
    },
    /// It failed.
    #[error("the agent could not {what}: {message}")]
    Failed {
        /// Doing what.
        what: &'static str,
        /// Why.
        message: String,
    },
    /// A line was no line of ours.
    #[error("a line of the agent cannot be read")]
    Line(#[from] serde_json::Error),
}

/// Kills the agent whenever it likes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Killer {
    child: Arc<Mutex<Option<Child>>>,
    asked: Arc<Notify>,
}

impl Killer {
    /// Kills the agent that runs, if one does.
    pub(crate) fn kill(&self) -> bool {
        self.child().as_mut().is_some_and(|child| child.start_kill().is_ok())
    }

    /// Returns when the agent is asked for a change.
    pub(crate) async fn asked(&self) {
        self.asked.notified().await;
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running agent's ends.
#[derive(Debug)]
struct Running {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

/// How agents are started.
#[derive(Clone, Debug)]
pub(crate) struct AgentOptions {
    /// The program.
    pub(crate) program: PathBuf,
    /// Where it pins.
    pub(crate) pins: PathBuf,
    /// The node's namespace, as a path.
    pub(crate) netns: PathBuf,
    /// What it does wrong, in a self-test.
    pub(crate) sabotage: Option<String>,
}

/// What agents went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lives {
    /// Killed.
    pub(crate) kills: u64,
    /// Killed while doing something.
    pub(crate) in_the_middle: u64,
    /// Started with other programs than the last one.
    pub(crate) upgrades: u64,
    /// Started again with nothing to do.
    pub(crate) idle_starts: u64,
    /// What these wrote all the same.
    pub(crate) idle_writes: u64,
    /// How long it took until agents that were started again had taken up what was there.
    pub(crate) restarting: Duration,
}

/// The agent, whichever it is now.
#[derive(Debug)]
pub(crate) struct Agents {
    pub(crate) options: AgentOptions,
    pub(crate) lives: Lives,
    pub(crate) killer: Killer,
    shared: Shared,
    running: Option<Running>,
    interval: usize,
    starts: u64,
    /// Every so many starts have other programs; never where it is 0.
    pub(crate) upgrade_every: u64,
    pods: Vec<Attachment>,
    /// Gone or about to be, and not detached yet: the names by interface.
    leaving: BTreeMap<u32, String>,
    documents: Option<Documents>,
    /// An agent that starts has nothing to write: nothing has happened since the last change, and
    /// nobody who left since is of that world.
    is_settled: bool,
    is_busy: bool,
}

impl Agents {
    /// Nobody runs yet.
    pub(crate) fn new(options: AgentOptions, shared: Shared, upgrade_every: u64) -> Self {
        Self {
            options,
            lives: Lives::default(),
            killer: Killer::default(),
            shared,
            running: None,
            interval: 0,
            starts: 0,
            upgrade_every,
            pods: Vec::new(),
            leaving: BTreeMap::new(),
            documents: None,
            is_settled: true,
            is_busy: false,
        }
    }

    /// Attaches a pod.
    pub(crate) async fn attach(&mut self, pod: Attachment) -> Result<(), AgentsError> {
        self.is_settled = false;
        self.tell("attach", &Request::Attach { pod: pod.clone() }).await?;
        self.pods.push(pod);
        Ok(())
    }

    /// Attaches a pod where another was.
    pub(crate) async fn replace(&mut self, pod: Attachment) -> Result<(), AgentsError> {
        self.is_settled = false;
        self.tell("replace", &Request::Replace { pod: pod.clone() }).await?;
        self.leaving.remove(&pod.interface);
        self.pods.push(pod);
        Ok(())
    }

    /// A pod is about to go: an agent that starts from now on finds no veth of it.
    pub(crate) fn leave(&mut self, interface: u32) {
        self.is_settled = false;
        let leaving = self.pods.extract_if(.., |pod| pod.interface == interface);
        self.leaving.extend(leaving.map(|pod| (pod.interface, pod.name)));
    }

    /// Detaches a pod that is gone.
    pub(crate) async fn detach(&mut self, interface: u32) -> Result<(), AgentsError> {
        self.tell("detach", &Request::Detach { interface }).await?;
        self.leaving.remove(&interface);
        Ok(())
    }

    /// Follows a change.
    pub(crate) async fn change(&mut self, documents: Documents) -> Result<(), AgentsError> {
        self.documents = Some(documents.clone());
        self.is_settled = false;
        self.killer.asked.notify_waiters();
        let is_of_it = |name: &String| documents.text.contains(name.as_str());
        let stays_known = self.leaving.values().any(is_of_it);
        self.tell("change", &Request::Change { documents }).await?;
        // The agent that runs has an endpoint of such a pod in its table; the next one will not.
        self.is_settled = !stays_known;
        Ok(())
    }

    /// Collects what ended.
    pub(crate) async fn collect(&mut self) -> Result<(), AgentsError> {
        self.tell("collect", &Request::Collect).await
    }

    /// From now on another program is the agent. Returns when it has taken up what is there.
    pub(crate) async fn switch(&mut self, program: PathBuf) -> Result<(), AgentsError> {
        self.shared.note(format!("agent: {} takes over", program.display()));
        self.options.program = program;
        self.is_settled = false;
        self.lives.upgrades += 1;
        self.restart().await
    }

    /// Kills the agent while it has nothing to do. Returns when the next one has taken up what is there.
    pub(crate) async fn restart(&mut self) -> Result<(), AgentsError> {
        self.killer.kill();
        if self.running.is_some() {
            self.lost("go").await?;
        }
        self.run().await
    }

    /// Makes sure that one runs.
    pub(crate) async fn run(&mut self) -> Result<(), AgentsError> {
        let begun = Instant::now();
        let was_running = self.running.is_some();
        while self.running.is_none() {
            self.start().await?;
        }
        if !was_running {
            self.lives.restarting += begun.elapsed();
        }
        Ok(())
    }

    async fn tell(&mut self, what: &'static str, request: &Request) -> Result<(), AgentsError> {
        loop {
            self.run().await?;
            match self.exchange(what, request).await? {
                Some(Reply::Done { .. }) => return Ok(()),
                Some(Reply::Failed { message }) => {
                    return Err(AgentsError::Failed { what, message });
                }
                None => self.lost(what).await?,
            }
        }
    }

    async fn start(&mut self) -> Result<(), AgentsError> {
        if self.starts > 0
            && self.upgrade_every > 0
            && self.starts.is_multiple_of(self.upgrade_every)
        {
            self.interval = (self.interval + 1) % INTERVALS_MS.len();
            self.lives.upgrades += 1;
            self.shared.note("agent: starts with other programs");
        }
        self.starts += 1;
        self.shared.note("agent: starts");
        self.running = Some(self.spawn()?);
        let request =
            Request::Resume { pods: self.pods.clone(), documents: self.documents.clone() };
        match self.exchange("resume", &request).await? {
            Some(Reply::Done { writes, first }) => self.resumed(writes, &first),
            Some(Reply::Failed { message }) => {
                return Err(AgentsError::Failed { what: "resume", message });
            }
            None => self.lost("resume").await?,
        }
        Ok(())
    }

    /// An agent has taken up what is there, by so many writes. One that clears endpoints has to write
    /// them again.
    fn resumed(&mut self, writes: usize, first: &[String]) {
        if self.is_settled && self.options.sabotage.is_none() {
            self.lives.idle_starts += 1;
            self.lives.idle_writes += writes as u64;
            if writes > 0 {
                let story = format!("IDLE WRITES: {writes}, the first of them: {first:?}");
                let now = self.shared.now();
                self.shared.ledger().complain(&story, (now, now));
            }
        }
        self.is_settled = self.documents.is_some();
    }

    fn spawn(&self) -> Result<Running, AgentsError> {
        let AgentOptions { program, pins, netns, sabotage } = &self.options;
        let failed = |source| AgentsError::Start { program: program.clone(), source };
        let interval = INTERVALS_MS.get(self.interval).copied().unwrap_or(5000);
        let mut command = Command::new(program);
        command.args([pins, netns]).arg(interval.to_string()).args(sabotage);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(failed)?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let (input, output) = ends.ok_or_else(|| failed(std::io::ErrorKind::BrokenPipe.into()))?;
        *self.killer.child() = Some(child);
        Ok(Running { input, output: BufReader::new(output).lines() })
    }

    /// Nothing where the agent is gone.
    async fn exchange(
        &mut self,
        what: &'static str,
        request: &Request,
    ) -> Result<Option<Reply>, AgentsError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        self.shared.note(format!("agent: told to {what}"));
        let line = format!("{}\n", serde_json::to_string(request)?);
        let answer = async {
            if running.input.write_all(line.as_bytes()).await.is_err() {
                return None;
            }
            self.is_busy = true;
            running.output.next_line().await.ok()?
        };
        let answer = timeout(PATIENCE, answer).await.map_err(|_| AgentsError::Hangs { what })?;
        let Some(answer) = answer else { return Ok(None) };
        self.is_busy = false;
        self.shared.note(format!("agent: done with {what}: {answer}"));
        Ok(Some(serde_json::from_str(&answer)?))
    }

    /// The agent does not answer: it was killed, or something is wrong with it.
    async fn lost(&mut self, what: &'static str) -> Result<(), AgentsError> {
        self.running = None;
        let was_busy = std::mem::take(&mut self.is_busy);
        let child = self.killer.child().take();
        let Some(mut child) = child else { return Ok(()) };
        let status = child.wait().await.map_err(|source| AgentsError::Start {
            program: self.options.program.clone(),
            source,
        })?;
        if std::os::unix::process::ExitStatusExt::signal(&status) != Some(9) {
            return Err(AgentsError::Ended { status: status.to_string(), what });
        }
        self.shared.note(format!("agent: killed while told to {what}"));
        self.lives.kills += 1;
        self.lives.in_the_middle += u64::from(was_busy);
        Ok(())
    }
}
