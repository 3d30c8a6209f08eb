//! `ringfence reach`: who reaches whom on what.

mod asked;
pub(crate) mod who;

pub(crate) use asked::Asked;

use analysis::reach::Report as Reached;
use clap::Args;
use report::Report;

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::output::{Output, ReportFormat};
use crate::print::stream;
use crate::unknown::{self, Body};

/// From, to and ports: what a row says, whatever the reasons.
const COLUMNS: usize = 3;

#[derive(Args, Debug)]
#[command(after_help = "\
A row says that everybody in FROM reaches everybody in TO on PORTS. shop/* is everybody of the
namespace shop, * everybody in the cluster. What is in no row is denied.

Examples:
  ringfence reach manifests/
  ringfence reach manifests/ --to payments/sts/db --explain
  ringfence reach manifests/ --from internet
  ringfence reach manifests/ --expand -o jsonl | jq -r .from | sort | uniq -c")]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    asked: Asked,
    /// Add the rules that decide on both ends
    #[arg(long)]
    explain: bool,
    /// One row for each pair, streamed; json is jsonl then
    #[arg(long, conflicts_with = "explain")]
    expand: bool,
}

/// Says who reaches whom.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(manifests) = input::read(&arguments.input) else { return Exit::Incomplete };
    let reading = &arguments.input.reading;
    let asked = arguments.asked.reached(&manifests, manifests.sure_rules(), arguments.explain);
    let reached = match asked {
        Ok(reached) => reached,
        Err(error) => return Exit::of(Err(error)),
    };
    let possible = manifests
        .bounds
        .as_ref()
        .map(|bounds| arguments.asked.reached(&manifests, &bounds.most, arguments.explain));
    // The words meant somebody the first time.
    let possible = possible.and_then(Result::ok);
    let header = manifests.header("reach", reading.words());
    if arguments.expand {
        return expand(&reached, &arguments.output).unless_incomplete(&header);
    }
    let crowds = manifests.crowds(arguments.asked.by.into());
    let lines = report::reach::each(&reached);
    let table = |of: &Reached| report::reach::table(of, &crowds, arguments.explain);
    let certain = table(&reached);
    let unknown = possible.as_ref().map(|most| unknown::rows(&certain, &table(most), COLUMNS));
    let possible = possible.as_ref().map(report::reach::each).unwrap_or_default();
    let closing = unknown.into_iter().flatten().chain([report::reach::closing(&reached)]);
    let closing = closing.chain(manifests.rest());
    arguments.output.say(&Report {
        header: &header,
        body: &Body::new(&reached, &lines, &possible),
        lines: &lines,
        table: &certain,
        closing: &closing.collect::<Vec<_>>(),
    })
}

/// Pair by pair; never held together, so columns are not aligned.
fn expand(reached: &Reached, output: &Output) -> Exit {
    let written = stream(output.output_file.as_deref(), |out| {
        for pair in reached.pairs() {
            match output.output {
                ReportFormat::Json | ReportFormat::Jsonl => {
                    serde_json::to_writer(&mut *out, &pair)?;
                    writeln!(out)?;
                }
                ReportFormat::Csv => {
                    out.write_all(report::csv_line(report::reach::pair(&pair)).as_bytes())?
                }
                ReportFormat::Text | ReportFormat::Wide | ReportFormat::Md => {
                    writeln!(out, "{}", report::reach::pair(&pair).join("\t"))?;
                }
            }
        }
        Ok(())
    });
    Exit::of(written)
}
