//! The process that stands for one container: it listens, answers with its name, and probes.
//!
//! It is the same executable as the lab, called again, so its version always fits and nothing has
//! to be installed into a namespace.

mod echo;
mod listen;
mod port;
mod probe;
mod sctp;
mod tcp;
mod udp;

use std::io;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, Stdin, Stdout};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{LocalSet, spawn_local};

use crate::message::{Answer, Ask, Duty, Said};

/// How many probes of one helper are under way at once; each holds a descriptor or two.
const PROBES_AT_ONCE: usize = 256;

/// The whole life of a helper process: reads what it is to be, becomes it, and probes until its
/// input ends.
///
/// # Errors
/// Where the pipes to the lab break in the middle of a line.
pub fn main() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, live())
}

async fn live() -> io::Result<()> {
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    let mut output = tokio::io::stdout();
    let Some(line) = input.next_line().await? else { return Ok(()) };
    let duty: Duty = serde_json::from_str(&line)?;
    match become_container(&duty) {
        Ok(()) => say(&mut output, &Said::Ready).await?,
        Err((step, error)) => {
            let (step, message) = (step.to_owned(), error.to_string());
            return say(&mut output, &Said::Failed { step, message }).await;
        }
    }
    serve(input, output).await
}

/// Takes its place: cgroup first, so that sockets belong to it, then the network.
fn become_container(duty: &Duty) -> Result<(), (&'static str, io::Error)> {
    std::fs::write(duty.cgroup.join("cgroup.procs"), "0").map_err(|e| ("cgroup", e))?;
    enforce::netns::enter(&duty.netns).map_err(|e| ("network namespace", e))?;
    listen::everywhere(&duty.listeners).map_err(|e| ("listen", e))
}

async fn serve(mut input: Lines<BufReader<Stdin>>, output: Stdout) -> io::Result<()> {
    let (answers, heard) = mpsc::unbounded_channel();
    let writer = spawn_local(write_answers(heard, output));
    let slots = Rc::new(Semaphore::new(PROBES_AT_ONCE));
    while let Some(line) = input.next_line().await? {
        let ask: Ask = serde_json::from_str(&line)?;
        let slots = Rc::clone(&slots);
        let answers = answers.clone();
        spawn_local(async move {
            let Ok(_slot) = slots.acquire().await else { return };
            // A receiver that is gone means that the lab is gone, and the input ends next.
            drop(answers.send(probe::probe(&ask).await));
        });
    }
    writer.abort();
    Ok(())
}

async fn write_answers(
    mut answers: mpsc::UnboundedReceiver<Answer>,
    mut output: Stdout,
) -> io::Result<()> {
    while let Some(answer) = answers.recv().await {
        say(&mut output, &Said::Answer(answer)).await?;
    }
    Ok(())
}

async fn say(output: &mut Stdout, said: &Said) -> io::Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    output.write_all(&line).await?;
    output.flush().await
}
