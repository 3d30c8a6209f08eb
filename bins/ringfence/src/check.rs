//! `ringfence check`: what is wrong with manifests, and what is probably not meant.

mod arguments;
mod config;
pub(crate) mod fix;

use std::io::IsTerminal as _;

use lint::{Baseline, Checked, Severity, Style};
use manifest::Options;
use report::Header;

pub(crate) use self::arguments::Arguments;
use self::config::CheckError;
use crate::exit::Exit;
use crate::input::{self, Loaded};
use crate::print::print;

/// Lints the manifests.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.list {
        return Exit::of(print(&lint::docs::list(), None));
    }
    let Ok(loaded) = input::load(&arguments.input, Options::default().replicas_max) else {
        return Exit::Incomplete;
    };
    match checked(arguments, &loaded) {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Incomplete
        }
    }
}

fn checked(arguments: &Arguments, loaded: &Loaded) -> Result<Exit, CheckError> {
    let config = config::config(arguments.config.as_deref())?;
    let fail_on = arguments.fail_on.map(Severity::from).or(config.fail_on);
    let fail_on = fail_on.unwrap_or(Severity::Warning);
    let Loaded { documents, options, reading, .. } = loaded;
    let input = lint::Input { documents, options, reading };
    let mut checked = lint::check(input, &config, header(arguments, loaded));
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

fn header(arguments: &Arguments, loaded: &Loaded) -> Header {
    Header {
        tool: "ringfence check".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: loaded.digest.clone(),
        options: arguments.words(),
        complete: loaded.reading.is_complete(),
    }
}

fn say(arguments: &Arguments, checked: &Checked, fail_on: Severity) -> Result<Exit, CheckError> {
    let file = arguments.output_file.as_deref();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = file.is_none() && !plain && std::io::stdout().is_terminal();
    let style = Style { colour, fail_on };
    let text = lint::render(&checked.report, arguments.output.into(), style);
    print(&text, file).map_err(CheckError::Print)?;
    Ok(ending(checked, fail_on))
}

/// Incomplete input has no full answer, whatever was found in the rest (ruling E4).
fn ending(checked: &Checked, fail_on: Severity) -> Exit {
    if let Some(warning) = checked.report.header.warning() {
        eprintln!("{warning}");
        return Exit::Incomplete;
    }
    match checked.report.fails(fail_on) {
        true => Exit::Bad,
        false => Exit::Good,
    }
}
