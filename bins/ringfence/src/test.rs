//! `ringfence test`: intentions as code.

mod arguments;
pub(crate) mod load;

use intent::Judge;
use intent::report as tested;
use report::{Format, Header, Table};

pub(crate) use self::arguments::Arguments;
use self::arguments::TestFormat;
use crate::exit::Exit;
use crate::print::{print, tells_colour};
use crate::progress;

/// Judges tests, or writes down what holds today.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(loaded) = load::load(arguments) else { return Exit::Incomplete };
    let judge = Judge::new(&loaded.manifests.world, &loaded.manifests.rules);
    if arguments.record {
        return record(arguments, &loaded, &judge);
    }
    let resolved = loaded.tests.resolved(&loaded.manifests.world, &judge);
    let Ok(tests) = resolved else { return Exit::Incomplete };
    let result = progress::during("judging tests", || tested::Report::of(&tests, &judge));
    let file = arguments.output_file.as_deref();
    let text = match arguments.output {
        TestFormat::Text => tested::text(&result, tells_colour(file).into()),
        TestFormat::Tap => tested::tap(&result),
        TestFormat::Junit => tested::junit(&result),
        TestFormat::Json => json(arguments, &loaded, &result),
    };
    let ending = match (Exit::of(print(&text, file)), result.failed) {
        (Exit::Good, 0) => Exit::Good,
        (Exit::Good, _) => Exit::Bad,
        (other, _) => other,
    };
    ending.unless_incomplete(&header(arguments, &loaded))
}

/// What cannot be read is in no matrix, so a record of the rest would hold for the wrong reason.
fn record(arguments: &Arguments, loaded: &load::Loaded, judge: &Judge<'_>) -> Exit {
    if !loaded.manifests.is_complete {
        eprintln!("error: the manifests are incomplete, and half a matrix is not recorded");
        return Exit::Incomplete;
    }
    let header = loaded.manifests.header("test --record", arguments.reading.words());
    let text = intent::record(judge, "recorded", &header.line());
    Exit::of(print(&text, arguments.output_file.as_deref()))
}

fn header(arguments: &Arguments, loaded: &load::Loaded) -> Header {
    let header = loaded.manifests.header("test", arguments.reading.words());
    Header { inputs: loaded.digest(), ..header }
}

fn json(arguments: &Arguments, loaded: &load::Loaded, result: &tested::Report) -> String {
    let header = header(arguments, loaded);
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
