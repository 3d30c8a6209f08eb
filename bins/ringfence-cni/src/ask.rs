//! One question to the agent, and its answer, over its socket.
//!
//! The time for all of it is bounded: a runtime that waits for a plugin starts no other pod of the
//! same queue, and tries again by itself.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use cni::{Answer, NetworkConfig, Question, Refusal, Request};

/// The longest answer, in octets.
const ANSWER_OCTETS_MAX: u64 = 1 << 20;

/// Asks, and waits as long as the configuration says.
pub(crate) fn ask(question: &Question) -> Result<Answer, Refusal> {
    let Question { config, request } = question;
    let end = Instant::now() + Duration::from_secs(config.timeout_seconds);
    let stream = UnixStream::connect(&config.socket).map_err(|source| Refusal::NoAgent {
        socket: config.socket.display().to_string(),
        source,
    })?;
    let line = exchange(&stream, request, end).map_err(|error| failed(error, config))?;
    Ok(Answer::of_line(&line)?)
}

fn exchange(mut stream: &UnixStream, request: &Request, end: Instant) -> std::io::Result<String> {
    stream.set_write_timeout(Some(left(end)?))?;
    stream.write_all(request.to_line().as_bytes())?;
    stream.set_read_timeout(Some(left(end)?))?;
    let mut line = String::new();
    BufReader::new(stream.take(ANSWER_OCTETS_MAX)).read_line(&mut line)?;
    match line.ends_with('\n') {
        true => Ok(line),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn left(end: Instant) -> std::io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn failed(error: std::io::Error, config: &NetworkConfig) -> Refusal {
    match matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) {
        true => Refusal::TimedOut { seconds: config.timeout_seconds },
        false => Refusal::Broken(error),
    }
}
