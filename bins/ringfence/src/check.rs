//! `ringfence check`: what is wrong with manifests, and what is probably not meant.

mod arguments;
mod config;
pub(crate) mod fix;

use lint::{Baseline, Checked, Severity, Style};

pub(crate) use self::arguments::Arguments;
use self::config::CheckError;
use crate::exit::Exit;
use crate::input::{self, Loaded};
use crate::print::{print, tells_colour};
use crate::progress;

/// Lints the manifests.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.list {
        return Exit::of(print(&lint::docs::list(), None));
    }
    let Ok(loaded) = input::load(&arguments.input) else { return Exit::Incomplete };
    checked(arguments, &loaded).unwrap_or_else(|error| Exit::of(Err(error)))
}

fn checked(arguments: &Arguments, loaded: &Loaded) -> Result<Exit, CheckError> {
    let config = config::config(arguments.config.as_deref())?;
    let fail_on = arguments.fail_on.map(Severity::from).or(config.fail_on);
    let fail_on = fail_on.unwrap_or(Severity::Warning);
    let Loaded { documents, options, reading, unread, .. } = loaded;
    let unread: Vec<&str> = unread.iter().map(|one| one.kind.kind).collect();
    let input = lint::Input { documents, options, reading, unread: &unread };
    let header = loaded.header("check", arguments.words());
    let mut checked = progress::during("checking", || lint::check(input, &config, header));
    if arguments.fix {
        return fix::run(&checked, arguments.write).map_err(CheckError::Fix);
    }
    if let Some(path) = &arguments.baseline {
        if arguments.write_baseline {
            config::write(path, &Baseline::of(&checked.report).text())?;
        }
        config::baseline(path)?.apply(&mut checked.report);
    }
    say(arguments, &checked, fail_on)
}

fn say(arguments: &Arguments, checked: &Checked, fail_on: Severity) -> Result<Exit, CheckError> {
    let file = arguments.output_file.as_deref();
    let style = Style { colour: tells_colour(file).into(), fail_on };
    let text = lint::render(&checked.report, arguments.output.into(), style);
    print(&text, file).map_err(CheckError::Print)?;
    let ending = if checked.report.fails(fail_on) { Exit::Bad } else { Exit::Good };
    Ok(ending.unless_incomplete(&checked.report.header))
}
