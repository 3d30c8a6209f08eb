//! `ringfence lab watch`: what opens and closes when a manifest is saved.

use std::ops::ControlFlow;
use std::time::{SystemTime, UNIX_EPOCH};

use lab::agent::{Question, Reply, ask};
use lab::state::LabState;
use lab::{LabError, LabName};

use crate::exit::Exit;
use crate::lab::linux::say;

pub(crate) fn watch(name: &str) -> Result<Exit, LabError> {
    let name = LabName::new(name)?;
    let paths = LabState::read(&name)?.paths;
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    say(&format!("watching {}", shown.join(", ")));
    let mut failed = None;
    let watched = lab::watch::watch(&paths, |saved| match ask(&name, &Question::Apply) {
        Ok(reply) => {
            report(&reply, saved);
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    match (failed, watched) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(Exit::Good),
        (None, Err(error)) => {
            eprintln!("error: {}", lab::chain(&error));
            Ok(Exit::Incomplete)
        }
    }
}

fn report(reply: &Reply, saved: SystemTime) {
    match reply {
        Reply::Applied { changes, at_ns } => {
            let saved = saved.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
            let took_ms = u128::from(*at_ns).saturating_sub(saved) / 1_000_000;
            changes.iter().for_each(|change| say(change));
            say(&format!("{} changes, {took_ms} ms from the file to the kernel", changes.len()));
        }
        Reply::Failed { message } => eprintln!("error: {message}; the lab stays as it is"),
        Reply::Report { counts, .. } => say(counts),
        // It was not asked.
        Reply::Flows(_) | Reply::Status { .. } => {}
    }
}
