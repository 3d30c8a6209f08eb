//! `ringfence reach`: who reaches whom on what.

mod asked;
pub(crate) mod who;

pub(crate) use asked::Asked;

use analysis::reach::Report as Reached;
use clap::Args;
use report::{Crowds, Report};

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::output::{Output, ReportFormat};
use crate::print::stream;

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
    let asked = arguments.asked.reached(&manifests, &reading.namespace, arguments.explain);
    let reached = match asked {
        Ok(reached) => reached,
        Err(error) => return Exit::of(Err(error)),
    };
    let header = manifests.header("reach", reading.words());
    if arguments.expand {
        return expand(&reached, &arguments.output).unless_incomplete(&header);
    }
    let crowds = Crowds::new(&manifests.world, arguments.asked.by.into());
    arguments.output.say(&Report {
        header: &header,
        body: &reached,
        lines: &report::reach::each(&reached),
        table: &report::reach::table(&reached, &crowds, arguments.explain),
        closing: &[report::reach::closing(&reached)],
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
