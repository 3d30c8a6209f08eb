//! `ringfence lab up`, and the process that it leaves behind.
//!
//! A lab that outlives its command needs a process of its own, which is made here.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lab::agent::{Manifests, serve};
use lab::{Lab, LabError, LabName};

use crate::exit::Exit;
use crate::lab::arguments::Making;
use crate::lab::linux::load::{load, settings};
use crate::lab::linux::{refuse, say};

/// What the agent says when it can be asked.
const READY: &str = "ready";

/// Starts the agent and waits until the lab is up.
pub(crate) fn up(making: &Making) -> Exit {
    if making.input.all_paths().iter().any(|path| path.as_os_str() == "-") {
        eprintln!("error: a lab that stays up reads its manifests again, which `-` cannot be");
        return Exit::Incomplete;
    }
    match start(making) {
        Ok(exit) => exit,
        Err(error) => refuse(&error),
    }
}

fn start(making: &Making) -> Result<Exit, LabError> {
    lab::preflight()?;
    let name = LabName::new(&making.name)?;
    if lab::state::is_up(&name) {
        return Err(LabError::AlreadyUp(name));
    }
    let Some((world, _)) = load(making) else { return Ok(Exit::Incomplete) };
    lab::down::remove(&name)?;
    let log = name.agent_log();
    let ready = spawn(&name.state_dir(), &log).map_err(|source| LabError::State {
        doing: "start the agent that writes to",
        path: log.clone(),
        source,
    })?;
    if ready {
        let (pods, nodes) = (world.pods().count(), world.nodes().count());
        say(&format!("lab {name} is up: {pods} pods, {nodes} nodes"));
        return Ok(Exit::Good);
    }
    eprint!("{}", fs::read_to_string(&log).unwrap_or_default());
    lab::down::remove(&name)?;
    Ok(Exit::Incomplete)
}

/// The agent is called with the same words as `up`.
fn spawn(state: &Path, log: &Path) -> io::Result<bool> {
    fs::create_dir_all(state)?;
    let words = std::env::args_os().skip(1).skip_while(|word| word != "up").skip(1);
    let mut agent = Command::new(std::env::current_exe()?)
        .arg("lab-agent")
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(log)?)
        .spawn()?;
    let output = agent.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok(line.trim_end() == READY)
}

/// The agent itself: makes the lab, says so, and keeps it.
pub(crate) fn agent(making: &Making) -> Exit {
    let Some((world, rules)) = load(making) else { return Exit::Incomplete };
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let paths: Vec<PathBuf> = making.input.all_paths().iter().map(absolute).collect();
    let mut again = || load(making);
    let mut manifests = Manifests { paths: &paths, load: &mut again };
    let lab = settings(making).and_then(|settings| Lab::up_enforced(settings, world, rules));
    match lab.and_then(|lab| serve(lab, &mut manifests, say_ready)) {
        Ok(()) => Exit::Good,
        Err(error) => refuse(&error),
    }
}

fn say_ready() {
    // Whoever waited may be gone; the lab is up all the same.
    say(READY);
}
