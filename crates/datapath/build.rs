//! Compiles the BPF programs into `OUT_DIR`.
//!
//! The objects are part of the binary, so building this crate is the only step that needs clang.

#[path = "clang.rs"]
mod clang;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bpf");
    // For the pods' hooks and for the node's own: one object that is attached, one for test runs.
    clang::objects(&sources, &["ringfence", "test", "host", "test_host"])
}
