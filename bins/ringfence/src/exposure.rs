//! `ringfence exposure`: who could reach a workload without existing yet.

use analysis::exposure::{Exposure, exposure_of};
use analysis::reach::Options;
use clap::Args;
use compile::Tables;
use report::Report;

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;
use crate::progress;
use crate::reach::who;
use crate::unknown::{self, Body};

/// Workload, direction, who and ports: what a row says, whatever else is known of it.
const COLUMNS: usize = 4;

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
    let tables = compile::tables(world, manifests.sure_rules());
    let namespace = &manifests.namespace;
    let focus = match who::all(&arguments.of, world, tables.roster(), namespace) {
        Ok(focus) => focus,
        Err(error) => return Exit::of(Err(error)),
    };
    let exposed = |tables: &Tables| {
        let exposure = || exposure_of(world, tables, &Options::default(), focus.as_ref());
        progress::during("looking who could reach whom", exposure)
    };
    let exposure = exposed(&tables);
    let most = manifests.bounds.as_ref().map(|bounds| compile::tables(world, &bounds.most));
    let most = most.map(|tables| exposed(&tables));
    let mut header = manifests.header("exposure", arguments.input.reading.words());
    header.options.extend(arguments.of.iter().map(|word| format!("--of {word}")));
    let crowds = manifests.crowds(analysis::By::Workload);
    let table = |of: &Exposure| report::exposure::table(of, &crowds);
    let certain = table(&exposure);
    let unknown = most.as_ref().map(|most| unknown::rows(&certain, &table(most), COLUMNS));
    let closing = unknown.into_iter().flatten().chain([report::exposure::closing(&exposure)]);
    let closing = closing.chain(manifests.rest());
    let possible = most.as_ref().map(|most| most.exposed.as_slice()).unwrap_or_default();
    arguments.output.say(&Report {
        header: &header,
        body: &Body::new(&exposure, &exposure.exposed, possible),
        lines: &exposure.exposed,
        table: &certain,
        closing: &closing.collect::<Vec<_>>(),
    })
}
