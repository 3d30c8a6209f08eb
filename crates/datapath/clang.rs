//! Compiles one BPF program with the clang that is there: a part of build scripts.
//!
//! The hooks and the programs of the benchmarks are compiled by two scripts; what one measures must
//! be compiled as what the other loads.

use std::{env, path::Path, process::Command};

/// Versions of clang that are looked for, newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=21;

/// Makes `object` of `source`.
pub(crate) fn compile(clang: &str, source: &Path, object: &Path) -> Result<(), String> {
    let output = Command::new(clang)
        .args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-c"])
        .arg(source)
        .arg("-o")
        .arg(object)
        .output()
        .map_err(|error| format!("cannot run {clang}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr);
    Err(format!("{clang} cannot compile {}:\n{log}", source.display()))
}

/// The first clang that can make BPF objects: the one asked for, the newest versioned one, `clang`.
pub(crate) fn clang() -> Result<String, String> {
    println!("cargo::rerun-if-env-changed=RINGFENCE_CLANG");
    if let Ok(clang) = env::var("RINGFENCE_CLANG") {
        return match makes_bpf(&clang) {
            true => Ok(clang),
            false => Err(format!("RINGFENCE_CLANG={clang} does not run or lacks the bpf target")),
        };
    }
    let versioned = VERSIONS.rev().map(|version| format!("clang-{version}"));
    versioned.chain(["clang".to_owned()]).find(|clang| makes_bpf(clang)).ok_or_else(|| {
        "the BPF programs need clang with the bpf target: install the package clang-19 (Debian), \
         or clang, or name one in RINGFENCE_CLANG"
            .to_owned()
    })
}

fn makes_bpf(clang: &str) -> bool {
    Command::new(clang)
        .arg("-print-targets")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("bpf"))
}
