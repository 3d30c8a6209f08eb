//! What is asked, of which manifests, and what to type next.
//!
//! Words were resolved by whoever asks; they are kept to be said again as they were typed.

use manifest::{Document, Options, Written};
use model::{Direction, Flow, Rules, Verdict, World};
use policy::Trace;

use crate::explanation::Leads;
use crate::name;
use crate::patch::{Refusal, Remedy};

/// What was read.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The documents.
    pub documents: &'a [Document],
    /// How they were read.
    pub options: &'a Options,
    /// Every object as it was written.
    pub written: &'a [Written],
    /// The world that they make.
    pub world: &'a World,
    /// Their rules.
    pub rules: &'a Rules,
    /// Whether every object was understood (ruling E4).
    pub is_complete: bool,
    /// The paths and options as they were typed, for the next command.
    pub words: &'a str,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The source as it was typed.
    pub from: String,
    /// The destination as it was typed.
    pub to: String,
    /// The port as it was typed.
    pub port: String,
    /// The Service that leads to the destinations, as `NAMESPACE/NAME`, if one does.
    pub service: Option<String>,
    /// Whether a word stands for more addresses than the one that was decided, as `internet` does.
    pub is_example: bool,
    /// What is asked: one flow, or one for each backend of a Service.
    pub flows: Vec<Flow>,
}

impl Question {
    /// Where a Service leads.
    pub(crate) fn leads(&self) -> Option<Leads> {
        let service = self.service.clone()?;
        let mut targets: Vec<String> =
            self.flows.iter().map(|flow| flow.traffic().to_string()).collect();
        targets.sort_unstable();
        targets.dedup();
        Some(Leads { service, port: self.port.clone(), targets })
    }

    /// The one command that helps most now.
    pub(crate) fn next(
        &self,
        input: &Input<'_>,
        remedy: &Remedy,
        denied: &[&(&Flow, Trace)],
    ) -> String {
        let Self { from, to, port, .. } = self;
        let words = input.words;
        match remedy {
            Remedy::Patch(_) => format!(
                "ringfence explain {words} --from {from} --to {to} --port {port} -o patch | patch -p1"
            ),
            Remedy::None(Refusal::Incomplete) => format!("ringfence check {words}"),
            Remedy::None(Refusal::AskForService { service }) => {
                format!("ringfence explain {words} --from {from} --to {service} --port {port}")
            }
            Remedy::None(Refusal::AdminRule { .. }) if is_undetermined(denied) => format!(
                "ringfence explain {words} --from {from} --to {to} --port {port} --pod-cidr CIDR"
            ),
            Remedy::None(_) => format!("ringfence reach {words} {} --explain", end(input, denied)),
        }
    }
}

/// Whether the network of the pods would have to be known.
fn is_undetermined(denied: &[&(&Flow, Trace)]) -> bool {
    denied.iter().all(|(_, trace)| {
        let ends = [&trace.egress.judgement, &trace.ingress.judgement];
        let mut denying = ends.into_iter().filter(|end| end.verdict == Verdict::Deny);
        denying.any(|end| end.undetermined)
    })
}

/// The first end that denies, as `reach` is asked about it.
fn end(input: &Input<'_>, denied: &[&(&Flow, Trace)]) -> String {
    match denied.first() {
        Some((flow, trace)) if trace.egress.judgement.verdict == Verdict::Deny => {
            format!("--from {}", name::of_end(input.world, flow, Direction::Egress))
        }
        Some((flow, _)) => format!("--to {}", name::of_end(input.world, flow, Direction::Ingress)),
        None => String::new(),
    }
}
