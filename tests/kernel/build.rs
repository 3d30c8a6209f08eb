//! Compiles the programs of tests into `OUT_DIR`: somebody else's, a tap, and the parser by itself.
//!
//! The first stand beside ours on a hook, as another tool's would; the second writes down who sent a
//! packet, the third all that it read of one.

#[path = "../../crates/datapath/clang.rs"]
mod clang;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed={}", own.join("../../bpf/include").display());
    println!("cargo::rerun-if-changed={}", own.join("../../bpf/lib").display());
    clang::objects(&own.join("bpf"), &["foreign", "makers", "parse"])
}
