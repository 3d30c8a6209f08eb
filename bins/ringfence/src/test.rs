//! `ringfence test`: intentions as code.

mod arguments;
pub(crate) mod load;

use intent::Judge;
use intent::report::{self as tested, Colour};
use report::{Format, Header, Table};

pub(crate) use self::arguments::Arguments;
use self::arguments::TestFormat;
use crate::exit::Exit;
use crate::output::header;
use crate::print::{print, tells_colour};

/// Judges tests, or writes down what holds today.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(loaded) = load::load(arguments) else { return Exit::Incomplete };
    let judge = Judge::new(&loaded.manifests.world, &loaded.manifests.rules);
    if arguments.record {
        return record(arguments, &loaded, &judge);
    }
    let resolved = loaded.tests.resolved(&loaded.manifests.world, &judge);
    let Ok(tests) = resolved else { return Exit::Incomplete };
    let result = tested::Report::of(&tests, &judge);
    let file = arguments.output_file.as_deref();
    let text = match arguments.output {
        TestFormat::Text => {
            let colour = if tells_colour(file) { Colour::Yes } else { Colour::No };
            tested::text(&result, colour)
        }
        TestFormat::Tap => tested::tap(&result),
        TestFormat::Junit => tested::junit(&result),
        TestFormat::Json => json(arguments, &loaded, &result),
    };
    let printed = Exit::of(print(&text, file));
    ending(&loaded, &result, printed)
}

/// What cannot be read is in no matrix, so a record of the rest would hold for the wrong reason.
fn record(arguments: &Arguments, loaded: &load::Loaded, judge: &Judge<'_>) -> Exit {
    if !loaded.manifests.is_complete {
        eprintln!("error: the manifests are incomplete, and half a matrix is not recorded");
        return Exit::Incomplete;
    }
    let header = header("test --record", &arguments.reading, &loaded.manifests);
    let text = intent::record(judge, "recorded", &header.line());
    Exit::of(print(&text, arguments.output_file.as_deref()))
}

fn json(arguments: &Arguments, loaded: &load::Loaded, result: &tested::Report) -> String {
    let header = header("test", &arguments.reading, &loaded.manifests);
    let header = Header { inputs: loaded.digest(), ..header };
    let table = Table::default();
    let report = report::Report {
        header: &header,
        body: result,
        lines: &result.tests,
        table: &table,
        closing: &[],
    };
    report.render(Format::Json, None)
}

/// Half an answer is none, and a test that holds on half of the manifests shows nothing (ruling E4).
fn ending(loaded: &load::Loaded, result: &tested::Report, printed: Exit) -> Exit {
    if !loaded.manifests.is_complete {
        eprintln!("INCOMPLETE: some objects were not understood, so this answer may be wrong");
        return Exit::Incomplete;
    }
    match (printed, result.failed) {
        (Exit::Good, 0) => Exit::Good,
        (Exit::Good, _) => Exit::Bad,
        (other, _) => other,
    }
}
