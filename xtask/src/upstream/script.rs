//! Suites that are a script of `tests/cluster`, which says in TAP what it found.
//!
//! What has to be asked in which order of a node, with other people's tools, reads best as the
//! commands that it is.

use std::path::Path;
use std::time::Duration;

use super::cluster::{Cluster, ClusterError};
use super::report::{Case, Outcome, Report};

/// Runs the script that is called like the suite, with the cases of `only`, and keeps what it says in `folder`.
pub(crate) fn run(
    suite: &'static str,
    cluster: &Cluster,
    folder: &Path,
    label: &str,
    only: &[String],
) -> Result<Report, ClusterError> {
    let log = folder.join(format!("{label}.tap"));
    println!("{label}: runs, and writes to {}", log.display());
    let said = cluster.said_by(&format!("{suite}.sh"), only, &log)?;
    Ok(read(suite, &said))
}

/// Reads TAP. Without the plan in its last line the script did not come to its end.
fn read(suite: &'static str, tap: &str) -> Report {
    let mut report = Report::new(suite);
    let mut has_ended = false;
    for line in tap.lines() {
        if let Some(name) = line.strip_prefix("ok ") {
            report.cases.push(passed_or_skipped(name));
        } else if let Some(name) = line.strip_prefix("not ok ") {
            report.cases.push(case(name, Outcome::Failed { why: String::new() }));
        } else if let (Some(said), Some(last)) = (line.strip_prefix("# "), report.cases.last_mut())
        {
            if let Outcome::Failed { why } = &mut last.outcome {
                why.push_str(said);
                why.push('\n');
            }
        } else if let Some(count) = line.strip_prefix("1..") {
            has_ended = count.parse() == Ok(report.cases.len());
        }
    }
    if !has_ended {
        let last = tap.lines().next_back().unwrap_or("it said nothing");
        let why = format!("after: {last}");
        report.cases.push(case("0 - the script comes to its end", Outcome::Failed { why }));
    }
    report
}

/// TAP's word for a test that could not be run is behind its name.
fn passed_or_skipped(numbered: &str) -> Case {
    match numbered.split_once(" # SKIP ") {
        Some((name, why)) => case(name, Outcome::Skipped { why: why.to_owned() }),
        None => case(numbered, Outcome::Passed),
    }
}

fn case(numbered: &str, outcome: Outcome) -> Case {
    let name = numbered.split_once(" - ").map_or(numbered, |(_, name)| name).to_owned();
    Case { name, outcome, took: Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::upstream::report::Outcome;

    #[test]
    fn what_is_not_ok_failed_with_what_was_said_of_it() {
        let report = read("cni", "ok 1 - ADD\nnot ok 2 - CHECK\n# it is\n# gone\n1..2\n");
        assert_eq!(report.closing(), "suite=cni passed=1 failed=1 skipped=0");
        let last = report.cases.last().map(|case| (case.name.as_str(), case.outcome.clone()));
        let why = "it is\ngone\n".to_owned();
        assert_eq!(last, Some(("CHECK", Outcome::Failed { why })));
    }

    #[test]
    fn what_could_not_be_run_is_not_passed() {
        let report = read("hard", "ok 1 - ADD\nok 2 - SCTP # SKIP no such sockets\n1..2\n");
        assert_eq!(report.closing(), "suite=hard passed=1 failed=0 skipped=1");
        let last = report.cases.last().map(|case| (case.name.as_str(), case.outcome.clone()));
        let why = "no such sockets".to_owned();
        assert_eq!(last, Some(("SCTP", Outcome::Skipped { why })));
    }

    #[test]
    fn a_script_that_stops_early_failed_even_where_all_was_well_so_far() {
        assert!(read("cni", "ok 1 - ADD\n1..1\n").is_good());
        assert!(!read("cni", "ok 1 - ADD\n").is_good());
        assert!(!read("cni", "ok 1 - ADD\nok 2 - DEL\n1..3\n").is_good());
        assert!(!read("cni", "").is_good());
    }
}
