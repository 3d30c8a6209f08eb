//! The thread that owns the node's agent: it hears the watches, the plugin and the clock.
//!
//! News that come together are followed together, but one that comes alone is followed at once.

use std::time::{Duration, Instant};

use cluster::Heard;
use cni::{Answer, Request};
use enforce::chain;
use enforce::status::NodeStatus;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, timeout};

use crate::node_agent::NodeAgent;

/// News within this time of each other are one change.
const TOGETHER: Duration = Duration::from_millis(2);
/// A change waits no longer than this for more of them.
const TOGETHER_MAX: Duration = Duration::from_millis(10);
/// How often everything is looked after.
const LOOK: Duration = Duration::from_secs(1);

/// A question of somebody else than the watches.
#[derive(Debug)]
pub(crate) enum Ask {
    /// The plugin's.
    Plugin(Request, oneshot::Sender<Answer>),
    /// What there is to say of the node.
    Status(oneshot::Sender<Result<NodeStatus, String>>),
}

/// Where everything comes from.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) agent: NodeAgent,
    pub(crate) news: mpsc::Receiver<Heard>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// Ends when it is enough.
    pub(crate) stop: oneshot::Receiver<()>,
}

impl Worker {
    /// Works until it is enough, or nobody is left to tell it anything.
    pub(crate) async fn run(mut self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = self.news.recv() => match heard {
                    Some(heard) => self.change(heard).await,
                    None => return,
                },
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.asked(ask),
                    None => return,
                },
                _ = &mut self.stop => return,
                _ = look.tick() => self.agent.look_after(),
            }
        }
    }

    /// Follows a change, and those that come right after it.
    async fn change(&mut self, first: Heard) {
        let since = Instant::now();
        let mut is_news = self.agent.view.hear(first);
        while since.elapsed() < TOGETHER_MAX {
            let Ok(Some(next)) = timeout(TOGETHER, self.news.recv()).await else { break };
            is_news |= self.agent.view.hear(next);
        }
        if is_news {
            self.agent.reconcile(since);
        }
    }

    /// Does what is asked, and what else waits to be asked.
    fn asked(&mut self, first: Ask) {
        let since = Instant::now();
        let mut is_news = self.one(first);
        while let Ok(next) = self.asks.try_recv() {
            is_news |= self.one(next);
        }
        if is_news {
            self.agent.reconcile(since);
        }
    }

    fn one(&mut self, ask: Ask) -> bool {
        match ask {
            Ask::Plugin(request, reply) => self.agent.asked(request, reply),
            Ask::Status(reply) => {
                let status = self.agent.enforcer.status().map_err(|error| chain(&error));
                // Who asked may be gone.
                let _ = reply.send(status);
                false
            }
        }
    }
}
