//! The matrix of who reaches whom, for a terminal.
//!
//! A row sends and a column receives. A cell lists the causes of its probes: `+3` is allowed by
//! number 3 of the legend, `-7` denied by number 7, `!` marks a difference. It reads without colour.

use std::collections::{BTreeMap, BTreeSet};

use model::{Pod, Rules, Verdict, World};

use crate::render::number::{Cause, Numbers, cause, sign};
use crate::report::{ProbeResult, RunReport};

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Blue for allowed, bold for differences: told apart by every kind of eye.
    Yes,
    /// Plain text.
    No,
}

/// How many different causes a cell shows before it says that there are more.
const CAUSES_MAX: usize = 3;

#[derive(Default)]
struct Cell<'a> {
    causes: BTreeSet<(usize, Cause<'a>)>,
    differs: bool,
}

/// The matrix, its legend and its counts as lines.
#[must_use]
pub fn matrix(report: &RunReport, world: &World, rules: &Rules, colour: Colour) -> String {
    let numbers = Numbers::of(&report.results);
    let groups = groups(world);
    let group = |name: &str| groups.get(name).cloned().unwrap_or_else(|| folded(name));
    let mut cells: BTreeMap<(String, String), Cell<'_>> = BTreeMap::new();
    for result in &report.results {
        let key = (group(&result.probe.from), group(&result.probe.to));
        cells.entry(key).or_default().add(result, &numbers);
    }
    let mut lines = grid(&cells, colour);
    lines.push(String::new());
    lines.push("Legend: + allowed, - denied, the number is the deciding rule; ! differs".into());
    lines.extend(numbers.legend(rules));
    lines.join("\n")
}

impl<'a> Cell<'a> {
    fn add(&mut self, result: &'a ProbeResult, numbers: &Numbers<'a>) {
        let cause = cause(result);
        self.causes.insert((numbers.get(&cause), cause));
        self.differs |= !result.differences.is_empty();
    }

    fn text(&self) -> String {
        let shown = self.causes.iter().take(CAUSES_MAX);
        let shown: Vec<String> =
            shown.map(|(number, (verdict, _))| format!("{}{number}", sign(*verdict))).collect();
        let more = if self.causes.len() > CAUSES_MAX { ".." } else { "" };
        let mark = if self.differs { "!" } else { "" };
        format!("{}{more}{mark}", shown.join(" "))
    }

    fn paint(&self, text: String, colour: Colour) -> String {
        let allows = self.causes.iter().any(|(_, (verdict, _))| *verdict == Verdict::Allow);
        match (colour, self.differs, allows) {
            (Colour::No, _, _) | (Colour::Yes, false, false) => text,
            (Colour::Yes, true, _) => format!("\u{1b}[1;7m{text}\u{1b}[0m"),
            (Colour::Yes, false, true) => format!("\u{1b}[34m{text}\u{1b}[0m"),
        }
    }
}

/// Columns have numbers, which the rows explain; what never sends, such as a Service, has an empty
/// row at the end that explains its number.
fn grid(cells: &BTreeMap<(String, String), Cell<'_>>, colour: Colour) -> Vec<String> {
    let senders: BTreeSet<&String> = cells.keys().map(|(from, _)| from).collect();
    let receivers: BTreeSet<&String> = cells.keys().map(|(_, to)| to).collect();
    let passive = receivers.difference(&senders).copied();
    let names: Vec<&String> = senders.iter().copied().chain(passive).collect();
    let columns: Vec<Column<'_>> =
        (1..).zip(&names).map(|(number, to)| Column::new(number, to, cells)).collect();
    let label = names.iter().map(|name| name.len()).max().unwrap_or(0) + 4;
    let header: Vec<String> = columns.iter().map(Column::header).collect();
    let mut lines =
        vec![format!("{:label$}  {}", "from \\ to", header.join("  ")).trim_end().into()];
    for (number, name) in (1..).zip(&names) {
        let named = format!("{number:>2}  {name}");
        let row: Vec<String> = match senders.contains(name) {
            true => columns.iter().map(|column| column.text(name, cells, colour)).collect(),
            false => Vec::new(),
        };
        lines.push(format!("{named:label$}  {}", row.join("  ")).trim_end().to_owned());
    }
    lines
}

/// A receiver, its number, and how wide its widest cell is.
struct Column<'a> {
    number: usize,
    to: &'a String,
    width: usize,
}

impl<'a> Column<'a> {
    fn new(number: usize, to: &'a String, cells: &BTreeMap<(String, String), Cell<'_>>) -> Self {
        let here = cells.iter().filter(|((_, receiver), _)| receiver == to);
        let widest = here.map(|(_, cell)| cell.text().len()).max();
        Self { number, to, width: widest.unwrap_or(0).max(2) }
    }

    fn header(&self) -> String {
        format!("{:<width$}", self.number, width = self.width)
    }

    fn text(
        &self,
        from: &str,
        cells: &BTreeMap<(String, String), Cell<'_>>,
        colour: Colour,
    ) -> String {
        let cell = cells.get(&(from.to_owned(), self.to.clone()));
        let text = cell.map_or_else(|| ".".to_owned(), Cell::text);
        let padded = format!("{text:<width$}", width = self.width);
        cell.map_or(padded.clone(), |cell| cell.paint(padded, colour))
    }
}

/// Pods of one workload share a row; so do all addresses outside.
fn groups(world: &World) -> BTreeMap<String, String> {
    world.pods().map(|(_, pod)| (pod.to_string(), workload(pod))).collect()
}

fn workload(pod: &Pod) -> String {
    match &pod.owner {
        Some(owner) => format!("{}/{}", pod.namespace, owner.name),
        None => pod.to_string(),
    }
}

fn folded(name: &str) -> String {
    let outside = name.strip_prefix("ip:");
    outside.map_or_else(|| name.to_owned(), |_| "outside".to_owned())
}
