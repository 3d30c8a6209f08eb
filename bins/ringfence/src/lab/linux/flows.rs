//! `ringfence lab flows`: what was let through and what was denied, and by which rule.
//!
//! Following is asking again: the agent keeps the record, so nothing is missed in between.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use lab::agent::{Question, Reply, ask};
use lab::{FlowEnd, FlowFilter, FlowRecord, LabError, LabName, Staged};
use model::Verdict;
use report::Colour;

use crate::exit::Exit;
use crate::explain::Expectation;
use crate::lab::arguments::{Flows, FlowsOutput};
use crate::print::tells_colour;

const AGAIN: Duration = Duration::from_millis(200);

/// Prints the record, and goes on with it if asked to.
pub(crate) fn run(arguments: &Flows) -> Result<Exit, LabError> {
    let name = LabName::new(&arguments.name)?;
    let filter = filter(arguments);
    let (mut from, mut most) = (0, arguments.last);
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
        let written = say(&flows.records, arguments.output);
        if !arguments.follow || written.is_err() {
            // A closed pipe is the reader's choice, not a failure of ours.
            return Ok(Exit::Good);
        }
        (from, most) = (flows.next, usize::MAX);
        thread::sleep(AGAIN);
    }
}

fn filter(arguments: &Flows) -> FlowFilter {
    let verdicts = |typed: &[Expectation]| {
        typed.iter().map(|verdict| Verdict::from(*verdict).to_string()).collect()
    };
    FlowFilter {
        names: arguments.pod.clone(),
        namespaces: arguments.namespace.clone(),
        addresses: arguments.address.clone(),
        ports: arguments.port.clone(),
        verdicts: verdicts(&arguments.verdict),
        staged: verdicts(&arguments.staged),
        rules: arguments.rule.clone(),
        containers: arguments.container.clone(),
        executables: arguments.executable.clone(),
        events: Vec::new(),
    }
}

fn say(records: &[FlowRecord], output: FlowsOutput) -> io::Result<()> {
    let colour = tells_colour(None).into();
    let mut out = io::stdout().lock();
    for record in records {
        match output {
            FlowsOutput::Json => writeln!(out, "{}", serde_json::to_string(record)?)?,
            FlowsOutput::Text => writeln!(out, "{}", line(record, colour))?,
        }
    }
    out.flush()
}

/// When, the verdict, who with whom on what, because of what.
fn line(record: &FlowRecord, colour: Colour) -> String {
    let FlowRecord { time, event, verdict, direction, protocol, reason, .. } = record;
    let clock = time.get(11..).unwrap_or(time);
    let word = if verdict == "allow" { colour.good("allow") } else { colour.bad("deny ") };
    let (from, to) = (source(&record.source), destination(&record.destination, protocol));
    let place = place(record.file.as_ref(), record.line, colour);
    let (staged, numbers) = (staged(record, colour), numbers(record));
    format!(
        "{clock} {word} {event:<6} {from} -> {to}  {direction}: {reason}{place}{staged}{numbers}"
    )
}

/// What staged policies would have said, where that is something else.
fn staged(record: &FlowRecord, colour: Colour) -> String {
    let Some(Staged { verdict, reason, file, line }) = &record.staged else { return String::new() };
    if (verdict, reason) == (&record.verdict, &record.reason) {
        return String::new();
    }
    let word = if verdict == "allow" { colour.good("allow") } else { colour.bad("deny") };
    format!("  staged {word}: {reason}{}", place(file.as_ref(), *line, colour))
}

fn place(file: Option<&String>, line: Option<u32>, colour: Colour) -> String {
    match (file, line) {
        (Some(file), Some(line)) => colour.dim(&format!(" ({file}:{line})")),
        _ => String::new(),
    }
}

fn source(end: &FlowEnd) -> String {
    let words = [end.container.as_deref(), end.executable.as_deref()];
    let words: Vec<&str> = words.into_iter().flatten().collect();
    let process = if words.is_empty() { String::new() } else { format!("[{}]", words.join(" ")) };
    let port = end.port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{process}{port}", end.called())
}

fn destination(end: &FlowEnd, protocol: &str) -> String {
    match end.port {
        Some(port) => format!("{} {port}/{protocol}", end.called()),
        None => format!("{} {protocol}", end.called()),
    }
}

fn numbers(record: &FlowRecord) -> String {
    match (record.denied, record.packets, record.bytes, record.duration_ms) {
        (Some(denied), ..) if denied > 1 => format!("  {denied} packets"),
        (_, Some(packets), Some(bytes), Some(duration_ms)) => {
            format!("  {packets} packets, {bytes} bytes, {duration_ms} ms")
        }
        _ => String::new(),
    }
}
