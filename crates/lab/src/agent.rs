//! The process that keeps a lab up, and how other commands talk to it.
//!
//! It owns the helpers and the datapaths; whoever connects to its socket asks one thing in one
//! line and gets one line back. `down` does not ask: it removes the agent like everything else.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant, UNIX_EPOCH};

use flows::{FlowFilter, Flows};
use model::{Rules, World};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::{Deserialize, Serialize};

use crate::change::changes;
use crate::probe::Probe;
use crate::progress::Quiet;
use crate::render::{self, Colour};
use crate::report::RunReport;
use crate::status::NodeStatus;
use crate::{Lab, LabError, LabName, cgroup};

/// How long an idle agent waits before it looks for signals, milliseconds.
const IDLE_MS: u16 = 200;
/// How often it looks after the hooks, unless a question takes longer.
const LOOK_AFTER: Duration = Duration::from_millis(500);

/// How a report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// See [`render::matrix`].
    Matrix,
    /// See [`render::table`].
    Table,
    /// See [`render::json`].
    Json,
    /// See [`render::junit`].
    Junit,
}

/// What an agent can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "do")]
pub enum Question {
    /// Probe everything.
    Probe {
        /// How to say it.
        format: Format,
        /// Whether to colour.
        colour: bool,
    },
    /// Read the manifests again and follow them.
    Apply,
    /// Say how the datapath is.
    Status,
    /// Say what is in the record of flows.
    Flows {
        /// From which line on; see [`Flows::next`].
        from: u64,
        /// Which lines.
        filter: Box<FlowFilter>,
        /// The newest of them.
        most: usize,
    },
}

/// What an agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// A report.
    Report {
        /// As it was wanted.
        text: String,
        /// The last line.
        counts: String,
        /// Whether reality agreed.
        good: bool,
    },
    /// The lab follows the manifests.
    Applied {
        /// What opened and what closed.
        changes: Vec<String>,
        /// When the last map was written, nanoseconds since 1970.
        at_ns: u64,
    },
    /// How the datapath is.
    Status {
        /// By node.
        nodes: Vec<NodeStatus>,
    },
    /// Lines of the record of flows.
    Flows(Flows),
    /// It did not work.
    Failed {
        /// Why.
        message: String,
    },
}

/// Renders a report in `format`.
///
/// # Errors
/// Where a format cannot hold a name of the report.
pub fn rendered(
    report: &RunReport,
    world: &World,
    rules: &Rules,
    format: Format,
    colour: Colour,
) -> Result<String, LabError> {
    match format {
        Format::Matrix => Ok(render::matrix(report, world, rules, colour)),
        Format::Table => Ok(render::table(report)),
        Format::Json => render::json(report, rules).map_err(LabError::Json),
        Format::Junit => render::junit(report).map_err(LabError::Junit),
    }
}

/// Asks the agent of `name`.
///
/// # Errors
/// Where no agent answers.
pub fn ask(name: &LabName, question: &Question) -> Result<Reply, LabError> {
    let socket = name.agent_socket();
    let stream = UnixStream::connect(&socket).map_err(|_| LabError::NotUp(name.clone()))?;
    exchange(stream, question).map_err(crate::error::state("ask", &socket))
}

fn exchange(mut stream: UnixStream, question: &Question) -> io::Result<Reply> {
    writeln!(stream, "{}", serde_json::to_string(question)?)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// The manifests that an agent follows.
pub struct Manifests<'a> {
    /// Where they are.
    pub paths: &'a [PathBuf],
    /// Reads them again; nothing where they are incomplete (ruling E4).
    pub load: &'a mut dyn FnMut() -> Option<(World, Rules)>,
}

/// Keeps `lab` up until a signal comes. `ready` is called as soon as questions are answered; from then on the process is
/// its terminal's no more.
///
/// # Errors
/// Where the socket cannot be made or the lab cannot be removed.
pub fn serve(
    mut lab: Lab,
    manifests: &mut Manifests<'_>,
    ready: impl FnOnce(),
) -> Result<(), LabError> {
    let name = lab.name().clone();
    join_cgroup(&name)?;
    // It fails for the leader of a process group, who has left its terminal already.
    let _ = nix::unistd::setsid();
    write_state(&lab, manifests)?;
    let socket = name.agent_socket();
    let listener =
        UnixListener::bind(&socket).map_err(crate::error::state("listen on", &socket))?;
    // Decided ahead of any change, so that a change waits for nothing but its own work.
    let mut known = lab.probes()?;
    lab.keep_flows();
    ready();
    let (mut looked, mut failed) = (Instant::now(), None);
    while lab.check_interrupt().is_ok() {
        if let Err(error) = lab.listen() {
            eprintln!("warning: events were not heard: {}", crate::chain(&error));
        }
        if looked.elapsed() >= LOOK_AFTER {
            look_after(&mut lab, &mut failed);
            looked = Instant::now();
        }
        let mut wait = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        if !poll(&mut wait, PollTimeout::from(IDLE_MS)).is_ok_and(|ready| ready > 0) {
            continue;
        }
        let served = listener
            .accept()
            .and_then(|(stream, _)| answer(&mut lab, manifests, &mut known, stream));
        if let Err(error) = served {
            eprintln!("warning: a question was not answered: {error}");
        }
    }
    leave_cgroup()?;
    lab.down()
}

/// Nobody waits for it, so what goes wrong is a line in the log, once until it changes.
fn look_after(lab: &mut Lab, failed: &mut Option<String>) {
    let now = match lab.look_after() {
        Ok(news) => {
            news.iter().for_each(|line| eprintln!("{line}"));
            None
        }
        Err(error) => Some(format!("warning: {}", crate::chain(&error))),
    };
    if now != *failed {
        now.iter().for_each(|line| eprintln!("{line}"));
        *failed = now;
    }
}

fn answer(
    lab: &mut Lab,
    manifests: &mut Manifests<'_>,
    known: &mut Vec<Probe>,
    mut stream: UnixStream,
) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    if line.is_empty() {
        return Ok(());
    }
    let reply = match serde_json::from_str(&line)? {
        Question::Probe { format, colour } => probe(lab, format, colour),
        Question::Apply => match (manifests.load)() {
            Some(loaded) => apply(lab, manifests, known, loaded),
            None => Ok(Reply::Failed { message: "the manifests are incomplete".to_owned() }),
        },
        Question::Status => lab.status().map(|nodes| Reply::Status { nodes }),
        Question::Flows { from, filter, most } => flows(lab, from, &filter, most),
    };
    let failed = |error: LabError| Reply::Failed { message: crate::chain(&error) };
    writeln!(stream, "{}", serde_json::to_string(&reply.unwrap_or_else(failed))?)
}

fn flows(lab: &mut Lab, from: u64, filter: &FlowFilter, most: usize) -> Result<Reply, LabError> {
    lab.listen()?;
    Ok(Reply::Flows(lab.flows(from, filter, most)))
}

fn probe(lab: &mut Lab, format: Format, colour: bool) -> Result<Reply, LabError> {
    let probes = lab.probes()?;
    let control_failed = lab.control_new(&mut Quiet)?;
    let results = lab.probe(&probes, &mut Quiet)?;
    let report = RunReport { lab: lab.name().to_string(), results, control_failed, left_out: 0 };
    let colour = if colour { Colour::Yes } else { Colour::No };
    let text = rendered(&report, lab.world(), lab.rules(), format, colour)?;
    Ok(Reply::Report { text, counts: report.counts().to_string(), good: report.is_good() })
}

fn apply(
    lab: &mut Lab,
    manifests: &Manifests<'_>,
    known: &mut Vec<Probe>,
    (world, rules): (World, Rules),
) -> Result<Reply, LabError> {
    let at = lab.apply(world, rules, &[])?;
    let at = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    write_state(lab, manifests)?;
    let before = std::mem::replace(known, lab.probes()?);
    let changes = changes(&before, known);
    Ok(Reply::Applied {
        changes: changes.iter().map(ToString::to_string).collect(),
        at_ns: u64::try_from(at).unwrap_or(u64::MAX),
    })
}

fn write_state(lab: &Lab, manifests: &Manifests<'_>) -> Result<(), LabError> {
    let mut state = lab.state();
    state.paths = manifests.paths.to_vec();
    state.write(lab.name())
}

/// The agent is one of the lab's processes, so that `down` ends it too.
fn join_cgroup(name: &LabName) -> Result<(), LabError> {
    let group = cgroup::of_lab(name).map_err(crate::error::state("find", "/sys/fs/cgroup"))?;
    let group = group.join("agent");
    std::fs::create_dir_all(&group).map_err(crate::error::state("make the cgroup", &group))?;
    std::fs::write(group.join("cgroup.procs"), "0").map_err(crate::error::state("join", &group))
}

/// Who removes a lab's cgroups must not live there.
fn leave_cgroup() -> Result<(), LabError> {
    let root = cgroup::root().map_err(crate::error::state("find", "/sys/fs/cgroup"))?;
    std::fs::write(root.join("cgroup.procs"), "0").map_err(crate::error::state("join", &root))
}
