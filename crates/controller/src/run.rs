//! A controller from its start to when it is told that it is enough.
//!
//! It hears all the time, and looks now and then what follows; what comes within one look is one write.

use std::io;
use std::time::Duration;

use api::Timestamp;
use cluster::Heard;
use futures::StreamExt;
use kube::Client;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::book::Book;
use crate::elect::{Elector, Leading};
use crate::http::{Health, Served, router};
use crate::kinds::{KEPT, keep};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::write::Write;
use crate::writer::{WriteError, Writer};

/// How much may be heard before it is followed.
const NEWS: usize = 4096;
/// Writes that are under way at once.
const AT_ONCE: usize = 8;
/// Where something could not be written, the next look is so many times later, up to the second.
const SLOWER: u32 = 2;
const SLOWEST: Duration = Duration::from_secs(30);

/// Why a controller ends by itself.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// Health and metrics.
    #[error("health and metrics cannot be served")]
    Listen(#[source] io::Error),
    /// The watches.
    #[error("nobody watches the cluster any more")]
    Stopped,
}

/// Works until `enough`, and gives the Lease back then.
///
/// # Errors
/// Where health cannot be served, or the watches end.
pub async fn run(
    settings: Settings,
    client: Client,
    enough: impl Future<Output = ()>,
) -> Result<(), ControllerError> {
    let (metrics, health, leading) = (Metrics::default(), Health::default(), Leading::default());
    let mut serves = JoinSet::new();
    if let Some(at) = settings.listen {
        let listener = TcpListener::bind(at).await.map_err(ControllerError::Listen)?;
        let served = Served { health: health.clone(), metrics: metrics.clone() };
        serves.spawn(async move { axum::serve(listener, router(served)).await });
    }
    let (heard, news) = mpsc::channel(NEWS);
    let _watches = cluster::watch_kinds(&client, &KEPT, keep, &heard);
    let Settings { identity, lease, node_labels, every, .. } = settings;
    let mut elector = Elector::new(client.clone(), lease, identity.clone(), leading.clone());
    let writer = Writer::new(client, identity, metrics.clone());
    let book = Book::new(node_labels);
    let mut work =
        Work { book, writer, leading, was_leading: false, failed: String::new(), metrics, health };
    let ended = tokio::select! {
        () = enough => Ok(()),
        () = elector.run() => Ok(()),
        () = work.run(news, every) => Err(ControllerError::Stopped),
    };
    if let Err(error) = elector.give_back().await {
        tracing::warn!(%error, "the lease is not given back; the next controller waits for its end");
    }
    ended
}

struct Work {
    book: Book,
    writer: Writer,
    leading: Leading,
    was_leading: bool,
    /// What could not be written, as it was said last.
    failed: String,
    metrics: Metrics,
    health: Health,
}

impl Work {
    async fn run(&mut self, mut news: mpsc::Receiver<Heard>, every: Duration) {
        let mut look = tokio::time::interval(every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pause = every;
        loop {
            tokio::select! {
                heard = news.recv() => match heard {
                    Some(heard) => self.book.hear(heard),
                    None => return,
                },
                _ = look.tick() => {
                    let is_done = self.look().await;
                    pause = if is_done { every } else { (pause * SLOWER).min(SLOWEST) };
                    look.reset_after(pause);
                }
            }
        }
    }

    /// Looks what there is to write, and writes it. Whether all of it could be written.
    async fn look(&mut self) -> bool {
        let is_leading = self.leading.is_held();
        self.metrics.leads(is_leading);
        self.metrics.counts(&self.book.counts());
        self.health.say(self.book.missing());
        if is_leading && !self.was_leading {
            self.book.forget_written();
        }
        self.was_leading = is_leading;
        if !is_leading {
            return true;
        }
        let writes = self.book.review(now());
        self.write(writes).await
    }

    async fn write(&mut self, writes: Vec<Write>) -> bool {
        let Self { writer, leading, book, metrics, failed, .. } = self;
        let mut told = Vec::new();
        let mut first_failure = None;
        {
            let writer = &*writer;
            let leading = &*leading;
            let written = writes.into_iter().map(|write| async move {
                // Who is not sure any more leaves it to the next.
                let done = match leading.is_held() {
                    true => Some(writer.write(&write).await),
                    false => None,
                };
                (write, done)
            });
            let mut written = futures::stream::iter(written).buffer_unordered(AT_ONCE);
            while let Some((write, done)) = written.next().await {
                match done {
                    Some(Ok(version)) => {
                        book.note(&write, version);
                        metrics.written(write.kind.kind, true);
                        told.push(write);
                    }
                    Some(Err(error)) => {
                        metrics.written(write.kind.kind, false);
                        first_failure.get_or_insert(describe(&write, &error));
                    }
                    None => {}
                }
            }
        }
        for write in &told {
            writer.tell(write).await;
        }
        let failure = first_failure.unwrap_or_default();
        if failure != *failed && !failure.is_empty() {
            tracing::warn!(error = failure, "a status is not written");
        }
        *failed = failure;
        failed.is_empty()
    }
}

fn describe(write: &Write, error: &WriteError) -> String {
    format!("{} {}: {error}", write.kind.kind, write.key.name)
}

/// To the second, as the times of conditions are.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
