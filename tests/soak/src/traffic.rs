//! The traffic: one thread that sends and receives for all pods, without a pause.
//!
//! It knows no policy. Where a packet goes is drawn from everybody who is there, and sometimes from
//! those who were.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use model::Family;
use testkit::generate::{Random, Source};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, LocalSet};

use crate::netns::Netns;
use crate::pod::{Life, Pod};
use crate::policies::PORTS;
use crate::shared::Shared;
use crate::{tcp, udp};

/// How often datagrams are sent.
const TICK: Duration = Duration::from_millis(2);
/// How many each time.
const DATAGRAMS: usize = 3;
/// One of so many is sent to a pod that is gone.
const TO_THE_GONE: usize = 16;
/// How many of those are remembered.
const GONE_MAX: usize = 24;
/// How many connections are kept busy, and how many more come and go.
const LONG_CONNECTIONS: usize = 24;
const SHORT_CONNECTIONS: usize = 4;

/// What the control tells the traffic.
#[derive(Debug)]
pub(crate) enum Told {
    /// A pod's processes start.
    Start {
        /// Which.
        pod: Pod,
        /// Where.
        netns: Arc<Netns>,
        /// Told when they listen.
        ready: oneshot::Sender<io::Result<()>>,
    },
    /// A pod's processes end.
    Stop {
        /// Which.
        life: Life,
        /// Told when no socket is open.
        gone: oneshot::Sender<()>,
    },
}

/// A pod with its sockets.
pub(crate) struct Site {
    pub(crate) pod: Pod,
    pub(crate) netns: Arc<Netns>,
    pub(crate) udp: udp::Sockets,
    /// What ends with it.
    tasks: RefCell<Vec<AbortHandle>>,
}

impl Site {
    /// This task ends with the pod.
    pub(crate) fn owns(&self, task: AbortHandle) {
        let mut tasks = self.tasks.borrow_mut();
        if tasks.len() > 256 {
            tasks.retain(|task| !task.is_finished());
        }
        tasks.push(task);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.tasks.borrow().iter().for_each(AbortHandle::abort);
    }
}

/// Who to whom, drawn.
pub(crate) struct Drawn {
    pub(crate) opener: Rc<Site>,
    pub(crate) responder: Pod,
    pub(crate) port: usize,
    pub(crate) address: IpAddr,
}

/// Everything that the traffic has.
pub(crate) struct Traffic {
    pub(crate) shared: Shared,
    sites: RefCell<BTreeMap<Life, Rc<Site>>>,
    gone: RefCell<VecDeque<Pod>>,
    random: RefCell<Random>,
}

impl Traffic {
    /// A number below `bound`.
    pub(crate) fn below(&self, bound: usize) -> usize {
        self.random.borrow_mut().below(bound)
    }

    /// Two different pods, or nothing where there are no two.
    pub(crate) fn draw(&self, may_be_gone: bool) -> Option<Drawn> {
        let sites = self.sites.borrow();
        let nth = |at: usize| sites.values().nth(at).map(Rc::clone);
        let opener = nth(self.below(sites.len()))?;
        let responder = if may_be_gone && self.below(TO_THE_GONE) == 0 {
            let gone = self.gone.borrow();
            *gone.get(self.below(gone.len()))?
        } else {
            nth(self.below(sites.len()))?.pod
        };
        if responder.address == opener.pod.address {
            return None;
        }
        let family = if self.below(2) == 0 { Family::V4 } else { Family::V6 };
        let port = self.below(PORTS.len());
        Some(Drawn { opener, responder, port, address: responder.ip(family) })
    }

    fn start(self: &Rc<Self>, pod: Pod, netns: Arc<Netns>) -> io::Result<()> {
        let udp = udp::Sockets::open(&netns)?;
        let listeners = tcp::listeners(&netns)?;
        let site = Rc::new(Site { pod, netns, udp, tasks: RefCell::default() });
        udp::serve(self, &site);
        tcp::serve(self, &site, listeners);
        self.sites.borrow_mut().insert(pod.life, site);
        Ok(())
    }

    /// Ends a pod's tasks. Aborted tasks let go of their sockets when they are next looked at.
    async fn stop(&self, life: Life) {
        let site = self.sites.borrow_mut().remove(&life);
        let Some(weak) = site.map(|site| self.end(&site)) else { return };
        while weak.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }

    fn end(&self, site: &Rc<Site>) -> Weak<Site> {
        let mut gone = self.gone.borrow_mut();
        gone.push_back(site.pod);
        if gone.len() > GONE_MAX {
            gone.pop_front();
        }
        site.tasks.borrow().iter().for_each(AbortHandle::abort);
        Rc::downgrade(site)
    }
}

/// Starts the traffic's thread. It ends when nobody can tell it anything any more.
pub(crate) fn start(
    shared: Shared,
    seed: u64,
) -> (mpsc::UnboundedSender<Told>, JoinHandle<io::Result<()>>) {
    let (teller, told) = mpsc::unbounded_channel();
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sites, gone) = (RefCell::default(), RefCell::default());
        let random = RefCell::new(Random::new(seed));
        let traffic = Rc::new(Traffic { shared, sites, gone, random });
        let local = LocalSet::new();
        runtime.block_on(local.run_until(run(traffic, told)));
        Ok(())
    });
    (teller, thread)
}

async fn run(traffic: Rc<Traffic>, mut told: mpsc::UnboundedReceiver<Told>) {
    for _ in 0..LONG_CONNECTIONS {
        tokio::task::spawn_local(tcp::open_again_and_again(Rc::clone(&traffic), true));
    }
    for _ in 0..SHORT_CONNECTIONS {
        tokio::task::spawn_local(tcp::open_again_and_again(Rc::clone(&traffic), false));
    }
    tokio::task::spawn_local(send_and_expire(Rc::clone(&traffic)));
    while let Some(told) = told.recv().await {
        match told {
            Told::Start { pod, netns, ready } => {
                let _ = ready.send(traffic.start(pod, netns));
            }
            Told::Stop { life, gone } => {
                traffic.stop(life).await;
                let _ = gone.send(());
            }
        }
    }
}

async fn send_and_expire(traffic: Rc<Traffic>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let due = traffic.shared.now();
        tick.tick().await;
        for _ in 0..DATAGRAMS {
            if let Some(drawn) = traffic.draw(true) {
                udp::ask(&traffic, &drawn);
            }
        }
        // Everything that arrived before `due` has been read since.
        udp::read_all(&traffic);
        traffic.shared.ledger().expire(due);
    }
}

impl Traffic {
    /// Does something for every pod.
    pub(crate) fn each(&self, mut work: impl FnMut(&Rc<Site>)) {
        let sites: Vec<Rc<Site>> = self.sites.borrow().values().map(Rc::clone).collect();
        sites.iter().for_each(&mut work);
    }
}
