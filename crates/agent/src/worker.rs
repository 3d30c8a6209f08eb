//! The thread that owns the node's agent: it hears the watches, the plugin and the clock.
//!
//! News that come together are followed together, but one that comes alone is followed at once.

use std::fmt;
use std::time::{Duration, Instant};

use cluster::{Heard, SwitchNews};
use cni::{Answer, Request};
use enforce::EnforceError;
use enforce::chain;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, timeout};

use crate::Moment;
use crate::account::AgentStatus;
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
    Status(oneshot::Sender<Result<AgentStatus, String>>),
    /// Whatever a page wants to see.
    Look(Look),
}

/// A look at the agent that changes nothing.
pub(crate) struct Look(Box<dyn FnOnce(&NodeAgent) + Send>);

impl Look {
    pub(crate) fn new(look: impl FnOnce(&NodeAgent) + Send + 'static) -> Self {
        Self(Box::new(look))
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

/// Where everything comes from.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) agent: NodeAgent,
    pub(crate) news: mpsc::Receiver<Heard>,
    pub(crate) asks: mpsc::Receiver<Ask>,
    /// What is known of the switch; nothing where nobody is asked.
    pub(crate) switch: Option<watch::Receiver<SwitchNews>>,
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
                () = changed(&mut self.switch) => self.switched(),
                _ = &mut self.stop => return,
                _ = look.tick() => self.agent.look_after(),
            }
        }
    }

    /// Follows the switch.
    fn switched(&mut self) {
        let since = Instant::now();
        let Some(heard) = &mut self.switch else { return };
        let news = heard.borrow_and_update().clone();
        let switch = self.agent.view.switch_mut();
        if switch.is_some_and(|switch| switch.hear(&news, Moment::now())) {
            self.agent.reconcile(since);
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
        match is_news {
            true => self.agent.reconcile(since),
            false => self.agent.heard_nothing_new(),
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
                let status = self.agent.status_of_node();
                let status = status.map_err(|error: EnforceError| chain(&error));
                // Who asked may be gone.
                let _ = reply.send(status);
                false
            }
            Ask::Look(Look(look)) => {
                look(&self.agent);
                false
            }
        }
    }
}

/// Comes back when the switch says something else. Where nobody is asked, or nobody is left to say, never.
async fn changed(switch: &mut Option<watch::Receiver<SwitchNews>>) {
    let is_news = match switch {
        Some(switch) => switch.changed().await.is_ok(),
        None => false,
    };
    if !is_news {
        std::future::pending().await
    }
}
