//! The flows of many nodes as one record, by time.
//!
//! What was is sorted. What comes is told as it comes, because nobody can know that a quiet node has
//! nothing older to say.

use flows::{FlowLine, FlowQuery, FlowRecord};
use futures::future::join_all;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::ask::query;
use crate::{Agent, FleetError};

/// Lines that may wait until somebody reads them.
const WAITING: usize = 4096;

/// What is heard of one node.
#[derive(Debug)]
pub enum Heard {
    /// A flow.
    Flow(Box<FlowRecord>),
    /// So many flows of a node went by unread.
    Lost {
        /// The node.
        node: String,
        /// How many.
        lost: u64,
    },
    /// A node cannot be heard, or no longer.
    Failed(FleetError),
}

/// Asks all agents. `take` is given what was, in the order of time, and then what comes, if that was asked
/// for; it ends when `take` has had enough, or nothing more can come.
pub async fn flows(agents: &[Agent], asked: &FlowQuery, mut take: impl FnMut(Heard) -> bool) {
    let before = FlowQuery { follow: false, ..asked.clone() };
    // Those who follow listen before they ask for what was, so that nothing falls in between; what is
    // heard twice is told once.
    let following = asked.follow.then(|| follow(agents, asked));
    let was = join_all(agents.iter().map(|agent| past(agent, &before))).await;
    let mut records: Vec<FlowRecord> = Vec::new();
    for heard in was {
        match heard {
            Ok(of_node) => records.extend(of_node),
            Err(error) => {
                if !take(Heard::Failed(error)) {
                    return;
                }
            }
        }
    }
    records.sort_by(|one, other| one.time.cmp(&other.time));
    let skipped = records.len().saturating_sub(asked.last.unwrap_or(usize::MAX));
    for record in records.drain(..).skip(skipped) {
        if !take(Heard::Flow(Box::new(record))) {
            return;
        }
    }
    let Some(mut following) = following else { return };
    while let Some(heard) = following.recv().await {
        if !take(heard) {
            return;
        }
    }
}

async fn past(agent: &Agent, asked: &FlowQuery) -> Result<Vec<FlowRecord>, FleetError> {
    let text = agent.text(&query("/flows", &asked.words())).await?;
    let line = |line| match serde_json::from_str(line) {
        Ok(FlowLine::Record(record)) => Some(Ok(*record)),
        Ok(FlowLine::Lost { .. }) => None,
        Err(source) => Some(Err(FleetError::Unreadable { node: agent.node.clone(), source })),
    };
    text.lines().filter_map(line).collect()
}

/// What comes from now on, of all agents.
fn follow(agents: &[Agent], asked: &FlowQuery) -> mpsc::Receiver<Heard> {
    let (heard, following) = mpsc::channel(WAITING);
    let asked = FlowQuery { last: Some(0), ..asked.clone() };
    for agent in agents {
        let (agent, heard, path) = (agent.clone(), heard.clone(), query("/flows", &asked.words()));
        tokio::spawn(async move {
            if let Err(error) = listen(&agent, &path, &heard).await {
                // Who asked may be gone.
                let _ = heard.send(Heard::Failed(error)).await;
            }
        });
    }
    following
}

async fn listen(agent: &Agent, path: &str, heard: &mpsc::Sender<Heard>) -> Result<(), FleetError> {
    let mut body = agent.open(path).await?.into_body();
    let mut waiting: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| agent.unreachable(error))?;
        waiting.extend_from_slice(frame.data_ref().map_or(&[], |octets| octets.as_ref()));
        while let Some(end) = waiting.iter().position(|octet| *octet == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            if heard.send(told(agent, &line)).await.is_err() {
                return Ok(());
            }
        }
    }
    Err(agent.unreachable("it ended the answer"))
}

fn told(agent: &Agent, line: &[u8]) -> Heard {
    let node = agent.node.clone();
    match serde_json::from_slice(line) {
        Ok(FlowLine::Record(record)) => Heard::Flow(record),
        Ok(FlowLine::Lost { lost }) => Heard::Lost { node, lost },
        Err(source) => Heard::Failed(FleetError::Unreadable { node, source }),
    }
}
