//! The node's agent: everything that it holds, and how it takes up what the one before left.
//!
//! One thread owns it, so that nothing happens twice at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use cluster::SwitchNews;
use cni::{Answer, AttachmentKey};
use datapath::Config;
use enforce::{Desired, Enforcer, EnforcerSettings, Guarded, PodInterface, Protected};
use model::{Rules, World};
use tokio::sync::oneshot;

use crate::account::Account;
use crate::attachment::{Attached, Attachments};
use crate::flow_record::FlowRecords;
use crate::in_force::InForce;
use crate::kubepods::{ContainerNames, Kubepods};
use crate::publish::Mailbox;
use crate::report::Said;
use crate::{
    AgentError, Health, Metrics, Moment, Settings, Switch, SwitchSettings, View, host_end,
};

/// Everything that the agent of a node holds.
#[derive(Debug)]
pub(crate) struct NodeAgent {
    pub(crate) settings: Settings,
    pub(crate) enforcer: Enforcer,
    pub(crate) view: View,
    pub(crate) attachments: Attachments,
    /// Of the node's network namespace.
    pub(crate) addresses: Vec<IpAddr>,
    /// Where the API server is, as far as that is an address.
    pub(crate) api_server: Option<SocketAddr>,
    pub(crate) wanted: Wanted,
    pub(crate) names: ContainerNames,
    /// ADDs that are not answered yet.
    pub(crate) waiting: Vec<Waiting>,
    /// Pods that a setting lets run without any policy.
    pub(crate) unprotected: BTreeSet<AttachmentKey>,
    /// Objects that cannot be read, and what is wrong with them.
    pub(crate) unreadable: BTreeMap<String, String>,
    /// Pods of this node that run and are not attached.
    pub(crate) unattached: Vec<String>,
    /// Everything was programmed once, and every pod that was there is attached.
    pub(crate) is_settled: bool,
    /// Why the plugin is not in its place; nothing where it is.
    pub(crate) not_installed: Option<String>,
    pub(crate) looked_at_plugin: Option<Instant>,
    pub(crate) failed: Option<String>,
    /// How much of the policies is in the kernel.
    pub(crate) in_force: InForce,
    /// What is told to the API server.
    pub(crate) said: Said,
    pub(crate) mailbox: Mailbox,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) flows: FlowRecords,
    pub(crate) account: Account,
}

/// Where others read what the agent tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) flows: FlowRecords,
    pub(crate) mailbox: Mailbox,
}

/// What is wanted of the node.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) world: World,
    pub(crate) rules: Rules,
    pub(crate) guarded: Guarded,
}

impl Wanted {
    pub(crate) fn desired(&self) -> Desired<'_> {
        Desired { world: &self.world, rules: &self.rules, guarded: &self.guarded }
    }
}

/// An ADD that waits for its pod's policies.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) since: Instant,
    pub(crate) reply: oneshot::Sender<Answer>,
}

impl NodeAgent {
    /// Takes up what the agent before left: its programs, links and maps go on as they are.
    pub(crate) fn open(
        settings: Settings,
        api_server: Option<SocketAddr>,
        Told { metrics, health, flows, mailbox }: Told,
    ) -> Result<Self, AgentError> {
        let mut attachments = Attachments::open(&settings.state_dir)?;
        let addresses = host_end::addresses_of_node(&settings.netns)?;
        let names = ContainerNames::default();
        let mut enforcer = Enforcer::open(EnforcerSettings {
            name: settings.node.clone(),
            netns: settings.netns.clone(),
            cgroup: settings.cgroup.clone(),
            addresses: addresses.clone(),
            config: Config::new(settings.pins.clone()),
            containers: Box::new(Kubepods { root: settings.cgroup.clone(), names: names.clone() }),
        })?;
        enforcer.collect_interfaces()?;
        forget_dead(&settings, &mut attachments)?;
        let resumed: Vec<PodInterface> = attachments.iter().map(resumed).collect();
        enforcer.resume(&resumed)?;
        let not_installed = settings.install.as_ref().map(|_| "nothing is programmed yet".into());
        let view = View::new(settings.pod_networks.clone()).with_switch(switch(&settings)?);
        let host = &settings.host;
        let protected = Protected {
            api_server: host.api_server.or(api_server),
            dns: host.dns.clone(),
            ssh_from: host.ssh_from.clone(),
        };
        let guarded = Guarded { protected, allow_lock_out: host.allow_lock_out };
        Ok(Self {
            enforcer,
            view,
            attachments,
            addresses,
            api_server,
            wanted: Wanted { guarded, ..Wanted::default() },
            names,
            waiting: Vec::new(),
            unprotected: BTreeSet::new(),
            unreadable: BTreeMap::new(),
            unattached: Vec::new(),
            is_settled: false,
            not_installed,
            looked_at_plugin: None,
            failed: None,
            in_force: InForce::default(),
            said: Said::new(),
            mailbox,
            metrics,
            health,
            flows,
            account: Account::default(),
            settings,
        })
    }

    /// The pod of an attachment, if the API server knows it.
    pub(crate) fn owner(view: &View, attached: &Attached) -> Option<String> {
        let Attached { namespace, name, uid, .. } = attached;
        view.is_pod(namespace, name, uid).then(|| format!("{namespace}/{name}"))
    }
}

/// The switch as the agent before knew it. Where nobody is asked, what holds is known from the start.
fn switch(settings: &Settings) -> Result<Switch, AgentError> {
    let SwitchSettings { namespace, unsaid, .. } = &settings.switch;
    let now = Moment::now();
    let mut switch = Switch::open(&settings.node, &settings.state_dir, *unsaid, now)?;
    if namespace.is_none() {
        switch.hear(&SwitchNews::Absent, now);
    }
    Ok(switch)
}

/// Who had it is asked again as soon as the API server has said who there is.
fn resumed((id, attached): (&String, &Attached)) -> PodInterface {
    let Attached { namespace, name, .. } = attached;
    attached.interface(id, Some(format!("{namespace}/{name}")))
}

/// A sandbox that went while no agent ran has left nothing but its line.
fn forget_dead(settings: &Settings, attachments: &mut Attachments) -> Result<(), AgentError> {
    let is_dead = |(id, attached): &(&String, &Attached)| {
        let name = id.rsplit('/').next().unwrap_or_default();
        let end = host_end::find(&settings.netns, &attached.netns, name);
        !end.is_ok_and(|end| (end.index, end.mac) == (attached.index, attached.mac))
    };
    let dead: Vec<String> = attachments.iter().filter(is_dead).map(|(id, _)| id.clone()).collect();
    Ok(attachments.remove(&dead)?)
}
