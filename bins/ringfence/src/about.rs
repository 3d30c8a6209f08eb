//! What the tool says of itself: its version, completions for shells, manual pages.
//!
//! All of it is made from the command line's own description, so it cannot be out of date.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use serde::Serialize;

use crate::cli::Cli;
use crate::exit::Exit;
use crate::print::print;

/// How a version is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum VersionFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Version {
    /// How to print
    #[arg(short, long, value_enum, default_value = "text")]
    output: VersionFormat,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  source <(ringfence completion bash)
  ringfence completion fish > ~/.config/fish/completions/ringfence.fish")]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The folder for the pages; it must exist
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

#[derive(Serialize)]
struct VersionOut {
    version: &'static str,
    target: String,
}

/// kubectl runs a plugin by this name; its users type `kubectl ringfence`.
const PLUGIN: &str = "kubectl-ringfence";

/// The command line under the name that it was called by, so that help shows what people type.
pub(crate) fn named(command: clap::Command) -> clap::Command {
    let called = std::env::args_os().next().map(PathBuf::from);
    let is_plugin = called.as_deref().and_then(Path::file_stem).is_some_and(|name| name == PLUGIN);
    if is_plugin { command.bin_name("kubectl ringfence") } else { command }
}

/// The version, and what machine it was built for.
pub(crate) fn version(arguments: &Version) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    let out = VersionOut {
        version,
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
    };
    let text = match arguments.output {
        VersionFormat::Text => format!("ringfence {version}\n"),
        // Plain structures always become JSON.
        VersionFormat::Json => serde_json::to_string_pretty(&out).unwrap_or_default() + "\n",
    };
    Exit::of(print(&text, None))
}

/// A completion script.
pub(crate) fn completion(arguments: &Completion) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "ringfence", &mut script);
    Exit::of(print(&String::from_utf8_lossy(&script), None))
}

/// A manual page for each command.
pub(crate) fn man(arguments: &Man) -> Exit {
    Exit::of(clap_mangen::generate_to(Cli::command(), &arguments.folder))
}
