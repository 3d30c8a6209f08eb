//! A whole run: make, control, enforce, probe, report, remove.
//!
//! The control run comes first, with nothing enforced: a listener that cannot be reached then would
//! make every denial look right.

use model::{Decision, Flow, Rules, World};

use crate::progress::Progress;
use crate::report::RunReport;
use crate::{Lab, LabError, Settings};

/// Makes `world` real, enforces `rules`, probes all pairs, and removes everything.
///
/// # Errors
/// Where the machine lacks something or a step fails; what was made is removed all the same.
pub fn run(
    settings: Settings,
    world: World,
    rules: Rules,
    progress: &mut dyn Progress,
) -> Result<RunReport, LabError> {
    progress.stage("making the lab", 0);
    let lab = Lab::up(settings, world, rules, &[])?;
    conclude(lab, progress, |lab, progress| {
        let probes = lab.probes()?;
        lab.rehearse(&probes, 0, progress)
    })
}

/// Makes `world` real, enforces `rules`, probes exactly `flows`, and removes everything. The
/// decisions are the caller's: any tier can be compared with real packets.
///
/// # Errors
/// As [`run`].
pub fn verify(
    settings: Settings,
    world: World,
    rules: Rules,
    flows: &[(Flow, Decision)],
    progress: &mut dyn Progress,
) -> Result<RunReport, LabError> {
    let only: Vec<Flow> = flows.iter().map(|(flow, _)| flow.clone()).collect();
    let lab = Lab::up(settings, world, rules, &only)?;
    conclude(lab, progress, |lab, progress| {
        let (probes, left_out) = lab.probes_of(flows);
        lab.rehearse(&probes, left_out, progress)
    })
}

/// Removes the lab whatever came of `work`; the first error is the one that counts.
fn conclude(
    mut lab: Lab,
    progress: &mut dyn Progress,
    work: impl FnOnce(&mut Lab, &mut dyn Progress) -> Result<RunReport, LabError>,
) -> Result<RunReport, LabError> {
    let report = work(&mut lab, progress);
    progress.stage("removing the lab", 0);
    let removed = lab.down();
    progress.finish();
    let report = report?;
    removed.map(|()| report)
}

impl Lab {
    /// Control run, enforcement, probes.
    ///
    /// # Errors
    /// Where a step fails.
    pub fn rehearse(
        &mut self,
        probes: &[crate::Probe],
        left_out: usize,
        progress: &mut dyn Progress,
    ) -> Result<RunReport, LabError> {
        progress.stage("control run", probes.len() as u64);
        let control_failed = self.control(probes, progress)?;
        progress.stage("enforcing", 0);
        self.enforce()?;
        progress.stage("probing", probes.len() as u64);
        let results = self.probe(probes, progress)?;
        let lab = self.name().to_string();
        Ok(RunReport { lab, results, control_failed, left_out })
    }
}
