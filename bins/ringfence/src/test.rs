//! `ringfence test`: intentions as code.

mod arguments;
pub(crate) mod load;

use intent::report as tested;
use intent::{Judge, PolicyTest};
use report::{Format, Header, Table};

pub(crate) use self::arguments::Arguments;
use self::arguments::TestFormat;
use crate::exit::Exit;
use crate::input::Manifests;
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
    let result = progress::during("judging tests", || judged(&tests, &loaded.manifests, &judge));
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
    ending.unless_incomplete(&header(arguments, &loaded, &result))
}

/// Judged by the least and by the most that could not be read may allow, where that may matter.
fn judged(tests: &[PolicyTest], manifests: &Manifests, judge: &Judge<'_>) -> tested::Report {
    let Some(bounds) = &manifests.bounds else { return tested::Report::of(tests, judge) };
    let [least, most] = [&bounds.least, &bounds.most]
        .map(|rules| tested::Report::of(tests, &Judge::new(&manifests.world, rules)));
    least.and(&most)
}

/// What cannot be read is in no matrix, so a record of the rest would hold for the wrong reason.
fn record(arguments: &Arguments, loaded: &load::Loaded, judge: &Judge<'_>) -> Exit {
    if !loaded.manifests.is_complete || !loaded.manifests.unread.is_empty() {
        eprintln!("error: the manifests are incomplete, and half a matrix is not recorded");
        return Exit::Incomplete;
    }
    let header = loaded.manifests.header("test --record", arguments.reading.words());
    let text = intent::record(judge, "recorded", &header.line());
    Exit::of(print(&text, arguments.output_file.as_deref()))
}

/// Only what a result depends on is unknown to it.
fn header(arguments: &Arguments, loaded: &load::Loaded, result: &tested::Report) -> Header {
    let header = loaded.manifests.header("test", arguments.reading.words());
    let header = Header { inputs: loaded.digest(), ..header };
    if result.is_certain() { Header { unknown: Vec::new(), ..header } } else { header }
}

fn json(arguments: &Arguments, loaded: &load::Loaded, result: &tested::Report) -> String {
    let header = header(arguments, loaded, result);
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
