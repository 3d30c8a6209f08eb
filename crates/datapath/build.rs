//! Compiles the BPF programs into `OUT_DIR`.
//!
//! The objects are part of the binary, so building this crate is the only step that needs clang.

#[path = "clang.rs"]
mod clang;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// One object for the hooks, one for test runs.
const OBJECTS: [&str; 2] = ["ringfence", "test"];

fn main() -> ExitCode {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bpf");
    println!("cargo::rerun-if-changed={}", sources.display());
    match build(&sources) {
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
