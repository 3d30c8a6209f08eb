//! What is done every second: hear, collect, put right, and try again what failed.
//!
//! Sandboxes, addresses and hooks change without a word; whoever depends on them looks.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use enforce::chain;

use crate::chain_file::{Installed, install};
use crate::node_agent::NodeAgent;
use crate::{AgentError, Moment, host_end};

/// How long the API server may take to answer while a policy of the node proves itself.
const TRIAL: Duration = Duration::from_millis(500);

/// How often it is looked whether the plugin has its place. Both files are read for that.
const PLUGIN: Duration = Duration::from_secs(5);

impl NodeAgent {
    /// One look at everything.
    pub(crate) fn look_after(&mut self) {
        let looked = self.look();
        if let Err(error) = looked {
            tracing::warn!(error = chain(&error), "the node was not looked after");
        }
        if self.view.switch_mut().is_some_and(|switch| switch.look(Moment::now())) {
            self.reconcile(Instant::now());
        }
        if self.is_settled && (self.enforcer.is_behind() || self.failed.is_some()) {
            self.reconcile(Instant::now());
        }
        self.answer_waiting();
        self.see_to_plugin();
        let lacks = self.lacks();
        self.account.note(lacks.is_empty());
        self.tell(&lacks);
        self.measure(lacks.is_empty());
        self.health.say(lacks);
    }

    fn look(&mut self) -> Result<(), AgentError> {
        self.hear_flows()?;
        let collected = self.enforcer.collected()?;
        self.note_flows(&collected)?;
        let gone = self.enforcer.gone()?;
        let is_news = self.look_at_addresses()? || !gone.is_empty();
        self.detach(&gone)?;
        self.enforcer.collect_interfaces()?;
        if is_news {
            self.reconcile(Instant::now());
        }
        if self.is_settled {
            self.adopt()?;
            self.enforcer.tell_processes(&self.wanted.world)?;
        }
        for line in self.enforcer.look_after()? {
            self.metrics.said();
            tracing::warn!("{line}");
        }
        self.try_api_server()
    }

    /// Whether the node has other addresses than a moment ago.
    pub(crate) fn look_at_addresses(&mut self) -> Result<bool, AgentError> {
        let addresses = host_end::addresses_of_node(&self.settings.netns)?;
        let is_new = addresses != self.addresses;
        if is_new {
            self.enforcer.set_addresses(&addresses)?;
            self.addresses = addresses;
        }
        Ok(is_new)
    }

    /// A policy of the node that is new must not cut the agent off.
    fn try_api_server(&mut self) -> Result<(), AgentError> {
        let Some(server) = self.api_server.filter(|_| self.enforcer.is_on_trial()) else {
            return Ok(());
        };
        let tried = TcpStream::connect_timeout(&server, TRIAL);
        // Who refuses has heard the question.
        let reached = match &tried {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        };
        for line in self.enforcer.tried(reached, self.wanted.desired())? {
            tracing::warn!("{line}");
        }
        Ok(())
    }

    /// The plugin has its place once pods can be added, and gets it back when another takes it.
    pub(crate) fn see_to_plugin(&mut self) {
        let is_due = self.not_installed.is_some()
            || self.looked_at_plugin.is_none_or(|at| at.elapsed() >= PLUGIN);
        let place = self.settings.install.as_ref().filter(|_| self.is_settled && is_due);
        let Some(place) = place else { return };
        self.looked_at_plugin = Some(Instant::now());
        let not_installed = match install(place, &self.settings.socket) {
            Ok(Installed::Already) => None,
            Ok(Installed::Now) => {
                tracing::info!("the plugin is in the node's network");
                None
            }
            Err(error) => Some(chain(&error)),
        };
        if not_installed != self.not_installed {
            if let Some(error) = &not_installed {
                tracing::warn!(error, "the plugin is not in the node's network");
            }
            self.not_installed = not_installed;
        }
    }

    /// Everything that is not as it should be.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let missing = self.view.missing();
        let missing = (!missing.is_empty()).then(|| format!("not listed: {}", missing.join(", ")));
        let unsettled = (!self.is_settled).then(|| "nothing was programmed yet".to_owned());
        let installed =
            self.not_installed.as_ref().map(|why| format!("the plugin is not in its place: {why}"));
        // Where some may run without any policy, these may be they.
        let unattached = self.unattached.iter().filter(|_| !self.settings.allow_unprotected);
        let unattached = unattached.map(|pod| format!("not attached: {pod}"));
        missing
            .into_iter()
            .chain(unsettled)
            .chain(self.failed.clone())
            .chain(installed)
            .chain(unattached)
            .collect()
    }

    fn measure(&self, is_ready: bool) {
        let status = self.enforcer.status();
        let states = self.attachments.iter().map(|(id, _)| self.enforcer.state(id));
        let states: Vec<_> = states.collect();
        self.metrics.gauges(self, &states, is_ready);
        match status {
            Ok(status) => self.metrics.status(&status),
            Err(error) => tracing::warn!(error = chain(&error), "the node cannot be measured"),
        }
    }
}
