//! Measures the programs in the kernel: lookups beside other layouts, whole packets, changes.
//!
//! Everything runs in one process and in one race, because figures of different runs of a shared
//! machine say nothing about each other. With a file as argument the page in it is brought up to
//! date; without, the figures are printed.

mod change;
mod field;
mod layout;
mod machine;
mod packet;
mod peers;
mod race;
mod racer;
mod report;
mod table;
mod whole;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use datapath::EventsError;

use crate::field::Field;
use crate::race::What;
use crate::report::Measured;

const ROUNDS: usize = 11;
const COMPILATIONS: usize = 3;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum BenchmarkError {
    #[error(transparent)]
    Table(#[from] table::TableError),
    #[error(transparent)]
    Racer(#[from] racer::RacerError),
    #[error(transparent)]
    Whole(#[from] whole::WholeError),
    #[error("cannot empty the ring of events")]
    Events(#[from] EventsError),
    #[error("cannot read or write {}", path.display())]
    Page { path: PathBuf, source: std::io::Error },
    #[error("{} has no place for figures", path.display())]
    NoPlace { path: PathBuf },
}

fn main() -> ExitCode {
    match run(std::env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut words = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                words = format!("{words}: {error}");
                cause = error.source();
            }
            eprintln!("error: {words}");
            ExitCode::from(2)
        }
    }
}

fn run(argument: Option<&str>) -> Result<(), BenchmarkError> {
    match argument {
        Some(whole::ONCE) => Ok(whole::once()?),
        Some(page) => write(Path::new(page), &measure()?.page()),
        None => {
            println!("{}", measure()?.page());
            Ok(())
        }
    }
}

fn measure() -> Result<Measured, BenchmarkError> {
    eprintln!("compiling the cluster of full size, {COMPILATIONS} times");
    let whole = (0..COMPILATIONS).map(|_| whole::measure()).collect::<Result<_, _>>()?;
    eprintln!("changing policies");
    let changes = change::run()?;
    eprintln!("filling the maps");
    let mut field = Field::new()?;
    eprintln!("measuring {} contestants in {ROUNDS} rounds", field.contestants.len());
    let verified = field.verified();
    let results = race(&mut field)?;
    Ok(Measured { machine: machine::words(), results, verified, changes, whole })
}

/// The ring is emptied before those who fill it run.
fn race(field: &mut Field) -> Result<race::Results, BenchmarkError> {
    let opening = field.opening.as_ref();
    let mut events = opening.map(|table| table.bench.instance().events()).transpose()?;
    race::run(&mut field.contestants, ROUNDS, |(what, _)| {
        if what == What::Opening
            && let Some(events) = &mut events
        {
            events.drain(drop)?;
        }
        Ok(())
    })
}

fn write(path: &Path, measured: &str) -> Result<(), BenchmarkError> {
    let failed = |source| BenchmarkError::Page { path: path.to_owned(), source };
    let document = std::fs::read_to_string(path).map_err(failed)?;
    let new = report::replace(&document, measured)
        .ok_or_else(|| BenchmarkError::NoPlace { path: path.to_owned() })?;
    std::fs::write(path, new).map_err(failed)
}
