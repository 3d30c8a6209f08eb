//! Compiles BPF programs with the clang that is there: a part of build scripts.
//!
//! The hooks, the programs of the benchmarks and those of tests are compiled by three scripts; what
//! one measures must be compiled as what the other loads.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Versions of clang that are looked for, newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=21;

/// Makes `NAME.bpf.o` in `OUT_DIR` of `NAME.bpf.c` in `sources`, for each of `names`.
pub(crate) fn objects(sources: &Path, names: &[&str]) -> ExitCode {
    println!("cargo::rerun-if-changed={}", sources.display());
    match build(sources, names) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.replace('\n', "\ncargo::error="));
            ExitCode::FAILURE
        }
    }
}

fn build(sources: &Path, names: &[&str]) -> Result<(), String> {
    let clang = clang()?;
    // What the verifier counts depends on who compiled.
    println!("cargo::rustc-env=RINGFENCE_BPF_COMPILER={clang}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    names.iter().try_for_each(|name| {
        let source = sources.join(format!("{name}.bpf.c"));
        compile(&clang, &source, &out.join(format!("{name}.bpf.o")))
    })
}

/// Makes `object` of `source`.
fn compile(clang: &str, source: &Path, object: &Path) -> Result<(), String> {
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
fn clang() -> Result<String, String> {
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
