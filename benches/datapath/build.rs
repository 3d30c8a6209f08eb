//! Compiles the benchmarks' own BPF programs into `OUT_DIR`.
//!
//! They are loaded by this crate only and never attached to anything.

#[path = "../../crates/datapath/clang.rs"]
mod clang;

use std::{path::Path, process::ExitCode};

/// One object for each contestant.
const OBJECTS: [&str; 11] = [
    "address", "dense", "empty", "hash", "identity", "lru", "ordered", "packet", "prefix", "slots",
    "table",
];

fn main() -> ExitCode {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed={}", own.join("../../bpf").display());
    clang::objects(&own.join("bpf"), &OBJECTS)
}
