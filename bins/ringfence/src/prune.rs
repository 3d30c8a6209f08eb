//! `ringfence prune`: rules and policies that nobody needs, and their removal from the files.

mod edit;
mod patch;
mod policy_text;
mod remaining;

use clap::Args;
use report::Report;

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;
use crate::print::print;
use crate::progress;

#[derive(Args, Debug)]
#[command(after_help = "\
What is removable changes no verdict for pods that are there, pods that could come and addresses
outside, all of it together. What changes nothing today may be needed by pods to come; it is said
and never removed.

Examples:
  ringfence prune manifests/
  ringfence prune manifests/ --patch | less
  ringfence prune manifests/ --write")]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    /// Print what would be removed as a patch
    #[arg(long, conflicts_with = "output")]
    patch: bool,
    /// Print the patch, and remove it from the files
    #[arg(long, conflicts_with = "output")]
    write: bool,
}

/// Says what nobody needs.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(loaded) = input::load(&arguments.input) else { return Exit::Incomplete };
    let sources = edit::Sources::of(&loaded);
    let Ok(mut manifests) = input::told(loaded) else { return Exit::Incomplete };
    // What only waits for its turn is needed then.
    manifests.rules = manifests.rules.with_everybody_enforced();
    input::say_domains(&manifests.rules);
    let prune = || analysis::prune(&manifests.world, &manifests.rules);
    let prune = progress::during("looking for what nobody needs", prune);
    if arguments.patch || arguments.write {
        let file = arguments.output.output_file.as_deref();
        let done = sources
            .patch(&manifests, &prune)
            .and_then(|patch| patch.show(|text| print(text, file)).map(|()| patch))
            .and_then(|patch| if arguments.write { patch.write() } else { Ok(()) });
        return Exit::of(done);
    }
    let lines = report::prune::each(&prune, &manifests.rules);
    arguments.output.say(&Report {
        header: &manifests.header("prune", arguments.input.reading.words()),
        body: &prune,
        lines: &lines,
        table: &report::prune::table(&lines),
        closing: &report::prune::closing(&prune),
    })
}
