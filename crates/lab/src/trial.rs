//! The agents' way to their API server, tried wherever a policy of a node is new.
//!
//! An agent is a process of its node, so the node's own process tries for it: what stops one stops the
//! other.

use std::net::SocketAddr;
use std::time::Duration;

use crate::fabric::Sender;
use crate::message::{Ask, Carrier, Outcome};
use crate::{Lab, LabError};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(1);

impl Lab {
    /// Tries it once for every node whose policy is on trial. Returns what there is to be told.
    pub(crate) fn try_nodes(&mut self) -> Result<Vec<String>, LabError> {
        let Some(server) = self.scene.guarded.protected.api_server else { return Ok(Vec::new()) };
        let mut news = Vec::new();
        for node in self.on_trial() {
            let Some(reached) = self.reaches(node, server)? else { continue };
            let Some(enforcement) = &mut self.enforcement else { continue };
            news.extend(enforcement.tried(node, reached, &self.scene)?);
        }
        Ok(news)
    }

    /// Tries until no policy is on trial any more: what is probed then is what stays.
    pub(crate) fn prove_nodes(&mut self) -> Result<(), LabError> {
        while !self.on_trial().is_empty() {
            let begun = std::time::Instant::now();
            let news = self.try_nodes()?;
            self.enforcement.iter_mut().for_each(|enforcement| enforcement.tell(&news));
            if !self.on_trial().is_empty() {
                // An attempt that fails at once says no more than one that waits.
                let rest = ATTEMPT.saturating_sub(begun.elapsed());
                self.runtime.block_on(tokio::time::sleep(rest));
                self.check_interrupt()?;
            }
        }
        Ok(())
    }

    fn on_trial(&self) -> Vec<usize> {
        self.enforcement.as_ref().map_or_else(Vec::new, crate::enforcement::Enforcement::on_trial)
    }

    /// Whether a packet goes there and one comes back: who refuses has heard the question. Nothing
    /// where the node's process does not run yet.
    fn reaches(&mut self, node: usize, server: SocketAddr) -> Result<Option<bool>, LabError> {
        let addresses = self.fabric.nodes.get(node).map(|site| site.wanted.addresses.clone());
        let mut own = addresses.into_iter().flatten();
        let Some(source) = own.find(|own| own.is_ipv4() == server.is_ipv4()) else {
            return Ok(Some(false));
        };
        let ask = Ask {
            id: 0,
            carrier: Carrier::Tcp,
            source,
            source_port: self.source_port(source),
            destination: server.ip(),
            port: server.port(),
            timeout_ms: u32::try_from(ATTEMPT.as_millis()).unwrap_or(u32::MAX),
        };
        let mut helpers = self.fabric.helpers();
        let Some(helper) = helpers.remove(&Sender::Node(node)) else { return Ok(None) };
        let answers = self.runtime.block_on(helper.ask(&[ask], || ()))?;
        Ok(Some(answers.iter().any(|answer| match answer.outcome {
            Outcome::Reached { .. } | Outcome::Refused => true,
            Outcome::Timeout | Outcome::Forbidden | Outcome::Error { .. } => false,
        })))
    }
}
