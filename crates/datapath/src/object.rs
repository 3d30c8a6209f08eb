//! The compiled objects, and loading them with what this kernel can do.
//!
//! Features are asked for and given up if the verifier refuses them: the connection tracker's lookup
//! and the namespace cookie of a packet, which the verifier itself then removes from the program, and
//! the hooks of the node itself, which are an object of their own.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    time::Duration,
};

use aya::{
    Btf, Ebpf, EbpfLoader, include_bytes_aligned,
    programs::{Program, SchedClassifier},
};

use crate::{
    Config, Direction, Features, OpenError, Programs,
    attribution::{EXEC, EXEC_POINT, SOCK_CREATE},
    host::{HOST_EGRESS, HOST_INGRESS},
    instance::{Pins, failed, from_pin},
    translation::CALLS,
};

/// The object with the hooks.
pub const HOOKS_OBJECT: &[u8] =
    include_bytes_aligned!(concat!(env!("OUT_DIR"), "/ringfence.bpf.o"));
/// The object with the entry points for test runs.
pub const TEST_OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/test.bpf.o"));

/// The object with the node's own hooks, and its entry points for test runs.
const HOST_OBJECT: &[u8] = include_bytes_aligned!(concat!(env!("OUT_DIR"), "/host.bpf.o"));
const HOST_TEST_OBJECT: &[u8] =
    include_bytes_aligned!(concat!(env!("OUT_DIR"), "/test_host.bpf.o"));

/// The program where a pod sends.
pub(crate) const EGRESS: &str = "ringfence_egress";
/// The program where a pod receives.
pub(crate) const INGRESS: &str = "ringfence_ingress";

fn object(programs: Programs) -> &'static [u8] {
    match programs {
        Programs::Hooks => HOOKS_OBJECT,
        Programs::TestRuns => TEST_OBJECT,
    }
}

fn host_object(programs: Programs) -> &'static [u8] {
    match programs {
        Programs::Hooks => HOST_OBJECT,
        Programs::TestRuns => HOST_TEST_OBJECT,
    }
}

/// Names what would be loaded: equal configurations of one build have equal fingerprints.
pub(crate) fn fingerprint(config: &Config) -> String {
    let mut hasher = DefaultHasher::new();
    object(config.programs).hash(&mut hasher);
    host_object(config.programs).hash(&mut hasher);
    config.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What the pods' hooks use, most first.
const ATTEMPTS: [Features; 4] = [
    Features { ct_lookup: true, netns_cookie: true, host: false },
    Features { ct_lookup: true, netns_cookie: false, host: false },
    Features { ct_lookup: false, netns_cookie: true, host: false },
    Features { ct_lookup: false, netns_cookie: false, host: false },
];

/// The programs of the node's own hooks.
pub(crate) const HOST_PROGRAMS: [&str; 2] = [HOST_EGRESS, HOST_INGRESS];

/// Loads the programs with as many features as the kernel accepts and pins each at the path that
/// `pin` gives it. Maps pinned in `maps` are used.
pub(crate) fn load(
    config: &Config,
    maps: &Path,
    pin: impl Fn(&str) -> PathBuf,
) -> Result<(), OpenError> {
    let wanted: Vec<_> = names(config.programs).collect();
    let (mut ebpf, features) = loaded(config, maps, &wanted)?;
    features.record(&pin(Features::RECORD))?;
    pin_programs(&mut ebpf, &wanted, pin)
}

/// Loads and pins the node's own hooks over the same maps. Returns whether the kernel takes them.
pub(crate) fn load_host(
    config: &Config,
    maps: &Path,
    pin: impl Fn(&str) -> PathBuf,
) -> Result<bool, OpenError> {
    if !config.features.host {
        return Ok(false);
    }
    let features = Features { ct_lookup: false, netns_cookie: true, host: true };
    let mut ebpf = object_with(config, maps, features, host_object(config.programs))?;
    match load_programs(&mut ebpf, &HOST_PROGRAMS) {
        Ok(()) => pin_programs(&mut ebpf, &HOST_PROGRAMS, pin).map(|()| true),
        Err(error @ OpenError::Program { .. }) => {
            tracing::debug!(%error, "the kernel refuses the programs of the node itself");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// A second copy of one program, which can stand on a hook while the first one changes its place.
pub(crate) fn copy(
    config: &Config,
    pins: &Pins,
    direction: Direction,
) -> Result<SchedClassifier, OpenError> {
    let name = match direction {
        Direction::Egress => EGRESS,
        Direction::Ingress => INGRESS,
    };
    let (mut ebpf, _) = loaded(config, &pins.maps, &[name])?;
    let path = pins.programs.join(format!("{name}-copy-{}", std::process::id()));
    pin_programs(&mut ebpf, &[name], |_| path.clone())?;
    let copy = from_pin(name, &path);
    std::fs::remove_file(&path).map_err(failed("remove", &path))?;
    copy
}

/// Whether no more is used than the configuration permits.
fn permits(config: &Config, features: Features) -> bool {
    let most = config.features;
    (most.ct_lookup || !features.ct_lookup) && (most.netns_cookie || !features.netns_cookie)
}

/// The object with these of its programs loaded, and the features that the kernel accepts.
fn loaded(
    config: &Config,
    maps: &Path,
    wanted: &[&'static str],
) -> Result<(Ebpf, Features), OpenError> {
    let mut refused = None;
    for features in ATTEMPTS.into_iter().filter(|features| permits(config, *features)) {
        let mut ebpf = object_with(config, maps, features, object(config.programs))?;
        match load_programs(&mut ebpf, wanted) {
            Ok(()) => return Ok((ebpf, features)),
            Err(error @ OpenError::Program { .. }) => {
                tracing::debug!(?features, "the kernel refuses the programs");
                refused = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or(OpenError::Absent { name: EGRESS }))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a foreign type; ours are these kinds")]
fn load_programs(ebpf: &mut Ebpf, wanted: &[&'static str]) -> Result<(), OpenError> {
    wanted.iter().try_for_each(|&name| {
        let failed = |source| OpenError::Program { program: name, source: Box::new(source) };
        match ebpf.program_mut(name).ok_or(OpenError::Absent { name })? {
            Program::SchedClassifier(program) => program.load().map_err(failed),
            Program::CgroupSockAddr(program) => program.load().map_err(failed),
            Program::CgroupSock(program) => program.load().map_err(failed),
            Program::CgroupSkb(program) => program.load().map_err(failed),
            Program::BtfTracePoint(program) => {
                let types = Btf::from_sys_fs().map_err(|error| failed(error.into()))?;
                program.load(EXEC_POINT, &types).map_err(failed)
            }
            _ => Err(OpenError::Absent { name }),
        }
    })
}

fn pin_programs(
    ebpf: &mut Ebpf,
    wanted: &[&'static str],
    pin: impl Fn(&str) -> PathBuf,
) -> Result<(), OpenError> {
    wanted.iter().try_for_each(|&name| {
        let program = ebpf.program_mut(name).ok_or(OpenError::Absent { name })?;
        program
            .pin(pin(name))
            .map_err(|source| OpenError::Pin { program: name, source: Box::new(source) })
    })
}

/// The programs of an object.
pub(crate) fn names(programs: Programs) -> impl Iterator<Item = &'static str> {
    let calls = CALLS.iter().map(|(name, _)| *name).chain([SOCK_CREATE, EXEC]);
    let calls = calls.filter(move |_| programs == Programs::Hooks);
    [EGRESS, INGRESS].into_iter().chain(calls)
}

fn object_with(
    config: &Config,
    maps: &Path,
    features: Features,
    object: &[u8],
) -> Result<Ebpf, OpenError> {
    let flags = [
        ("feature_ct_lookup", u8::from(features.ct_lookup)),
        ("feature_netns_cookie", u8::from(features.netns_cookie)),
        ("weak_memory", u8::from(!cfg!(target_arch = "x86_64"))),
    ];
    let cookie = config.node_namespace.unwrap_or(0);
    let share = u64::from(config.capacities.established_share);
    let lifetimes = lifetimes(config);
    let mut loader = EbpfLoader::new();
    loader.default_map_pin_directory(maps);
    for (name, entries) in capacities(config) {
        loader.map_max_entries(name, entries);
    }
    for (name, flag) in &flags {
        loader.override_global(name, flag, true);
    }
    for (name, nanoseconds) in &lifetimes {
        loader.override_global(name, nanoseconds, true);
    }
    loader.override_global("node_netns_cookie", &cookie, false);
    loader.override_global("established_share", &share, true);
    loader.load(object).map_err(|error| OpenError::Maps(Box::new(error)))
}

/// The maps whose size is configured.
pub(crate) fn capacities(config: &Config) -> [(&'static str, u32); 19] {
    let capacities = &config.capacities;
    [
        ("peers", capacities.peers),
        ("prefixes", capacities.prefixes),
        ("rows", capacities.rows),
        ("cells", capacities.cells),
        ("services", capacities.services),
        ("backends", capacities.backends),
        ("endpoints", capacities.endpoints),
        ("held", capacities.endpoints),
        ("interfaces", capacities.endpoints),
        ("pods", capacities.endpoints),
        ("subjects", capacities.endpoints),
        ("half", capacities.half),
        ("est", capacities.established),
        ("denied", capacities.denied),
        ("fragments", capacities.fragments),
        ("affinities", capacities.affinities),
        ("translations", capacities.translations),
        ("processes", capacities.processes),
        ("events", capacities.events),
    ]
}

fn lifetimes(config: &Config) -> [(&'static str, u64); 6] {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX >> 1);
    let lifetimes = &config.lifetimes;
    [
        ("lifetime_half_ns", nanoseconds(lifetimes.half)),
        ("lifetime_closing_ns", nanoseconds(lifetimes.closing)),
        ("lifetime_datagram_ns", nanoseconds(lifetimes.datagram)),
        ("lifetime_stream_ns", nanoseconds(lifetimes.stream)),
        ("lifetime_fragment_ns", nanoseconds(lifetimes.fragment)),
        ("report_interval_ns", nanoseconds(lifetimes.report_interval)),
    ]
}
