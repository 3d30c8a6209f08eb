//! Which agents of which cluster a command asks.
//!
//! Through the API server where they are pods, directly where somebody says their addresses.

use clap::Args;
use cluster::Connection;
use fleet::{Agent, Fleet, FleetError, SYSTEM_NAMESPACE};

use crate::at::At;

/// Which agents.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Agents {
    #[command(flatten)]
    pub(crate) at: At,
    /// Namespace of the agents
    #[arg(long, value_name = "NAMESPACE", default_value = SYSTEM_NAMESPACE)]
    pub(crate) system_namespace: String,
    /// Ask the agent at this address, and no API server which agents there are
    #[arg(long = "server", value_name = "ADDR:PORT")]
    pub(crate) servers: Vec<String>,
}

impl Agents {
    /// The agents, and the way to the cluster where one is asked.
    pub(crate) async fn fleet(&self) -> Result<(Option<Connection>, Fleet), miette::Report> {
        if !self.servers.is_empty() {
            let agents = self.servers.iter().map(|address| Agent::at(address)).collect();
            return Ok((None, Fleet { agents, without: Vec::new() }));
        }
        let connection = self.at.connect().await?;
        let fleet = fleet::find(&connection, &self.system_namespace).await?;
        Ok((Some(connection), fleet))
    }

    /// The same, where an agent is needed; nodes without one are told.
    pub(crate) async fn answering(&self, nodes: &[String]) -> Result<Vec<Agent>, miette::Report> {
        let (_, fleet) = self.fleet().await?;
        let fleet = fleet.of_nodes(nodes)?;
        if fleet.agents.is_empty() {
            return Err(FleetError::NoAgents { namespace: self.system_namespace.clone() }.into());
        }
        for (node, why) in &fleet.without {
            eprintln!("warning: nothing is known of the node {node}: {why}");
        }
        Ok(fleet.agents)
    }
}
