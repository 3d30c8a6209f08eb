//! Measures the programs in the kernel: lookups beside other layouts, whole packets, changes.
//!
//! Everything runs in one process and in one race, because figures of different runs of a shared
//! machine say nothing about each other. With a file as argument the page in it is brought up to
//! date; without, the figures are printed. `--quick` prints too, after the least that shows that
//! everything works: its figures are for nobody.

mod change;
mod field;
mod layout;
mod machine;
mod memory;
mod net;
mod packet;
mod peers;
mod race;
mod racer;
mod rates;
mod report;
mod scale;
mod step;
mod table;
mod traffic;
mod whole;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::field::Field;
use crate::report::Measured;

/// The argument that asks for less of everything.
const QUICK: &str = "--quick";

/// How often everything is measured.
#[derive(Clone, Copy, Debug)]
struct Effort {
    compilations: usize,
    changes: usize,
    convergences: usize,
    rounds: usize,
    tcp_rounds: usize,
    tcp_time: Duration,
}

impl Effort {
    const FULL: Self = Self {
        compilations: 3,
        changes: 200,
        convergences: 3,
        rounds: 11,
        tcp_rounds: 10,
        tcp_time: Duration::from_secs(1),
    };
    const QUICK: Self = Self {
        compilations: 1,
        changes: 10,
        convergences: 1,
        rounds: 1,
        tcp_rounds: 3,
        tcp_time: Duration::from_millis(300),
    };
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum BenchmarkError {
    #[error(transparent)]
    Table(#[from] table::TableError),
    #[error(transparent)]
    Racer(#[from] racer::RacerError),
    #[error(transparent)]
    Rates(#[from] rates::RatesError),
    #[error(transparent)]
    Whole(#[from] whole::WholeError),
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
        Some(QUICK) => print(Effort::QUICK),
        Some(page) => write(Path::new(page), &measure(Effort::FULL)?.page()),
        None => print(Effort::FULL),
    }
}

fn print(effort: Effort) -> Result<(), BenchmarkError> {
    println!("{}", measure(effort)?.page());
    Ok(())
}

fn measure(effort: Effort) -> Result<Measured, BenchmarkError> {
    let begun = Instant::now();
    let say = |what: String| eprintln!("{:4} s: {what}", begun.elapsed().as_secs());
    say(format!("TCP through two pods, {} rounds", effort.tcp_rounds));
    let rates = rates::run(effort.tcp_rounds, effort.tcp_time)?;
    say(format!("compiling the cluster of full size, {} times", effort.compilations));
    let whole = (0..effort.compilations).map(|_| whole::measure()).collect::<Result<_, _>>()?;
    say("changing policies".to_owned());
    let changes = change::run(effort.changes)?;
    say("very many rules on one endpoint".to_owned());
    let scaled = scale::run(effort.convergences)?;
    say("memory of the maps".to_owned());
    let memory = memory::run()?;
    say("filling the maps".to_owned());
    let mut field = Field::new()?;
    let verified = field.verified();
    say(format!("measuring {} contestants in {} rounds", field.contestants.len(), effort.rounds));
    let results = race::run(&mut field.contestants, effort.rounds)?;
    say("done".to_owned());
    let machine = machine::words();
    Ok(Measured { machine, results, verified, changes, whole, scaled, memory, rates })
}

fn write(path: &Path, measured: &str) -> Result<(), BenchmarkError> {
    let failed = |source| BenchmarkError::Page { path: path.to_owned(), source };
    let document = std::fs::read_to_string(path).map_err(failed)?;
    let new = report::replace(&document, measured)
        .ok_or_else(|| BenchmarkError::NoPlace { path: path.to_owned() })?;
    std::fs::write(path, new).map_err(failed)
}
