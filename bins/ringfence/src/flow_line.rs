//! One flow in one line for people, the same of a lab and of a cluster.
//!
//! What a program wants it gets as JSON, so this may be made to be read.

use std::io::{self, Write};

use flows::{FlowEnd, FlowRecord, Staged};
use report::Colour;

use crate::flow_words::FlowsOutput;
use crate::print::tells_colour;

/// Writes records to standard output.
///
/// # Errors
/// Where nobody reads them any more.
pub(crate) fn say(records: &[FlowRecord], output: FlowsOutput) -> io::Result<()> {
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
