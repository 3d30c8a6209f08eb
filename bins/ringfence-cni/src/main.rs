//! The CNI plugin: it asks the agent, and tells the runtime.
//!
//! A runtime starts it for each call, as root and on the node, so it does as little as can be done:
//! it opens one socket and no file, and changes nothing itself.

mod ask;

use std::io::{Read, Write};
use std::process::ExitCode;

use cni::{Call, Outcome, Refusal};

/// The longest configuration that is read, in octets; one with a valid attachment for each pod of
/// the largest node has a tenth of that.
const INPUT_OCTETS_MAX: u64 = 4 << 20;

fn main() -> ExitCode {
    let mut input = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_OCTETS_MAX).read_to_end(&mut input);
    let finished = read.map_err(Refusal::Input).and_then(|_| run(&input));
    tell(&Outcome::of(finished, &input))
}

/// One call, from its words to its answer.
fn run(input: &[u8]) -> Result<String, Refusal> {
    let call = Call::read(&|name: &str| std::env::var(name).ok(), input)?;
    match call {
        Call::Version { asked_in } => Ok(cni::supported(&asked_in)),
        Call::Agent(question) => question.finish(ask::ask(&question)),
    }
}

/// A runtime that no longer listens cannot be told that it does not listen.
fn tell(outcome: &Outcome) -> ExitCode {
    let written = writeln!(std::io::stdout(), "{}", outcome.output);
    match outcome.is_success && written.is_ok() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
