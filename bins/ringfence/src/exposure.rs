//! `ringfence exposure`: who could reach a workload without existing yet.

use analysis::reach::Options;
use clap::Args;
use report::{Crowds, Report};

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;
use crate::progress;
use crate::reach::who;

#[derive(Args, Debug)]
#[command(after_help = "\
A row says that a pod like WHO, whether or not it exists yet, could talk with WORKLOAD on PORTS as
far as the policies of WORKLOAD are concerned; its own may still forbid it.

Examples:
  ringfence exposure manifests/
  ringfence exposure manifests/ --of payments/sts/db
  ringfence exposure manifests/ --of 'payments/*' -o json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    /// Only of these workloads: a peer or NS/*
    #[arg(long, value_name = "PEER")]
    of: Vec<String>,
}

/// Says what workloads are exposed to.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(manifests) = input::read(&arguments.input) else { return Exit::Incomplete };
    let world = &manifests.world;
    let tables = compile::tables(world, &manifests.rules);
    let namespace = &arguments.input.reading.namespace;
    let focus = match who::all(&arguments.of, world, tables.roster(), namespace) {
        Ok(focus) => focus,
        Err(error) => return Exit::of(Err(error)),
    };
    let options = Options::default();
    let exposure = || analysis::exposure::exposure_of(world, &tables, &options, focus.as_ref());
    let exposure = progress::during("looking who could reach whom", exposure);
    let mut header = manifests.header("exposure", arguments.input.reading.words());
    header.options.extend(arguments.of.iter().map(|word| format!("--of {word}")));
    arguments.output.say(&Report {
        header: &header,
        body: &exposure,
        lines: &exposure.exposed,
        table: &report::exposure::table(&exposure, &Crowds::new(world, analysis::By::Workload)),
        closing: &[report::exposure::closing(&exposure)],
    })
}
