//! `ringfence status`: whether every node enforces, since when, what is missing, and whom no policy
//! selects.
//!
//! A node of which nothing is known is a row like the others.

use std::collections::BTreeMap;

use clap::Args;
use cluster::{Connection, Listed, Scope};
use fleet::{Coverage, NodeState, Said};
use manifest::{Options, ReadAs};
use model::World;
use report::{Header, Report, Table};
use serde::Serialize;

use crate::agents::Agents;
use crate::at::online;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Args, Debug)]
#[command(after_help = "\
It ends with 0 where every node enforces everything, and with 1 where one does not or nothing is known
of it. With --server nothing is said of nodes that were not asked, nor of pods without a policy.

Examples:
  ringfence status
  ringfence status -o json | jq '.nodes[] | select(.lacks != [])'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    agents: Agents,
    #[command(flatten)]
    output: Output,
}

/// What is said.
#[derive(Serialize)]
struct Body {
    nodes: Vec<Node>,
    /// By namespace; nothing where no API server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespaces: Option<BTreeMap<String, Coverage>>,
}

/// A node.
#[derive(Serialize)]
struct Node {
    #[serde(flatten)]
    state: NodeState,
    /// Everything that is not as it should be.
    lacks: Vec<String>,
}

/// Asks every agent, and the API server.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    online(async {
        let (connection, fleet) = arguments.agents.fleet().await?;
        let states = fleet::states(&fleet).await;
        let (namespaces, unknown) = match &connection {
            Some(connection) => covered(connection).await?,
            None => (None, Vec::new()),
        };
        let of = |state: NodeState| Node { lacks: state.lacks(), state };
        let body = Body { nodes: states.into_iter().map(of).collect(), namespaces };
        Ok(arguments.say(&body, unknown))
    })
}

type Covered = (Option<BTreeMap<String, Coverage>>, Vec<String>);

/// Whom policies select, as far as that may be read.
async fn covered(connection: &Connection) -> Result<Covered, miette::Report> {
    let scope = Scope { namespaces: vec![connection.namespace.clone()], is_whole: false };
    let Listed { documents, unread } = cluster::list(connection, &scope, &|_| ()).await?;
    let options = Options { read_as: ReadAs::Cluster, ..Options::default() };
    let reading = manifest::read(&documents, &options);
    let unknown = cluster::unread_words(&unread);
    let world = match World::new(reading.parts) {
        Ok(world) => world,
        Err(error) => {
            eprintln!("error: {error}");
            return Ok((None, unknown));
        }
    };
    Ok((Some(fleet::coverage(&world, &reading.rules)), unknown))
}

impl Arguments {
    fn say(&self, body: &Body, unknown: Vec<String>) -> Exit {
        let mut table = Table::new(
            &["node", "agent", "enforcing since", "pods", "not programmed", "lacks"],
            &["notes"],
        );
        body.nodes.iter().for_each(|node| table.push(row(node)));
        let header = Header {
            tool: "ringfence status".to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: "live".to_owned(),
            options: Vec::new(),
            unknown,
            staged: 0,
            complete: true,
        };
        let said = self.output.say(&Report {
            header: &header,
            body,
            lines: &body.nodes,
            table: &table,
            closing: &closing(body),
        });
        said.unless_bad(!is_good(body))
    }
}

fn is_good(body: &Body) -> bool {
    let is_well = |node: &Node| is_enforcing(node) && node.lacks.is_empty();
    !body.nodes.is_empty() && body.nodes.iter().all(is_well)
}

fn is_enforcing(node: &Node) -> bool {
    node.state.ready_since().is_some() && node.state.is_held_back().is_none()
}

fn row(node: &Node) -> [String; 7] {
    let (agent, pods, not_programmed) = match &node.state.said {
        Said::Answers(status) => {
            let version = match status.part.version.as_str() {
                "" => "answers".to_owned(),
                version => version.to_owned(),
            };
            let pods = status.part.pods.len().to_string();
            (version, pods, status.not_programmed.to_string())
        }
        Said::Silent { .. } => ("silent".to_owned(), String::new(), String::new()),
        Said::None { .. } => ("none".to_owned(), String::new(), String::new()),
    };
    let since = node.state.ready_since().unwrap_or("not").to_owned();
    let since = node.state.is_held_back().unwrap_or(since);
    [
        node.state.node.clone(),
        agent,
        since,
        pods,
        not_programmed,
        node.lacks.join("\n"),
        node.state.notes().join("\n"),
    ]
}

/// A line for each namespace that has pods, and one for all nodes.
fn closing(body: &Body) -> Vec<String> {
    let namespaces = body.namespaces.iter().flatten();
    let lines = namespaces.map(|(name, Coverage { both, ingress_only, egress_only, none, host_network })| {
        format!(
            "{name}: policies select {both} pods in both directions, {ingress_only} for ingress \
             alone, {egress_only} for egress alone, {none} not at all; {host_network} on the node's network"
        )
    });
    let enforcing = body.nodes.iter().filter(|node| is_enforcing(node)).count();
    let last = format!("nodes={} enforcing={enforcing}", body.nodes.len());
    lines.chain([last]).collect()
}
