//! One node's enforcement: opened, asked, looked after.
//!
//! A pod's hooks are attached while its endpoint has no sets, which is quarantine, see `attach`; what is
//! compiled for its node follows, see `program`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use abi::Event;
use compile::Compiled;
use datapath::{Config, Instance};
use model::PolicyRef;
use node::{Node, NotProgrammed};

use crate::attach::Attached;
use crate::clock::now_ns;
use crate::container::{Containers, FindContainers};
use crate::guard::{Guard, Interfaces};
use crate::host::HostPolicy;
use crate::listen::Listening;
use crate::silent::{self, Place};
use crate::status::{AlarmStatus, NodeStatus};
use crate::{EnforceError, growth, netns, rule_use};

/// A node, and how its policies are to be enforced.
#[derive(Debug)]
pub struct EnforcerSettings {
    /// Its name.
    pub name: String,
    /// Its network namespace.
    pub netns: PathBuf,
    /// The cgroup of everything that runs on it.
    pub cgroup: PathBuf,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Where to pin, and how large the tables are; the cookie of its namespace is found here.
    pub config: Config,
    /// Who runs in its cgroup.
    pub containers: Box<dyn FindContainers>,
}

/// Keeps the policies of one node in force.
#[derive(Debug)]
pub struct Enforcer {
    pub(crate) name: String,
    pub(crate) netns: PathBuf,
    pub(crate) instance: Instance,
    listening: Listening,
    /// What is programmed.
    pub(crate) table: Node,
    addresses: Vec<IpAddr>,
    /// By the interface's name.
    pub(crate) attached: BTreeMap<String, Attached>,
    pub(crate) guard: Guard,
    pub(crate) containers: Containers,
    pub(crate) host: HostPolicy,
    /// The kernel refused larger tables.
    cannot_grow: bool,
}

impl Enforcer {
    /// Loads the programs of a node, or takes up what an earlier process left.
    ///
    /// # Errors
    /// Where the kernel refuses them.
    pub fn open(settings: EnforcerSettings) -> Result<Self, EnforceError> {
        let EnforcerSettings { name, netns, cgroup, addresses, mut config, containers } = settings;
        datapath::ensure_bpffs()?;
        config.node_namespace = Some(netns::within(&netns, datapath::netns_cookie)?);
        let mut instance = Instance::open(&config)?;
        std::fs::create_dir_all(&cgroup)?;
        instance.attach_cgroup(&cgroup)?;
        instance.attach_host(&cgroup)?;
        instance.set_node_addresses(&addresses)?;
        let mut guard = Guard::start(&instance)?;
        guard.tell_what_is_lacking(&instance);
        Ok(Self {
            name,
            netns,
            listening: Listening::start(instance.events()?),
            guard,
            instance,
            table: Node::default(),
            addresses,
            attached: BTreeMap::new(),
            containers: Containers::new(containers),
            host: HostPolicy::default(),
            cannot_grow: false,
        })
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table at hand.
    #[must_use]
    pub fn compiled(&self) -> Option<&Compiled> {
        self.table.compiled()
    }

    /// Who runs on the node.
    #[must_use]
    pub fn containers(&self) -> &Containers {
        &self.containers
    }

    /// Who runs on the node, to be looked at anew.
    pub fn containers_mut(&mut self) -> &mut Containers {
        &mut self.containers
    }

    /// The maps and programs.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Says a line with the next news.
    pub fn tell(&mut self, line: String) {
        self.guard.tell(line);
    }

    /// Learns the node's addresses, by which its own packets are told (ruling N15).
    ///
    /// # Errors
    /// Where the map cannot be written.
    pub fn set_addresses(&mut self, addresses: &[IpAddr]) -> Result<(), EnforceError> {
        if self.addresses != addresses {
            self.instance.set_node_addresses(addresses)?;
            self.addresses = addresses.to_vec();
        }
        Ok(())
    }

    /// Whether the last attempt to program failed.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.table.is_behind()
    }

    /// What of the wanted state is not in force, for lack of room.
    #[must_use]
    pub fn not_programmed(&self) -> &NotProgrammed {
        self.table.not_programmed()
    }

    /// Policies whose rules about the node itself are wanted and not in force, and why.
    #[must_use]
    pub fn refused_on_node(&self) -> (Vec<PolicyRef>, Vec<String>) {
        self.host.refused()
    }

    /// Ends silent connections that the table at hand cuts. Where the kernel cannot, that is news.
    ///
    /// # Errors
    /// Where maps cannot be read.
    pub fn end_silent(&mut self) -> Result<(), EnforceError> {
        let Some(compiled) = self.table.compiled() else { return Ok(()) };
        let places = self.attached.values().map(Attached::place);
        let endpoint = compiled.hosts.values().next().copied();
        let of_node = Place { endpoint, netns: self.netns.clone() };
        let places: Vec<Place> = places.chain([of_node]).collect();
        match silent::end_silent(&self.instance, &compiled.image, &self.addresses, &places) {
            Err(error) if silent::is_unsupported(&error) => {
                self.guard.tell(crate::chain(&error));
                Ok(())
            }
            ended => ended.map(drop),
        }
    }

    /// Makes room for connections, and puts right what others did to the hooks. Returns the news.
    ///
    /// # Errors
    /// Where the node's namespace cannot be entered.
    pub fn look_after(&mut self) -> Result<Vec<String>, EnforceError> {
        if !self.cannot_grow {
            let Self { instance, netns, guard, .. } = self;
            self.cannot_grow = growth::grow_connections(instance, netns, guard)?.is_none();
        }
        let interfaces = self.interfaces();
        let Self { instance, guard, netns, .. } = self;
        Ok(netns::within(netns, || Ok::<_, std::io::Error>(guard.look(instance, &interfaces)))?)
    }

    /// Everything that there is to say of the node.
    ///
    /// # Errors
    /// Where hooks or maps cannot be read.
    pub fn status(&self) -> Result<NodeStatus, EnforceError> {
        let interfaces = self.interfaces();
        let Self { name, instance, guard, netns, .. } = self;
        let mut status = netns::within(netns, || guard.status(name, instance, &interfaces))?;
        status.host = self.host.status();
        if let Some(compiled) = self.table.compiled() {
            status.rules = rule_use::of(instance, compiled)?;
            status.alarms.extend(compiled.unstaged.as_ref().map(AlarmStatus::unstaged));
        }
        Ok(status)
    }

    fn interfaces(&self) -> Interfaces {
        let name = |(id, attached): (&String, &Attached)| {
            (attached.pod.clone().unwrap_or_else(|| id.clone()), attached.interface)
        };
        self.attached.iter().map(name).collect()
    }

    /// What the kernel said since the last call.
    ///
    /// # Errors
    /// Where the ring held something that is no event.
    pub fn heard(&self) -> Result<Vec<Event>, EnforceError> {
        Ok(self.listening.heard()?)
    }

    /// Collects connections that expired, so that a long run finds room.
    ///
    /// # Errors
    /// Where a map cannot be read or written.
    pub fn collected(&self) -> Result<Vec<Event>, EnforceError> {
        Ok(self.instance.collect(now_ns()?)?)
    }
}
