//! Reads one lowered rule.
//!
//! Absent `peers` and `ports` mean everybody and everything; empty lists mean none.

use model::{
    Action, Block, Peer, Peers, PolicyKind, PolicyRef, PortMatch, PortRange, Ports, ProcessMatch,
    Protocol, Rule, Subject, Tier,
};
use serde::Deserialize;

use super::selector;
use crate::corpus;

/// A rule as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// Kind, name, direction and index, as reasons show them.
    rule: String,
    /// The tier; the kind's own if absent. Only a ClusterNetworkPolicy needs it.
    tier: Option<TierText>,
    #[serde(default)]
    group: u16,
    /// `NAMESPACES / PODS`, two selectors, or `nodes SELECTOR`.
    subject: String,
    /// Only processes of this container; only of rules about what a pod sends.
    container: Option<String>,
    /// Only processes of the executable with this path; as above.
    executable: Option<String>,
    /// `NAMESPACES / PODS`, `block CIDR`, `block CIDR except CIDR CIDR`, `nodes SELECTOR`, `dns NAME`.
    peers: Option<Vec<String>>,
    /// `80/tcp`, `8000-8100/udp`, `all/sctp`, `http/tcp`, `http`.
    ports: Option<Vec<String>>,
    action: ActionText,
    /// Its policy is staged.
    #[serde(default)]
    staged: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TierText {
    Admin,
    Baseline,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionText {
    Allow,
    Deny,
    Pass,
}

impl RuleText {
    /// The rule.
    ///
    /// # Errors
    /// The part that cannot be read.
    pub fn rule(&self) -> Result<Rule, String> {
        let Some(model::Reason::Rule(origin)) = corpus::reason(&self.rule) else {
            return Err(self.rule.clone());
        };
        Ok(Rule {
            tier: self.tier(origin.policy.kind)?,
            group: self.group,
            origin,
            subject: self.subject()?,
            peers: match &self.peers {
                Some(peers) => Peers::OneOf(read_all(peers, peer)?),
                None => Peers::Any,
            },
            ports: match &self.ports {
                Some(ports) => Ports::OneOf(read_all(ports, port)?),
                None => Ports::Any,
            },
            action: match self.action {
                ActionText::Allow => Action::Allow,
                ActionText::Deny => Action::Deny,
                ActionText::Pass => Action::Pass,
            },
        })
    }

    /// The policy that this makes a staged one.
    #[must_use]
    pub fn staged(&self) -> Option<PolicyRef> {
        match corpus::reason(&self.rule) {
            Some(model::Reason::Rule(origin)) if self.staged => Some(origin.policy),
            Some(_) | None => None,
        }
    }

    /// Nobody can tell which process a packet is for, so no rule may ask; nor can one of a node's.
    fn subject(&self) -> Result<Subject, String> {
        let processes =
            ProcessMatch { container: self.container.clone(), executable: self.executable.clone() };
        let subject = read(&self.subject, subject)?;
        let has_none = self.rule.contains(" ingress[") || subject.nodes.is_some();
        match has_none && !processes.is_everybody() {
            true => Err(format!("the processes of {}", self.rule)),
            false => Ok(Subject { processes, ..subject }),
        }
    }

    fn tier(&self, kind: PolicyKind) -> Result<Tier, String> {
        match (kind, self.tier) {
            (PolicyKind::NetworkPolicy, None) => Ok(Tier::NetworkPolicy),
            (PolicyKind::AdminNetworkPolicy, None)
            | (PolicyKind::ClusterNetworkPolicy, Some(TierText::Admin)) => Ok(Tier::Admin),
            (PolicyKind::BaselineAdminNetworkPolicy, None)
            | (PolicyKind::ClusterNetworkPolicy, Some(TierText::Baseline)) => Ok(Tier::Baseline),
            (PolicyKind::ClusterNetworkPolicy, None)
            | (
                PolicyKind::NetworkPolicy
                | PolicyKind::AdminNetworkPolicy
                | PolicyKind::BaselineAdminNetworkPolicy,
                Some(_),
            ) => Err(format!("the tier of {}", self.rule)),
        }
    }
}

fn read<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    parse(text).ok_or_else(|| text.to_owned())
}

fn read_all<T>(texts: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    texts.iter().map(|text| read(text, &parse)).collect()
}

fn subject(text: &str) -> Option<Subject> {
    if let Some(nodes) = text.strip_prefix("nodes ") {
        return selector(nodes).map(Subject::of_nodes);
    }
    let (namespaces, pods) = text.split_once(" / ")?;
    Some(Subject::new(selector(namespaces)?, selector(pods)?))
}

fn peer(text: &str) -> Option<Peer> {
    if let Some(block_text) = text.strip_prefix("block ") {
        return block(block_text).map(Peer::Block);
    }
    if let Some(nodes) = text.strip_prefix("nodes ") {
        return selector(nodes).map(Peer::Nodes);
    }
    if let Some(name) = text.strip_prefix("dns ") {
        return Some(Peer::Domain(name.to_owned()));
    }
    subject(text).map(|Subject { namespaces, pods, .. }| Peer::Pods { namespaces, pods })
}

fn block(text: &str) -> Option<Block> {
    let (cidr, except) = match text.split_once(" except ") {
        Some((cidr, except)) => (cidr, except.split(' ').map(str::parse).collect()),
        None => (text, Ok(Vec::new())),
    };
    let except: Result<Vec<ipnet::IpNet>, _> = except;
    Block::new(cidr.parse().ok()?, except.ok()?).ok()
}

fn port(text: &str) -> Option<PortMatch> {
    let Some((ports, protocol)) = text.split_once('/') else {
        return Some(PortMatch::Named { protocol: None, name: text.to_owned() });
    };
    let protocol = Protocol::ALL.into_iter().find(|known| known.name() == protocol)?;
    if ports == "all" {
        return Some(PortMatch::Numbers { protocol, range: PortRange::ALL });
    }
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) => {
            Some(PortMatch::Numbers { protocol, range: PortRange::new(first, last).ok()? })
        }
        (Err(_), _) | (_, Err(_)) => {
            Some(PortMatch::Named { protocol: Some(protocol), name: ports.to_owned() })
        }
    }
}
