//! `ringfence lab status`: which labs there are, and how the datapath of each node is.
//!
//! What is on disk is said of every lab; the rest is asked of the lab's agent.

use lab::agent::{Question, Reply, ask};
use lab::state::{LabState, is_up};
use lab::status::{LabStatus, NodeStatus};
use lab::{LabError, LabName, down, render};

use crate::exit::Exit;
use crate::lab::arguments::{Status, StatusOutput};
use crate::lab::linux::say;

/// Says how the labs are. Alarms do not change the exit code: they are an answer, not a failure.
pub(crate) fn status(arguments: &Status) -> Result<Exit, LabError> {
    let names = match &arguments.name {
        Some(name) => vec![LabName::new(name)?],
        None => down::labs()?,
    };
    let asked = arguments.name.is_some();
    let labs = names.iter().map(|name| lab_status(name, asked));
    let labs = labs.collect::<Result<Vec<_>, _>>()?;
    match arguments.output {
        StatusOutput::Text => print!("{}", render::status(&labs)),
        StatusOutput::Json => say(&render::status_json(&labs).map_err(LabError::Json)?),
    }
    Ok(Exit::Good)
}

/// A lab that was asked for by name and is not there is an error.
fn lab_status(name: &LabName, asked: bool) -> Result<LabStatus, LabError> {
    let is_up = is_up(name);
    let state = match LabState::read(name) {
        Err(LabError::NotUp(_)) if !is_up && !asked => None,
        state => Some(state?),
    };
    let nodes = if is_up { nodes(name)? } else { Vec::new() };
    Ok(LabStatus { name: name.to_string(), is_up, state, nodes })
}

fn nodes(name: &LabName) -> Result<Vec<NodeStatus>, LabError> {
    match ask(name, &Question::Status)? {
        Reply::Status { nodes } => Ok(nodes),
        Reply::Failed { message } => {
            eprintln!("warning: {message}");
            Ok(Vec::new())
        }
        Reply::Report { .. } | Reply::Applied { .. } | Reply::Flows(_) => Ok(Vec::new()),
    }
}
