//! The command line: one file a command, and this table of contents.

mod cli;
mod exit;
mod explain;
mod input;
mod lab;
mod word;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(cli).into(),
        Err(error) => exit::usage(&error),
    }
}

fn run(cli: Cli) -> Exit {
    match cli.command {
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Lab(arguments) => lab::run(&arguments),
        Command::LabAgent(making) => lab::agent(&making),
        Command::PodHelper => lab::helper(),
    }
}
