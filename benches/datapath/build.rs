//! Compiles the benchmarks' own BPF programs into `OUT_DIR`.
//!
//! They are loaded by this crate only and never attached to anything.

#[path = "../../crates/datapath/clang.rs"]
mod clang;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// One object for each contestant.
const OBJECTS: [&str; 11] = [
    "address", "dense", "empty", "hash", "identity", "lru", "ordered", "packet", "prefix", "slots",
    "table",
];

fn main() -> ExitCode {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed={}", own.join("bpf").display());
    println!("cargo::rerun-if-changed={}", own.join("../../bpf").display());
    match build(&own.join("bpf")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.replace('\n', "\ncargo::error="));
            ExitCode::FAILURE
        }
    }
}

fn build(sources: &Path) -> Result<(), String> {
    let clang = clang::clang()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    OBJECTS.iter().try_for_each(|name| {
        let source = sources.join(format!("{name}.bpf.c"));
        clang::compile(&clang, &source, &out.join(format!("{name}.bpf.o")))
    })
}
