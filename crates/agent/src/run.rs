//! An agent from its start to a signal that ends it.
//!
//! What it enforces does not end with it: nothing is taken away here.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::thread::{self, JoinHandle};

use kube::Client;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::flow_record::FlowRecords;
use crate::http::{Served, router};
use crate::node_agent::{NodeAgent, Told};
use crate::publish::{Mailbox, publish};
use crate::worker::Worker;
use crate::{AgentError, Health, Metrics, Settings, beside, socket};

/// How much may be heard before it is followed.
const NEWS: usize = 4096;
/// As many plugins as may wait.
const ASKS: usize = 256;

/// Works until a signal says that it is enough.
///
/// # Errors
/// Where the node's enforcement cannot be taken up, or a socket cannot be made.
pub async fn run(settings: Settings, client: Client, server: &str) -> Result<(), AgentError> {
    let engines = beside::look(&settings)?;
    let ended = ended()?;
    let (metrics, health) = (Metrics::default(), Health::default());
    let flows = FlowRecords::new(settings.flows_kept);
    let (heard, news) = mpsc::channel(NEWS);
    let (asks, asked) = mpsc::channel(ASKS);
    let socket = socket::bind(&settings.socket)?;
    if let Some(at) = settings.listen {
        let listener = TcpListener::bind(at).await.map_err(AgentError::Listen)?;
        let served = Served {
            health: health.clone(),
            metrics: metrics.clone(),
            asks: asks.clone(),
            flows: flows.clone(),
        };
        tokio::spawn(async move { axum::serve(listener, router(served)).await });
    }
    let namespace = settings.switch.namespace.clone();
    let mailbox = Mailbox::default();
    let mut publishes = JoinSet::new();
    publishes.spawn(publish(client.clone(), settings.node.clone(), mailbox.clone()));
    let told = Told { metrics, health, flows, mailbox };
    let mut agent = NodeAgent::open(settings, address_of(server), told)?;
    agent.view.switch_mut().into_iter().for_each(|switch| switch.stand_beside(&engines));
    let _watches = cluster::watch(&client, &heard);
    let follow = |namespace: String| cluster::follow_switch(&client, &namespace);
    let (_follows, switch) = namespace.map(follow).unzip();
    let (_works, stopped) = Works::start(|stop| Worker { agent, news, asks: asked, switch, stop })?;
    tokio::select! {
        () = ended => {
            tracing::info!("the agent ends; what is enforced stays enforced");
            Ok(())
        }
        _ = stopped => Err(AgentError::Stopped),
        // Here, so that whoever sees the agent end finds nobody at its socket.
        () = socket::serve(socket, asks) => Err(AgentError::Stopped),
    }
}

/// The thread that works: it waits for the kernel, so it is none of the runtime's. Whoever drops this waits
/// until what it does is done, so that nobody takes up what is half done.
struct Works {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Works {
    /// Begins to work. Returns what is dropped when the thread ends, however that is.
    fn start(
        worker: impl FnOnce(oneshot::Receiver<()>) -> Worker,
    ) -> Result<(Self, oneshot::Receiver<()>), AgentError> {
        let (stop, stops) = oneshot::channel();
        let (works, stopped) = oneshot::channel();
        let worker = worker(stops);
        let thread = thread::Builder::new().name("node".to_owned());
        let thread = thread.spawn(move || work(worker, works)).map_err(AgentError::Process)?;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, stopped))
    }
}

impl Drop for Works {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that crashed has ended too, and `stopped` has said so.
            drop(thread.join());
        }
    }
}

/// Does nothing until a signal says that it is enough.
///
/// # Errors
/// Where signals cannot be waited for.
pub async fn stay() -> Result<(), AgentError> {
    ended()?.await;
    Ok(())
}

fn work(worker: Worker, works: oneshot::Sender<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(worker.run()),
        Err(error) => tracing::error!(%error, "the agent cannot work"),
    }
    drop(works);
}

fn ended() -> Result<impl Future<Output = ()>, AgentError> {
    let listen = |kind| signal(kind).map_err(AgentError::Process);
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Of `https://HOST:PORT/`. A name is looked up once: what it leads to is what must stay open.
fn address_of(server: &str) -> Option<SocketAddr> {
    let (scheme, rest) = server.split_once("://")?;
    let host = rest.split('/').next()?;
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let usual = if scheme == "http" { 80 } else { 443 };
    let host = if has_port { host.to_owned() } else { format!("{host}:{usual}") };
    let mut found = host.to_socket_addrs().unwrap_or_else(|_: io::Error| Vec::new().into_iter());
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_servers_address_is_in_its_url_with_the_schemes_port_where_it_has_none() {
        let is = |server, address: &str| assert_eq!(address_of(server), address.parse().ok());
        is("https://10.0.0.1:6443/", "10.0.0.1:6443");
        is("https://10.0.0.1/", "10.0.0.1:443");
        is("http://[fd00::1]:8080/", "[fd00::1]:8080");
        is("https://[fd00::1]/", "[fd00::1]:443");
        assert_eq!(address_of("nonsense"), None);
    }
}
