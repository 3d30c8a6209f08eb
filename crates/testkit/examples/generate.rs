//! Writes a generated cluster into a folder: `generate WORKLOADS FOLDER [SEED]`.
//!
//! For measurements; the same arguments write the same bytes.

use std::path::PathBuf;
use std::process::ExitCode;

use ringfence_testkit::scale::Scale;

fn main() -> ExitCode {
    let Some((scale, folder)) = arguments() else {
        eprintln!("usage: generate WORKLOADS FOLDER [SEED]");
        return ExitCode::from(64);
    };
    match write(scale, &folder) {
        Ok(count) => {
            eprintln!("{count} files in {}", folder.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Option<(Scale, PathBuf)> {
    let mut arguments = std::env::args().skip(1);
    let workloads = arguments.next()?.parse().ok()?;
    let folder = arguments.next()?.into();
    let seed = arguments.next().map_or(Some(1), |seed| seed.parse().ok())?;
    arguments.next().is_none().then_some((Scale { workloads, seed }, folder))
}

fn write(scale: Scale, folder: &std::path::Path) -> std::io::Result<usize> {
    std::fs::create_dir_all(folder)?;
    let mut count = 0;
    for file in scale.files() {
        std::fs::write(folder.join(&file.name), file.text)?;
        count += 1;
    }
    Ok(count)
}
