//! Many flows, one JSON object a line in and out: the form for scripts and for replay.
//!
//! Equal questions are decided once, so a long record of few talkers is fast.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::IpAddr;
use std::path::Path;

use model::{Family, Flow, Rules};
use serde::Deserialize;

use super::answer::Answer;
use super::{Answered, ExplainError};
use crate::exit::Exit;
use crate::input::Manifests;
use crate::word::{PeerWord, PortError, Resolved, protocol_of};

/// One line of input. `src` and `dst` are peers as everywhere, or bare addresses.
#[derive(Deserialize, Clone, PartialEq, Eq, Hash)]
#[serde(deny_unknown_fields)]
struct Line {
    src: String,
    dst: String,
    protocol: String,
    #[serde(default)]
    port: Option<u16>,
}

/// Answers every line in order; the first bad line ends the run, naming it.
pub(super) fn run(manifests: &Manifests, path: &Path) -> Result<Answered, ExplainError> {
    let as_staged = manifests.rules.with_staged_enforced();
    let namespace = &manifests.namespace;
    let mut decider =
        Decider { manifests, as_staged, namespace, known: HashMap::new(), is_certain: true };
    let mut output = BufWriter::new(io::stdout().lock());
    for (number, line) in (1..).zip(open(path)?.lines()) {
        let text = line.map_err(|cause| input_error(path, cause))?;
        if text.trim().is_empty() {
            continue;
        }
        let line = serde_json::from_str(&text).map_err(ExplainError::Json);
        let answer = line
            .and_then(|line| decider.answer(line))
            .map_err(|cause| ExplainError::Line { line: number, cause: Box::new(cause) })?;
        output.write_all(answer.as_bytes()).map_err(ExplainError::Output)?;
    }
    output.flush().map_err(ExplainError::Output)?;
    Ok((Exit::Good, decider.is_certain))
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, ExplainError> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|cause| input_error(path, cause))?;
    Ok(Box::new(BufReader::new(file)))
}

fn input_error(path: &Path, cause: io::Error) -> ExplainError {
    ExplainError::Input { path: path.to_owned(), cause }
}

struct Decider<'a> {
    manifests: &'a Manifests,
    /// The rules if staged policies were enforced.
    as_staged: Rules,
    namespace: &'a str,
    known: HashMap<Line, String>,
    /// Whether all answers so far hold whatever could not be read.
    is_certain: bool,
}

impl Decider<'_> {
    fn answer(&mut self, line: Line) -> Result<&str, ExplainError> {
        let answer = match self.known.get(&line) {
            Some(_) => None,
            None => Some(self.decide(&line)?),
        };
        Ok(self.known.entry(line).or_insert_with(|| answer.unwrap_or_default()))
    }

    fn decide(&mut self, line: &Line) -> Result<String, ExplainError> {
        let flow = self.flow(line)?;
        let Manifests { world, rules, .. } = self.manifests;
        let decided = |rules| policy::decide(world, rules, &flow);
        let is_certain = self.manifests.is_certain(&flow, is_example(line));
        self.is_certain &= is_certain;
        let answer = Answer::new(&decided(rules), &decided(&self.as_staged), rules);
        let answer = if is_certain { answer } else { answer.unknown() };
        serde_json::to_string(&answer)
            .map(|text| text + "\n")
            .map_err(|cause| ExplainError::Output(cause.into()))
    }

    fn flow(&self, line: &Line) -> Result<Flow, ExplainError> {
        let (source, destination) = (peer(&line.src)?, peer(&line.dst)?);
        let family = source.family().or(destination.family()).unwrap_or(Family::V4);
        let traffic = traffic(line, family)?;
        let end =
            |word: &PeerWord| match word.resolve(&self.manifests.world, self.namespace, family)? {
                Resolved::End(end, _) => Ok(end),
                Resolved::Service(_) => {
                    Err(ExplainError::Peer(crate::word::ResolveError::ServiceSource))
                }
            };
        super::asked::direct(
            &self.manifests.world,
            end(&source)?,
            end(&destination)?,
            traffic,
            family,
        )
    }
}

fn is_example(line: &Line) -> bool {
    [&line.src, &line.dst]
        .into_iter()
        .any(|word| peer(word).is_ok_and(|it| it == PeerWord::Internet))
}

fn peer(word: &str) -> Result<PeerWord, ExplainError> {
    match word.parse::<IpAddr>() {
        Ok(address) => Ok(PeerWord::Address(address)),
        Err(_) => Ok(word.parse()?),
    }
}

fn traffic(line: &Line, family: Family) -> Result<model::Traffic, ExplainError> {
    if line.protocol == "icmp" {
        return Ok(model::Traffic::icmp(family));
    }
    let protocol = protocol_of(&line.protocol)?;
    let port = line.port.ok_or_else(|| PortError::Number(String::new()))?;
    Ok(model::Traffic::Port(protocol, port))
}
