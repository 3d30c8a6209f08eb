//! One flow, explained to a person: what each end says, because of which rule, and where it is.

use std::io::{self, Write};

use model::{Decision, End, Family, Flow, Judgement, Pod, Reason, Rules, Service, Traffic, World};

use super::answer::Answer;
use super::{ExplainError, as_expected};
use crate::cli::{Explain, Format};
use crate::exit::Exit;
use crate::input::Manifests;
use crate::word::{PeerWord, PortWord, ResolveError, Resolved};

/// Decides the flow that was typed; a Service is decided once per backend (ruling N13).
pub(super) fn run(manifests: &Manifests, arguments: &Explain) -> Result<Exit, ExplainError> {
    let (Some(from), Some(to), Some(port)) = (&arguments.from, &arguments.to, &arguments.port)
    else {
        return Ok(Exit::Incomplete);
    };
    let asked = Asked { manifests, namespace: &arguments.input.namespace, from, to, port };
    let mut worst = model::Verdict::Allow;
    for (title, flow) in asked.flows()? {
        let decision = policy::decide(&manifests.world, &manifests.rules, &flow);
        worst = worst.min(decision.verdict());
        match arguments.output {
            Format::Text => say(&text(&title, &decision, &manifests.rules))?,
            Format::Jsonl => say(&json(&decision, &manifests.rules)?)?,
        }
    }
    Ok(as_expected(arguments.expect, worst))
}

struct Asked<'a> {
    manifests: &'a Manifests,
    namespace: &'a str,
    from: &'a PeerWord,
    to: &'a PeerWord,
    port: &'a PortWord,
}

impl Asked<'_> {
    /// Every flow that the question stands for, with a title.
    fn flows(&self) -> Result<Vec<(String, Flow)>, ExplainError> {
        let family = self.from.family().or(self.to.family()).unwrap_or(Family::V4);
        let world = &self.manifests.world;
        let (source, source_pod) = match self.from.resolve(world, self.namespace, family)? {
            Resolved::End(end, pod) => (end, pod),
            Resolved::Service(_) => return Err(ResolveError::ServiceSource.into()),
        };
        let from = name_of(world, &source, source_pod);
        match self.to.resolve(world, self.namespace, family)? {
            Resolved::End(end, pod) => {
                let traffic = self.port.traffic(pod, family)?;
                let title = format!("{from} -> {} {traffic}", name_of(world, &end, pod));
                Ok(vec![(title, direct(world, source, end, traffic, family)?)])
            }
            Resolved::Service(service) => self.through(service, &from, &source, family),
        }
    }

    fn through(
        &self,
        service: &Service,
        from: &str,
        source: &End,
        family: Family,
    ) -> Result<Vec<(String, Flow)>, ExplainError> {
        let world = &self.manifests.world;
        let name = format!("{}/{}", service.namespace, service.name);
        let port =
            service.ports.iter().find(|port| is_asked(port, self.port)).ok_or_else(|| {
                ExplainError::NoSuchServicePort(name.clone(), format!("{:?}", self.port))
            })?;
        let serving = world.serving(service, port).map(|(pod, number)| {
            (world.pod_end(pod, family), Traffic::Port(port.protocol, number))
        });
        let stated = service.endpoints.iter().filter(|endpoint| endpoint.port_name == port.name);
        let stated = stated.map(|endpoint| endpoint.backend).map(|backend| {
            (world.end_at(backend.address), Traffic::Port(backend.protocol, backend.port))
        });
        let ends: Vec<(End, Traffic)> = serving.chain(stated).collect();
        if ends.is_empty() {
            return Err(ExplainError::NoBackends(name));
        }
        ends.into_iter()
            .map(|(end, traffic)| {
                let to = name_of(world, &end, None);
                let title = format!("{from} -> Service {name} -> {to} {traffic}");
                let flow = direct(world, source.clone(), end, traffic, family)?;
                Ok((title, flow.through_service()))
            })
            .collect()
    }
}

fn is_asked(port: &model::ServicePort, asked: &PortWord) -> bool {
    match asked {
        PortWord::Numbers(protocol, range) => {
            port.protocol == *protocol && range.contains(port.port)
        }
        PortWord::Name(name) => port.name.as_deref() == Some(name),
        PortWord::Icmp => false,
    }
}

/// A node's flow to a pod that runs on it is made on that pod's own host (ruling N15).
pub(super) fn direct(
    world: &World,
    source: End,
    destination: End,
    traffic: Traffic,
    family: Family,
) -> Result<Flow, ExplainError> {
    let is_local = match (&source, destination.pod()) {
        (End::Host { node: Some(node), .. }, Some(pod)) => {
            world.pod(pod).node.as_deref() == Some(world.node(*node).name.as_str())
        }
        (_, _) => false,
    };
    let flow = Flow::new(source, destination, traffic, family)?;
    Ok(if is_local { flow.from_host() } else { flow })
}

fn name_of(world: &World, end: &End, pod: Option<&Pod>) -> String {
    match (end, pod) {
        (_, Some(pod)) => pod.to_string(),
        (End::Pod { pod, .. }, None) => world.pod(*pod).to_string(),
        (End::Host { node: Some(node), .. }, None) => format!("node/{}", world.node(*node).name),
        (End::Host { node: None, .. }, None) => "a node".to_owned(),
        (End::UnknownPod { address }, None) => format!("unknown pod {address}"),
        (End::External { address }, None) => address.to_string(),
        (End::Domain { name }, None) => format!("dns:{name}"),
    }
}

fn json(decision: &Decision, rules: &Rules) -> Result<String, ExplainError> {
    serde_json::to_string(&Answer::new(decision, rules))
        .map_err(|cause| ExplainError::Output(cause.into()))
}

fn text(title: &str, decision: &Decision, rules: &Rules) -> String {
    let egress = end_text("egress ", &decision.egress, rules);
    let ingress = end_text("ingress", &decision.ingress, rules);
    format!("{title}: {}\n{egress}\n{ingress}", decision.verdict())
}

fn end_text(name: &str, judgement: &Judgement, rules: &Rules) -> String {
    let place = match &judgement.reason {
        Reason::Rule(rule) => rules.place(rule),
        Reason::DefaultDeny(policies) => {
            policies.first().and_then(|policy| rules.policy_place(policy))
        }
        Reason::Builtin(_) => None,
    };
    let place = place.map(|place| format!(" ({}:{})", place.file, place.line)).unwrap_or_default();
    let doubt = if judgement.undetermined { ", an address is not known yet" } else { "" };
    format!("  {name} {:<5} {}{place}{doubt}", judgement.verdict.to_string(), judgement.reason)
}

/// A line or more on standard output. A closed pipe is the reader's choice, not a failure of ours:
/// the exit code still answers.
fn say(text: &str) -> Result<(), ExplainError> {
    match writeln!(io::stdout(), "{text}") {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => Err(ExplainError::Output(cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}
