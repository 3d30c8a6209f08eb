//! How many instructions the verifier looks at in each program, with all that the kernel offers.
//!
//! A kernel refuses what takes it more than a million, and older ones take more for the same program.
//! So what a change costs is seen here: the counts are compared with a file where the kernel and the
//! compiler are known in it, and half of what is permitted is the limit everywhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test may say so in any way"
)]

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use datapath::{Config, Instance, Programs};
use ringfence_kernel::available;

/// Half of what any kernel permits.
const BUDGET: u32 = 500_000;
/// Who compiled the programs.
const COMPILER: &str = env!("RINGFENCE_BPF_COMPILER");

/// Kernel, compiler, object and program, with what the verifier counted.
type Counts = BTreeMap<[String; 4], u32>;

/// Of one object; its pins go when it goes.
struct Loaded(Instance);

impl Drop for Loaded {
    fn drop(&mut self) {
        datapath::remove_pins(&self.0.config().pin_dir).unwrap();
    }
}

fn release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim().to_owned()
}

/// Whether this kernel takes the programs of the node itself.
fn has_host() -> bool {
    let directory = format!("/sys/fs/bpf/ringfence-golden-host-{}", std::process::id());
    Loaded(Instance::open(&Config::new(directory.into())).unwrap()).0.has_host()
}

fn counted() -> Counts {
    datapath::ensure_bpffs().unwrap();
    let mut counts = Counts::new();
    for (object, programs) in [("hooks", Programs::Hooks), ("test", Programs::TestRuns)] {
        let directory = format!("/sys/fs/bpf/ringfence-golden-{object}-{}", std::process::id());
        let mut config = Config::new(directory.into());
        config.programs = programs;
        // Without it the verifier removes what the node's own hooks do.
        config.node_namespace = Some(datapath::netns_cookie().unwrap());
        let loaded = Loaded(Instance::open(&config).unwrap());
        println!("{object}: {:?}", loaded.0.features());
        for (program, count) in loaded.0.verified_instructions() {
            let key = [&release(), COMPILER, object, program].map(str::to_owned);
            counts.insert(key, count.unwrap_or_else(|| panic!("nothing is known of {program}")));
        }
    }
    counts
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/instructions.txt")
}

fn read(text: &str) -> Counts {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kernel, compiler, object, program, count] = words[..] else {
            panic!("not a line of counts: {line}")
        };
        ([kernel, compiler, object, program].map(str::to_owned), count.parse().unwrap())
    };
    lines.map(read).collect()
}

fn written(counts: &Counts) -> String {
    let mut text =
        "# kernel, compiler, object, program, instructions that were verified\n".to_owned();
    for ([kernel, compiler, object, program], count) in counts {
        writeln!(text, "{kernel} {compiler} {object} {program} {count}").unwrap();
    }
    text
}

fn is_ours([kernel, compiler, ..]: &[String; 4]) -> bool {
    *kernel == release() && compiler == COMPILER
}

#[test]
fn every_program_takes_what_is_written_down_and_less_than_half_of_what_is_permitted() {
    if !available() {
        return;
    }
    let counts = counted();
    println!("{}", written(&counts));
    assert!(counts.len() >= 12, "both objects have their programs");
    let of_host = |key: &&[String; 4]| key[3].starts_with("ringfence_host_");
    let (found, has_host) = (counts.keys().filter(of_host).count(), has_host());
    assert_eq!(found, if has_host { 4 } else { 0 }, "and so has the node itself");
    for (key, count) in &counts {
        assert!(*count < BUDGET, "{key:?}: {count} of {BUDGET}");
    }
    let mut golden = read(&std::fs::read_to_string(file()).unwrap());
    if std::env::var("BLESS").is_ok_and(|value| value == "1") {
        golden.retain(|key, _| !is_ours(key));
        golden.extend(counts);
        std::fs::write(file(), written(&golden)).unwrap();
        return;
    }
    let known: Counts = golden.into_iter().filter(|(key, _)| is_ours(key)).collect();
    if known.is_empty() {
        println!("no golden counts for kernel {} and {COMPILER}", release());
        return;
    }
    assert_eq!(known, counts, "if this is meant: BLESS=1, then read the difference");
}

#[test]
fn a_line_is_read_as_it_is_written() {
    let key = ["6.1.0", "clang-19", "hooks", "ringfence_egress"].map(str::to_owned);
    let counts = Counts::from([(key, 7)]);
    assert_eq!(read(&written(&counts)), counts);
}
