//! The path of one flow through this node: what the oracle says, what the table says, and what the
//! kernel's maps say now, side by side.
//!
//! Where two of them differ, the difference says which step of the agent is behind or wrong.

use abi::RowKey;
use compile::{Compiled, Image};
use enforce::{PodState, chain};
use model::{
    Builtin, Decision, Direction, End, Family, Flow, FlowError, Judgement, PodId, Reason, Traffic,
    World,
};
use serde::Serialize;
use words::{PeerWord, PortError, PortWord, ResolveError, Resolved};

use crate::node_agent::NodeAgent;

/// A flow in words.
#[derive(Clone, Debug)]
pub(crate) struct PathQuery {
    pub(crate) from: PeerWord,
    pub(crate) to: PeerWord,
    pub(crate) port: PortWord,
    /// Of two pods that have both; the first where it is not said.
    pub(crate) family: Option<Family>,
}

/// Why there is no path to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PathError {
    #[error("nothing was programmed yet")]
    Unsettled,
    #[error(transparent)]
    Peer(#[from] ResolveError),
    #[error(
        "{0} is a Service; name one of the pods behind it, because each may be decided otherwise"
    )]
    Service(String),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("the kernel's maps cannot be read: {0}")]
    Maps(String),
}

/// What there is to say of one flow on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Path {
    pub(crate) node: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) traffic: String,
    /// By both ends, from the objects that this node's agent knows.
    pub(crate) oracle: Answers,
    /// The ends that are on this node.
    pub(crate) ends: Vec<PathEnd>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Answers {
    pub(crate) verdict: String,
    pub(crate) egress: Answer,
    pub(crate) ingress: Answer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Answer {
    pub(crate) verdict: String,
    pub(crate) reason: String,
}

/// One end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PathEnd {
    pub(crate) pod: String,
    /// `egress` of the source or `ingress` of the destination.
    pub(crate) direction: String,
    /// Of each interface of it: `enforced`, or why not.
    pub(crate) interfaces: Vec<String>,
    pub(crate) oracle: Answer,
    /// By the table that the agent made.
    pub(crate) table: Steps,
    /// By what the kernel's maps hold now.
    pub(crate) kernel: Steps,
    /// Whether all three say the same, or the programs ask no table for this.
    pub(crate) agrees: bool,
}

/// The look-ups of one end, in the order of the programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Steps {
    /// The endpoint's slot; none where the table does not have it.
    pub(crate) endpoint: Option<u32>,
    /// Its set in this direction; none in quarantine.
    pub(crate) set: Option<u32>,
    /// The class of the other end's address; none where no entry knows it.
    pub(crate) class: Option<u32>,
    /// `peer` for an address that is known by itself, else `prefix`.
    pub(crate) class_by: Option<&'static str>,
    /// The column of the traffic.
    pub(crate) column: u32,
    /// Where the row begins in the map of cells.
    pub(crate) row: Option<u32>,
    /// The rule's number, or 0.
    pub(crate) rule: u32,
    pub(crate) verdict: String,
    pub(crate) reason: String,
}

impl NodeAgent {
    /// The path of a flow. It reads all maps, so it is for people and not for metrics.
    pub(crate) fn path(&self, query: &PathQuery) -> Result<Path, PathError> {
        let (world, rules) = (&self.wanted.world, &self.wanted.rules);
        let compiled = self.enforcer.compiled().ok_or(PathError::Unsettled)?;
        let flow = query.flow(world)?;
        let observed = self.enforcer.instance().observe();
        let observed = observed.map_err(|error| PathError::Maps(chain(&error)))?;
        let decision = policy::decide(world, rules, &flow);
        let both = [
            (Direction::Egress, flow.source(), flow.destination(), &decision.egress),
            (Direction::Ingress, flow.destination(), flow.source(), &decision.ingress),
        ];
        let ends = both.into_iter().filter_map(|(direction, own, other, judgement)| {
            let pod = own.pod().filter(|pod| self.is_here(*pod))?;
            let ask = Ask { compiled, pod, direction, other, traffic: flow.traffic() };
            Some(self.end(&ask, &observed, judgement))
        });
        Ok(Path {
            node: self.settings.node.clone(),
            from: called(world, flow.source()),
            to: called(world, flow.destination()),
            traffic: said(flow.traffic()),
            oracle: answers(&decision),
            ends: ends.collect(),
        })
    }

    fn is_here(&self, pod: PodId) -> bool {
        let pod = self.wanted.world.pod(pod);
        !pod.host_network && pod.node.as_deref() == Some(self.settings.node.as_str())
    }

    fn end(&self, ask: &Ask<'_>, observed: &Image, judgement: &Judgement) -> PathEnd {
        let pod = self.wanted.world.pod(ask.pod).to_string();
        let own = self
            .attachments
            .iter()
            .filter(|(_, one)| format!("{}/{}", one.namespace, one.name) == pod);
        let interfaces = own.map(|(id, _)| format!("{id}: {}", state(self.enforcer.state(id))));
        let interfaces: Vec<String> = interfaces.collect();
        let (oracle, table) = (answer(judgement), ask.steps(&ask.compiled.image));
        let kernel = ask.steps(observed);
        let is_same =
            |steps: &Steps| (&steps.verdict, &steps.reason) == (&oracle.verdict, &oracle.reason);
        let agrees = is_before_table(judgement) || is_same(&table) && is_same(&kernel);
        let direction = ask.direction.to_string();
        PathEnd { pod, direction, interfaces, oracle, table, kernel, agrees }
    }
}

impl PathQuery {
    fn flow(&self, world: &World) -> Result<Flow, PathError> {
        let asked = self.from.family().or(self.to.family()).or(self.family);
        let family = asked.unwrap_or(Family::V4);
        let (source, _) = end(&self.from, world, family)?;
        let (destination, pod) = end(&self.to, world, family)?;
        let pod = pod.map(|pod| world.pod(pod));
        Ok(Flow::new(source, destination, self.port.traffic(pod, family)?, family)?)
    }
}

fn end(word: &PeerWord, world: &World, family: Family) -> Result<(End, Option<PodId>), PathError> {
    match word.resolve(world, "default", family)? {
        Resolved::End(end, _) => {
            let pod = end.pod();
            Ok((end, pod))
        }
        Resolved::Service(service) => {
            Err(PathError::Service(format!("{}/{}", service.namespace, service.name)))
        }
    }
}

/// What is looked up.
struct Ask<'a> {
    compiled: &'a Compiled,
    pod: PodId,
    direction: Direction,
    other: &'a End,
    traffic: Traffic,
}

impl Ask<'_> {
    fn steps(&self, image: &Image) -> Steps {
        let endpoint = self.compiled.slots.get(&self.pod).copied();
        let sets = endpoint.and_then(|slot| image.endpoints.get(&slot)).map(|one| one.sets);
        let set = sets.filter(|sets| sets.is_live()).map(|sets| match self.direction {
            Direction::Ingress => sets.ingress(),
            Direction::Egress => sets.egress(),
        });
        let address = self.other.address().map(abi::Address::from);
        let class = address.and_then(|address| image.class(address));
        let is_peer = address.is_some_and(|address| image.peers.contains_key(&address));
        let row = set.zip(class).and_then(|(set, class)| image.rows.get(&RowKey { set, class }));
        let found = endpoint
            .zip(self.other.address())
            .map(|(slot, address)| image.lookup(slot, self.direction, address, self.traffic));
        let rule = found.map_or(0, |found| found.rule);
        let code = found.and_then(|found| found.reason).map_or(0, Builtin::code);
        let reason = enforce::reason(Some(self.compiled), rule, code);
        Steps {
            endpoint,
            set,
            class,
            class_by: class.map(|_| if is_peer { "peer" } else { "prefix" }),
            column: image.column(self.traffic),
            row: row.map(|row| row.base),
            rule,
            verdict: found.map_or_else(|| "unknown".to_owned(), |found| found.verdict.to_string()),
            reason: reason
                .map_or_else(|| format!("rule {rule} of another table"), |it| it.to_string()),
        }
    }
}

/// What the programs decide before they look anything up.
fn is_before_table(judgement: &Judgement) -> bool {
    let before = [Builtin::Itself, Builtin::LocalNode, Builtin::Host, Builtin::Addressing];
    before.into_iter().any(|builtin| judgement.reason == Reason::Builtin(builtin))
}

fn answers(decision: &Decision) -> Answers {
    let Decision { egress, ingress } = decision;
    let verdict = decision.verdict().to_string();
    Answers { verdict, egress: answer(egress), ingress: answer(ingress) }
}

fn answer(judgement: &Judgement) -> Answer {
    Answer { verdict: judgement.verdict.to_string(), reason: judgement.reason.to_string() }
}

fn called(world: &World, end: &End) -> String {
    match end {
        End::Pod { pod, .. } => world.pod(*pod).to_string(),
        End::Host { node: Some(node), .. } => format!("node/{}", world.node(*node).name),
        End::Host { node: None, address } => format!("a node at {}", words_of(*address)),
        End::UnknownPod { address } => format!("an unknown pod at {address}"),
        End::External { address } => address.to_string(),
        End::Domain { name } => name.clone(),
    }
}

fn words_of(address: Option<std::net::IpAddr>) -> String {
    address.map_or_else(|| "no address".to_owned(), |address| address.to_string())
}

fn said(traffic: Traffic) -> String {
    match traffic {
        Traffic::Port(protocol, port) => format!("{port}/{}", protocol.name()),
        Traffic::Other(_) => format!("protocol {}", traffic.number()),
    }
}

/// A pod's state in words.
pub(crate) fn state(state: Option<PodState>) -> String {
    match state {
        Some(PodState::Enforced) => "enforced".to_owned(),
        Some(PodState::Behind) => "quarantine: its policies are not in force yet".to_owned(),
        Some(PodState::Unowned) => "quarantine: nobody has said whose it is".to_owned(),
        Some(PodState::Held(_, why)) => why,
        None => "not attached".to_owned(),
    }
}
