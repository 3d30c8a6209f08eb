//! The page of figures: a table for each size, absent tools named, misses said.

use super::Figures;
use super::measure::Measured;
use super::plan::Row;

const HEAD: &str = "\
# Speed

Whole processes, from their start to their end, with everything they read and print, on generated clusters: N workloads
in N/20 namespaces with 2N policies (default deny, same namespace, app to app with ports, ranges and port names, blocks
with exceptions, expressions). The fastest of three runs of ours and one run of others, and the most memory held at once.
`cargo xtask speed` writes this page anew; figures of one run can be compared with each other and with nothing else.
";

const COLUMNS: &str = "| | seconds | MiB | asked |\n|---|---|---|---|\n";

/// The page.
pub(crate) fn text(all: &[Figures]) -> String {
    let mut page = HEAD.to_owned();
    let mut sizes: Vec<usize> = all.iter().map(|(row, _)| row.workloads).collect();
    sizes.dedup();
    for size in sizes {
        let rows = all.iter().filter(|(row, _)| row.workloads == size);
        page.push_str(&format!("\n## {size} workloads\n\n{COLUMNS}"));
        page.extend(rows.map(line));
    }
    page.push_str(&ratios(all));
    page
}

fn line((row, measured): &Figures) -> String {
    let Row { title, .. } = row;
    match measured {
        None => format!("| {title} | not installed | | |\n"),
        Some(it) if it.timed_out() => format!("| {title} | {it} | | |\n"),
        Some(it) => {
            let asked = row.seconds_max.map(|most| match it.seconds <= most {
                true => format!("{most} s: reached"),
                false => format!("{most} s: **missed**"),
            });
            let Measured { seconds, mebibytes, .. } = it;
            let asked = asked.unwrap_or_default();
            format!("| {title} | {seconds:.2} | {mebibytes:.0} | {asked} |\n")
        }
    }
}

/// What can be said of two figures of one run.
fn ratios(all: &[Figures]) -> String {
    let seconds = |workloads: usize, title: &str| {
        let found = all.iter().find(|(row, _)| row.workloads == workloads && row.title == title);
        found.and_then(|(_, measured)| *measured).map(|measured| measured.seconds)
    };
    let ratio = |one: Option<f64>, other: Option<f64>| Some(one? / other?);
    let growth = ratio(seconds(10_000, "ringfence reach"), seconds(1_000, "ringfence reach"));
    let list = ratio(seconds(300, "k8snetpolicy list"), seconds(300, "ringfence reach"));
    let lines = [
        growth.map(|ratio| {
            format!(
                "- `reach` of ten times the workloads takes {ratio:.1} times as long (asked: 15).\n"
            )
        }),
        list.map(|ratio| {
            format!(
                "- `k8snetpolicy list` takes {ratio:.0} times as long as `reach` (asked: 100).\n"
            )
        }),
    ];
    let lines: String = lines.into_iter().flatten().collect();
    if lines.is_empty() { lines } else { format!("\n## Ratios\n\n{lines}") }
}

#[cfg(test)]
mod tests {
    use super::{Measured, Row, text};

    fn row(workloads: usize, title: &str, seconds: Option<f64>) -> super::Figures {
        let measured = |seconds| Measured { seconds, mebibytes: 1.0, code: Some(0) };
        let (title, words) = (title.to_owned(), Vec::new());
        let row = Row { workloads, title, words, runs: 1, seconds_max: Some(2.0) };
        (row, seconds.map(measured))
    }

    #[test]
    fn misses_and_absent_tools_are_said() {
        let all = [
            row(1_000, "ringfence reach", Some(1.0)),
            row(1_000, "other", None),
            row(10_000, "ringfence reach", Some(12.0)),
        ];
        let page = text(&all);
        assert!(page.contains("| ringfence reach | 1.00 | 1 | 2 s: reached |"), "{page}");
        assert!(page.contains("| other | not installed | | |"), "{page}");
        assert!(page.contains("| ringfence reach | 12.00 | 1 | 2 s: **missed** |"), "{page}");
        assert!(page.contains("takes 12.0 times as long (asked: 15)"), "{page}");
    }
}
