//! The socket where the plugin asks: one line, one answer.
//!
//! Only root may ask. A line that cannot be read is answered by nothing, because its version may be one
//! in which no answer can be given.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cni::{Answer, Denied, Request};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

use crate::AgentError;
use crate::worker::Ask;

/// The longest question, in octets; GC of the largest node has a tenth of that.
const QUESTION_OCTETS_MAX: u64 = 4 << 20;
const ROOT_ONLY: u32 = 0o600;

/// Listens in place of an agent before, which may have been killed.
pub(crate) fn bind(path: &Path) -> Result<UnixListener, AgentError> {
    let make = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(ROOT_ONLY))?;
        Ok(listener)
    };
    make().map_err(|source| AgentError::Socket { path: path.to_owned(), source })
}

/// Answers whoever comes.
pub(crate) async fn serve(listener: UnixListener, asks: mpsc::Sender<Ask>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, asks.clone()))),
            Err(error) => tracing::warn!(%error, "a plugin was not heard"),
        }
    }
}

async fn answer(stream: UnixStream, asks: mpsc::Sender<Ask>) {
    if let Err(error) = exchange(stream, asks).await {
        tracing::warn!(%error, "a plugin was not answered");
    }
}

async fn exchange(stream: UnixStream, asks: mpsc::Sender<Ask>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(QUESTION_OCTETS_MAX)).read_line(&mut line).await?;
    let request = Request::of_line(&line)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let (reply, answer) = oneshot::channel();
    let sent = asks.send(Ask::Plugin(request, reply)).await;
    let ended = || Answer::Denied(Denied::Later { why: "the agent ends".to_owned() });
    let answer = match sent {
        Ok(()) => answer.await.unwrap_or_else(|_| ended()),
        Err(_) => ended(),
    };
    write.write_all(answer.to_line().as_bytes()).await
}
