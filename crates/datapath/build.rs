//! Compiles the BPF programs into `OUT_DIR`.
//!
//! The objects are part of the binary, so building this crate is the only step that needs clang.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// One object for the hooks, one for test runs.
const OBJECTS: [&str; 2] = ["ringfence", "test"];
/// Versions of clang that are looked for, newest first.
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=21;

fn main() -> ExitCode {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bpf");
    println!("cargo::rerun-if-changed={}", sources.display());
    println!("cargo::rerun-if-env-changed=RINGFENCE_CLANG");
    match build(&sources) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("cargo::error={}", message.replace('\n', "\ncargo::error="));
            ExitCode::FAILURE
        }
    }
}

fn build(sources: &Path) -> Result<(), String> {
    let clang = clang()?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    OBJECTS.iter().try_for_each(|name| {
        compile(&clang, &sources.join(format!("{name}.bpf.c")), &out.join(format!("{name}.bpf.o")))
    })
}

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
