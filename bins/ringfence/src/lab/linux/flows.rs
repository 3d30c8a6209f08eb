//! `ringfence lab flows`: what was let through and what was denied, and by which rule.
//!
//! Following is asking again: the agent keeps the record, so nothing is missed in between.

use std::thread;
use std::time::Duration;

use lab::agent::{Question, Reply, ask};
use lab::{LabError, LabName};

use crate::exit::Exit;
use crate::flow_line::say;
use crate::lab::arguments::Flows;

const AGAIN: Duration = Duration::from_millis(200);

/// Prints the record, and goes on with it if asked to.
pub(crate) fn run(arguments: &Flows) -> Result<Exit, LabError> {
    let name = LabName::new(&arguments.name)?;
    let words = &arguments.words;
    let filter = words.filter();
    let (mut from, mut most) = (0, words.last);
    loop {
        let question = Question::Flows { from, filter: Box::new(filter.clone()), most };
        let flows = match ask(&name, &question)? {
            Reply::Flows(flows) => flows,
            Reply::Failed { message } => {
                eprintln!("error: {message}");
                return Ok(Exit::Incomplete);
            }
            Reply::Report { .. } | Reply::Applied { .. } | Reply::Status { .. } => {
                return Ok(Exit::Incomplete);
            }
        };
        if from > 0 && flows.gone > 0 {
            eprintln!("warning: {} lines went by unseen", flows.gone);
        }
        let written = say(&flows.records, words.output);
        if !words.follow || written.is_err() {
            // A closed pipe is the reader's choice, not a failure of ours.
            return Ok(Exit::Good);
        }
        (from, most) = (flows.next, usize::MAX);
        thread::sleep(AGAIN);
    }
}
