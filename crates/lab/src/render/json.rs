//! The report as JSON. Schema: docs/schema/lab-run.json.

use model::{Judgement, Rules};
use serde::Serialize;

use crate::message::{Carrier, Outcome};
use crate::report::{ProbeResult, RunReport};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    lab: &'a str,
    counts: CountsOut,
    left_out: usize,
    control_failed: Vec<ControlOut<'a>>,
    probes: Vec<ProbeOut<'a>>,
}

#[derive(Serialize)]
struct CountsOut {
    pairs: usize,
    probes: usize,
    allowed: usize,
    denied: usize,
    events_matched: usize,
    control_failed: usize,
    differences: usize,
}

#[derive(Serialize)]
struct ControlOut<'a> {
    from: &'a str,
    to: &'a str,
    destination: String,
    protocol: Carrier,
    port: u16,
    outcome: &'a Outcome,
}

#[derive(Serialize)]
struct ProbeOut<'a> {
    from: &'a str,
    to: &'a str,
    source: String,
    destination: String,
    protocol: Carrier,
    port: u16,
    verdict: String,
    egress: End,
    ingress: End,
    outcome: &'a Outcome,
    differences: Vec<String>,
}

#[derive(Serialize)]
struct End {
    verdict: String,
    reason: String,
    file: Option<String>,
    line: Option<u32>,
}

/// The report as one JSON document.
///
/// # Errors
/// Never for a report that a lab made; the type is the writer's.
pub fn json(report: &RunReport, rules: &Rules) -> serde_json::Result<String> {
    let counts = report.counts();
    let control = report.control_failed.iter().map(|(probe, outcome)| ControlOut {
        from: &probe.from,
        to: &probe.to,
        destination: probe.destination.to_string(),
        protocol: probe.carrier,
        port: probe.port,
        outcome,
    });
    serde_json::to_string_pretty(&Document {
        schema: "ringfence/lab-run/v1",
        lab: &report.lab,
        counts: CountsOut {
            pairs: counts.pairs,
            probes: counts.probes,
            allowed: counts.allowed,
            denied: counts.denied,
            events_matched: counts.events_matched,
            control_failed: counts.control_failed,
            differences: counts.differences,
        },
        left_out: report.left_out,
        control_failed: control.collect(),
        probes: report.results.iter().map(|result| probe(result, rules)).collect(),
    })
}

fn probe<'a>(result: &'a ProbeResult, rules: &Rules) -> ProbeOut<'a> {
    let probe = &result.probe;
    ProbeOut {
        from: &probe.from,
        to: &probe.to,
        source: probe.source.to_string(),
        destination: probe.destination.to_string(),
        protocol: probe.carrier,
        port: probe.port,
        verdict: probe.decision.verdict().to_string(),
        egress: end(&probe.decision.egress, rules),
        ingress: end(&probe.decision.ingress, rules),
        outcome: &result.outcome,
        differences: result.differences.iter().map(ToString::to_string).collect(),
    }
}

fn end(judgement: &Judgement, rules: &Rules) -> End {
    let place = rules.reason_place(&judgement.reason);
    End {
        verdict: judgement.verdict.to_string(),
        reason: judgement.reason.to_string(),
        file: place.map(|place| place.file.to_string()),
        line: place.map(|place| place.line),
    }
}
