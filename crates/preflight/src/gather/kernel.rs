//! The kernel: its release and features, and whether it takes the programs.

use std::fs;
use std::path::Path;

use datapath::{Config, Hooks, Instance, has_bpffs, netns_cookie, probe, remove_pins};

use crate::facts::KernelFacts;

/// What the agent's container is given, by the bit in the kernel's sets.
const CAPABILITIES: [(u32, &str); 2] = [(12, "NET_ADMIN"), (21, "SYS_ADMIN")];

pub(super) fn gather() -> KernelFacts {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let has = |path: &str| Path::new(path).exists();
    KernelFacts {
        release: format!("Linux {}", release.trim()),
        missing: probe().iter().map(ToString::to_string).collect(),
        cgroup2: cgroup2(&fs::read_to_string("/proc/self/mounts").unwrap_or_default()),
        has_bpffs: has_bpffs().unwrap_or(false),
        loaded: None,
        lacking_capabilities: lacking(&fs::read_to_string("/proc/self/status").unwrap_or_default()),
        families: [has("/proc/sys/net/ipv4"), has("/proc/sys/net/ipv6")],
    }
}

fn cgroup2(mounts: &str) -> Option<String> {
    mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (words.next()?, words.next()?);
        (kind == "cgroup2").then(|| at.to_owned())
    })
}

/// Of `/proc/self/status`, where `CapEff` is a set in hexadecimal.
fn lacking(status: &str) -> Vec<&'static str> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let set = line.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or_default();
    let lacks = CAPABILITIES.iter().filter(|(bit, _)| set & (1 << bit) == 0);
    lacks.map(|(_, name)| *name).collect()
}

/// Loads the programs under a name of their own, and takes them away again. Not where something that they
/// need is missing already, or where they could not be pinned.
pub(super) fn try_programs() -> Option<Result<Vec<String>, String>> {
    if !probe().is_empty() || !has_bpffs().unwrap_or(false) {
        return None;
    }
    let pins = format!("/sys/fs/bpf/ringfence-preflight-{}", std::process::id());
    let loaded = load(Path::new(&pins));
    if let Err(error) = remove_pins(Path::new(&pins)) {
        return Some(Err(format!("{pins} is left: {error}")));
    }
    Some(loaded)
}

fn load(pins: &Path) -> Result<Vec<String>, String> {
    let mut config = Config::new(pins.to_owned());
    config.node_namespace = netns_cookie().ok();
    let instance = Instance::open(&config).map_err(|error| chain(&error))?;
    let features = instance.features().lacking().map(ToOwned::to_owned);
    let hooks = Hooks::of_this_kernel().lacking().map(ToOwned::to_owned);
    Ok(features.chain(hooks).collect())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cgroup2_is_found_wherever_it_is_mounted() {
        let hybrid =
            "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(cgroup2(hybrid).as_deref(), Some("/sys/fs/cgroup/unified"));
        assert_eq!(cgroup2("cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\n"), None);
    }

    #[test]
    fn capabilities_are_read_from_the_effective_set() {
        assert_eq!(
            lacking("CapPrm:\tffffffffffffffff\nCapEff:\t0000000000001000\n"),
            ["SYS_ADMIN"]
        );
        assert_eq!(lacking("CapEff:\t0000000000201000\n"), Vec::<&str>::new());
        assert_eq!(lacking(""), ["NET_ADMIN", "SYS_ADMIN"]);
    }
}
