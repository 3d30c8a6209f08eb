//! Counterexamples: one flow that is not as a test says, and the rules that decide it.
//!
//! A person does not believe a failed proof; a flow that can be asked again is believed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use model::{
    Decision, Direction, End, Flow, Judgement, Labels, Pod, Reason, Rules, Traffic, Verdict, World,
};
use serde::{Serialize, Serializer};

impl Counterexample {
    /// Whether another one is about the same flow, with the same verdict.
    pub(crate) fn is_same_flow(&self, other: &Self) -> bool {
        let flow = |one: &Self| {
            (one.from.clone(), one.to.clone(), one.through.clone(), one.traffic, one.verdict)
        };
        flow(self) == flow(other)
    }
}

/// One flow and what both ends say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counterexample {
    /// Who starts it.
    pub from: EndShown,
    /// Whom it is for.
    pub to: EndShown,
    /// The Service that leads to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// On what.
    #[serde(serialize_with = "shown")]
    pub traffic: Traffic,
    /// Whether it may pass.
    #[serde(serialize_with = "shown")]
    pub verdict: Verdict,
    /// What the source's egress and the destination's ingress say.
    pub ends: [EndSaid; 2],
}

/// One end of a counterexample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all_fields = "camelCase", tag = "kind", rename_all = "kebab-case")]
pub enum EndShown {
    /// A pod of the input.
    Pod {
        /// `NS/NAME`.
        name: String,
        /// What made it.
        #[serde(skip_serializing_if = "Option::is_none")]
        workload: Option<String>,
    },
    /// A pod that does not exist and could.
    FuturePod {
        /// Its namespace.
        namespace: String,
        /// The labels of its namespace, where that does not exist either.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace_labels: Option<BTreeMap<String, String>>,
        /// Its labels.
        labels: BTreeMap<String, String>,
        /// Its port names, as `NAME=NUMBER/PROTOCOL`.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ports: Vec<String>,
        /// Its address, where that matters.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// A node, an address or a DNS name.
    Other {
        /// `node/NAME`, an address, `dns:NAME`.
        name: String,
    },
}

/// What one end says, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndSaid {
    /// Which end.
    #[serde(serialize_with = "shown")]
    pub direction: Direction,
    /// Whether it lets the flow pass.
    #[serde(serialize_with = "shown")]
    pub verdict: Verdict,
    /// The rule, the policies that isolate, or why none was needed.
    #[serde(serialize_with = "shown")]
    pub reason: Reason,
    /// The file of the rule or the first policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// Its line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

fn shown<T: fmt::Display, S: Serializer>(it: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(it)
}

impl Counterexample {
    /// Of a flow in `world`, in which pods named `future` do not exist yet.
    pub(crate) fn new(
        world: &World,
        rules: &Rules,
        flow: &Flow,
        decision: &Decision,
        is_future: impl Fn(&Pod) -> Option<bool>,
    ) -> Self {
        Self {
            from: EndShown::of(world, flow.source(), &is_future),
            to: EndShown::of(world, flow.destination(), &is_future),
            through: None,
            traffic: flow.traffic(),
            verdict: decision.verdict(),
            ends: [
                EndSaid::of(Direction::Egress, &decision.egress, rules),
                EndSaid::of(Direction::Ingress, &decision.ingress, rules),
            ],
        }
    }
}

impl EndShown {
    /// `is_future` says of a pod that does not exist whether its namespace is new too.
    fn of(world: &World, end: &End, is_future: &impl Fn(&Pod) -> Option<bool>) -> Self {
        let Some(pod) = end.pod().map(|id| world.pod(id)) else {
            return Self::Other { name: other(world, end) };
        };
        let Some(has_new_namespace) = is_future(pod) else {
            let workload = pod.owner.as_ref().map(|owner| {
                format!("{}/{}/{}", pod.namespace, owner.kind.to_lowercase(), owner.name)
            });
            return Self::Pod { name: pod.to_string(), workload };
        };
        let named = pod.ports.iter().filter_map(|port| Some((port.name.as_deref()?, port)));
        let ports = named.map(|(name, port)| format!("{name}={}/{}", port.number, port.protocol));
        Self::FuturePod {
            namespace: pod.namespace.clone(),
            namespace_labels: has_new_namespace
                .then(|| map(world.namespace_labels(&pod.namespace))),
            labels: map(&pod.labels),
            ports: ports.collect(),
            address: pod.addresses.first().map(ToString::to_string),
        }
    }
}

fn map(labels: &Labels) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn other(world: &World, end: &End) -> String {
    match end {
        End::Host { node: Some(node), .. } => format!("node/{}", world.node(*node).name),
        End::Host { node: None, address } => match address {
            Some(address) => format!("a node at {address}"),
            None => "a node".to_owned(),
        },
        End::UnknownPod { address } => format!("unknown pod {address}"),
        End::External { address } => address.to_string(),
        End::Domain { name } => format!("dns:{name}"),
        End::Pod { pod, .. } => world.pod(*pod).to_string(),
    }
}

impl EndSaid {
    fn of(direction: Direction, judgement: &Judgement, rules: &Rules) -> Self {
        let place = rules.reason_place(&judgement.reason);
        Self {
            direction,
            verdict: judgement.verdict,
            reason: judgement.reason.clone(),
            file: place.map(|place| Arc::clone(&place.file)),
            line: place.map(|place| place.line),
        }
    }
}

impl fmt::Display for EndShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { name, workload: None } => f.write_str(name),
            Self::Pod { name, workload: Some(workload) } => write!(f, "{name} ({workload})"),
            Self::Other { name } => f.write_str(name),
            Self::FuturePod { namespace, namespace_labels, labels, ports, address } => {
                write!(f, "a pod that could exist: namespace {namespace}")?;
                if let Some(namespace_labels) = namespace_labels {
                    write!(f, " (new")?;
                    let told = namespace_labels.iter().filter(|(_, value)| *value != namespace);
                    told.into_iter().try_for_each(|(key, value)| write!(f, ", {key}={value}"))?;
                    f.write_str(")")?;
                }
                match labels.is_empty() {
                    true => f.write_str(", no labels needed")?,
                    false => {
                        let words = labels.iter().map(|(key, value)| format!("{key}={value}"));
                        write!(f, ", labels {}", words.collect::<Vec<_>>().join(","))?;
                    }
                }
                if !ports.is_empty() {
                    write!(f, ", ports {}", ports.join(","))?;
                }
                address.iter().try_for_each(|address| write!(f, ", address {address}"))
            }
        }
    }
}

impl fmt::Display for EndSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<7} {:<5} {}",
            self.direction.to_string(),
            self.verdict.to_string(),
            self.reason
        )?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({file}:{line})"),
            (_, _) => Ok(()),
        }
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, through, traffic, verdict, ends } = self;
        let word = match verdict {
            Verdict::Allow => "allowed",
            Verdict::Deny => "denied",
        };
        let through = through.iter().map(|name| format!("Service {name} -> "));
        let through = through.collect::<String>();
        write!(f, "{from} -> {through}{to} {traffic} is {word}")?;
        ends.iter().try_for_each(|end| write!(f, "\n  {end}"))
    }
}
