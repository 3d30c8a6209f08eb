//! What the figures were measured on: nanoseconds mean nothing without it.
//!
//! What cannot be read is said to be unknown.

use std::fs::read_to_string;

/// In one line.
pub(crate) fn words() -> String {
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".into());
    let processors = read_to_string("/proc/cpuinfo").unwrap_or_else(|_| String::new());
    let mut models =
        processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = models.next().map_or("unknown", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let numbers = kernel.split('-').next().unwrap_or(&kernel).trim();
    format!("Linux {numbers}, {cores} cores, {model}")
}
