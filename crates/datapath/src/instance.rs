//! An instance: one node's maps and programs.
//!
//! Opening finds what an earlier process left, or makes it. Dropping an instance leaves everything
//! in force; only [`Instance::remove`] takes it away.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use aya::{
    maps::MapInfo,
    programs::{ProgramInfo, SchedClassifier, TestRun, TestRunOptions},
};

use crate::{
    Capacities, Config, Direction, Events, EventsError, Features, FileError, OpenError, Programs,
    RemoveError, RunError,
    attribution::Attribution,
    clsact,
    held::Held,
    host::Host,
    inherit::LINKS,
    link::pinned_name,
    object::{self, EGRESS, HOST_PROGRAMS, INGRESS},
    tables::Tables,
    translation::{CALLS, CallProgram},
};

/// Where an instance's pins are.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    pub(crate) maps: PathBuf,
    pub(crate) programs: PathBuf,
    pub(crate) links: PathBuf,
}

impl Pins {
    fn below(directory: &Path) -> Self {
        let version = directory.join(format!("v{}", abi::VERSION));
        Self {
            maps: version.join("maps"),
            programs: version.join("programs"),
            links: version.join(LINKS),
        }
    }

    /// The folder that all of them are in.
    pub(crate) fn version(&self) -> &Path {
        self.links.parent().unwrap_or(&self.links)
    }

    /// Removes the pins of programs that have another fingerprint.
    pub(crate) fn keep_programs(&self, fingerprint: &str) -> Result<(), FileError> {
        let directory = &self.programs;
        for entry in std::fs::read_dir(directory).map_err(failed("read", directory))? {
            let path = entry.map_err(failed("read", directory))?.path();
            if !path.to_string_lossy().ends_with(fingerprint) {
                std::fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(())
    }

    pub(crate) fn create(&self) -> Result<(), FileError> {
        [&self.maps, &self.programs, &self.links].into_iter().try_for_each(|directory| {
            std::fs::create_dir_all(directory).map_err(failed("create", directory))
        })
    }
}

/// One node's maps and programs, open.
#[derive(Debug)]
pub struct Instance {
    pub(crate) config: Config,
    features: Features,
    pub(crate) pins: Pins,
    pub(crate) tables: Tables,
    pub(crate) egress: SchedClassifier,
    pub(crate) ingress: SchedClassifier,
    pub(crate) calls: Vec<CallProgram>,
    /// None where packets are test runs.
    pub(crate) attribution: Option<Attribution>,
    /// None where the kernel lacks what they need.
    pub(crate) host: Option<Host>,
    pub(crate) held: Held,
}

/// One packet for a test run, and what the hook would have derived.
#[derive(Clone, Copy, Debug)]
pub struct TestPacket<'a> {
    /// From the Ethernet header on.
    pub data: &'a [u8],
    /// Which hook.
    pub direction: Direction,
    /// The host side of the pod's veth, as in `interfaces`.
    pub interface: u32,
    /// The incoming device, or 0.
    pub incoming: u32,
    /// A socket of the node made it.
    pub local_socket: bool,
    /// The sender's cgroup.
    pub container: u32,
    /// How often to run it.
    pub repeat: u32,
}

/// What a test run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The program's return value: -1 next, 2 drop.
    pub verdict: i32,
    /// The packet as the program left it.
    pub data: Vec<u8>,
    /// Mean time of a run.
    pub duration: std::time::Duration,
}

impl Instance {
    /// Opens the instance that is pinned in the configured directory, or makes it. Pinned tables that can
    /// grow keep their sizes, see [`Instance::grow`].
    ///
    /// # Errors
    /// Where the kernel refuses a map or program, or other pinned maps have other sizes.
    pub fn open(config: &Config) -> Result<Self, OpenError> {
        let pins = Pins::below(&config.pin_dir);
        pins.create()?;
        let config = &with_pinned_sizes(config, &pins.maps);
        let fingerprint = object::fingerprint(config);
        let pin = |name: &str| pins.programs.join(format!("{name}-{fingerprint}"));
        check_capacities(config, &pins.maps)?;
        check_hooks(config, &pins.links)?;
        let features = Features::recorded(&pin(Features::RECORD));
        if features.is_none() || !object::names(config.programs).all(|name| pin(name).exists()) {
            remove_files(&pins.programs)?;
            object::load(config, &pins.maps, pin)?;
        }
        let mut instance = Self::pinned(config.clone(), pins, Held::default())?;
        instance.end_growth()?;
        Ok(instance)
    }

    /// What is pinned for `config`.
    pub(crate) fn pinned(config: Config, pins: Pins, held: Held) -> Result<Self, OpenError> {
        let fingerprint = object::fingerprint(&config);
        let pin = |name: &str| pins.programs.join(format!("{name}-{fingerprint}"));
        let record = pin(Features::RECORD);
        let features = Features::recorded(&record)
            .ok_or_else(|| failed("read", &record)(io::ErrorKind::InvalidData.into()))?;
        let is_pinned = HOST_PROGRAMS.iter().all(|name| pin(name).exists());
        let has_host = is_pinned || object::load_host(&config, &pins.maps, pin)?;
        Ok(Self {
            features: Features { host: has_host, ..features },
            tables: Tables::open(&pins.maps, &config)?,
            egress: from_pin(EGRESS, &pin(EGRESS))?,
            ingress: from_pin(INGRESS, &pin(INGRESS))?,
            calls: calls(&config, pin)?,
            attribution: attribution(&config, pin)?,
            host: has_host.then(|| Host::from_pins(pin)).transpose()?,
            held,
            config,
            pins,
        })
    }

    /// The configuration that the instance was opened with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What its programs use: the rest was taken away, or the kernel lacks it.
    #[must_use]
    pub fn features(&self) -> Features {
        self.features
    }

    /// A reader of the ring of events.
    ///
    /// # Errors
    /// Where the ring cannot be opened.
    pub fn events(&self) -> Result<Events, EventsError> {
        Events::open(&self.pins.maps)
    }

    /// Runs a program of [`crate::Programs::TestRuns`] on one packet.
    ///
    /// # Errors
    /// Where the kernel refuses the packet.
    pub fn test_run(&self, packet: &TestPacket<'_>) -> Result<Report, RunError> {
        let program = match packet.direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        };
        let context = test_context(packet);
        let mut data = packet.data.to_vec();
        let options = TestRunOptions {
            data_in: Some(packet.data),
            data_out: Some(&mut data),
            ctx_in: Some(&context),
            repeat: packet.repeat.max(1),
            ..TestRunOptions::default()
        };
        let result = program.test_run(options).map_err(|error| RunError(Box::new(error)))?;
        data.truncate(result.data_size_out as usize);
        let verdict = result.return_value.cast_signed();
        Ok(Report { verdict, data, duration: result.duration })
    }

    /// How many instructions the verifier looked at in each program, by its name, where the kernel
    /// says so.
    #[must_use]
    pub fn verified_instructions(&self) -> BTreeMap<&'static str, Option<u32>> {
        let fingerprint = object::fingerprint(&self.config);
        let verified = |name: &'static str| {
            let pin = self.pins.programs.join(format!("{name}-{fingerprint}"));
            let info = ProgramInfo::from_pin(pin).ok();
            (name, info.and_then(|info| info.verified_instruction_count()))
        };
        let of_host = HOST_PROGRAMS.into_iter().filter(|_| self.has_host());
        object::names(self.config.programs).chain(of_host).map(verified).collect()
    }

    /// Detaches everything and removes all pins of this instance. Filters are found in the calling
    /// thread's network namespace, see [`remove_pins`].
    ///
    /// # Errors
    /// Where a pin or filter cannot be removed.
    pub fn remove(self) -> Result<(), RemoveError> {
        let directory = self.config.pin_dir.clone();
        drop(self);
        remove_pins(&directory)
    }
}

/// Removes what an instance left in `directory`, links first. What is absent is no error.
///
/// A link goes with its pin. A filter of [`Hooks::Clsact`] does not: those of interfaces in the
/// calling thread's network namespace are removed, those elsewhere go with their interfaces.
///
/// # Errors
/// Where a pin or filter cannot be removed.
pub fn remove_pins(directory: &Path) -> Result<(), RemoveError> {
    clsact::remove_recorded(&Pins::below(directory).links)?;
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", directory)(error).into())
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The start of `struct __sk_buff`: up to and including the control block.
fn test_context(packet: &TestPacket<'_>) -> Vec<u8> {
    const WORDS_BEFORE_CONTROL_BLOCK: usize = 12;
    let mut words = vec![0_u32; WORDS_BEFORE_CONTROL_BLOCK];
    words.extend([
        packet.interface,
        packet.incoming,
        u32::from(packet.local_socket),
        packet.container,
        0,
    ]);
    words.into_iter().flat_map(u32::to_ne_bytes).collect()
}

/// Test runs cannot make socket calls, so their object has no programs for them.
fn calls(config: &Config, pin: impl Fn(&str) -> PathBuf) -> Result<Vec<CallProgram>, OpenError> {
    match config.programs {
        Programs::Hooks => CALLS
            .iter()
            .map(|&(name, call)| CallProgram::from_pin(name, call, &pin(name)))
            .collect(),
        Programs::TestRuns => Ok(Vec::new()),
    }
}

fn attribution(
    config: &Config,
    pin: impl Fn(&str) -> PathBuf,
) -> Result<Option<Attribution>, OpenError> {
    match config.programs {
        Programs::Hooks => Attribution::from_pins(pin).map(Some),
        Programs::TestRuns => Ok(None),
    }
}

pub(crate) fn from_pin(program: &'static str, path: &Path) -> Result<SchedClassifier, OpenError> {
    SchedClassifier::from_pin(path)
        .map_err(|source| OpenError::Program { program, source: Box::new(source) })
}

/// Tables may have grown.
fn with_pinned_sizes(config: &Config, maps: &Path) -> Config {
    let pinned = |map| MapInfo::from_pin(maps.join(map)).ok().map(|info| info.max_entries());
    let has = config.capacities;
    let capacities = Capacities {
        peers: pinned("peers").unwrap_or(has.peers),
        prefixes: pinned("prefixes").unwrap_or(has.prefixes),
        rows: pinned("rows").unwrap_or(has.rows),
        cells: pinned("cells").unwrap_or(has.cells),
        services: pinned("services").unwrap_or(has.services),
        backends: pinned("backends").unwrap_or(has.backends),
        endpoints: pinned("endpoints").unwrap_or(has.endpoints),
        ..has.with_established(pinned("est").unwrap_or(has.established))
    };
    Config { capacities, ..config.clone() }
}

/// What cannot grow is as large as it was made; saying so early names the map.
fn check_capacities(config: &Config, maps: &Path) -> Result<(), OpenError> {
    for (map, wanted) in object::capacities(config) {
        if let Ok(info) = MapInfo::from_pin(maps.join(map))
            && info.max_entries() != wanted
        {
            return Err(OpenError::Capacity { map, found: info.max_entries(), wanted });
        }
    }
    Ok(())
}

/// Attaching by other means than before would leave what was attached where it is.
fn check_hooks(config: &Config, links: &Path) -> Result<(), OpenError> {
    let wanted = config.hooks;
    for entry in std::fs::read_dir(links).map_err(failed("read", links))? {
        let path = entry.map_err(failed("read", links))?.path();
        match pinned_name(&path) {
            Some(pinned) if pinned.hooks != wanted => {
                let found = pinned.hooks;
                return Err(OpenError::Hooks { found: found.word(), wanted: wanted.word() });
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn remove_files(directory: &Path) -> Result<(), FileError> {
    let entries = std::fs::read_dir(directory).map_err(failed("read", directory))?;
    for entry in entries {
        let path = entry.map_err(failed("read", directory))?.path();
        std::fs::remove_file(&path).map_err(failed("remove", &path))?;
    }
    Ok(())
}

pub(crate) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> FileError + use<> {
    let path = path.to_owned();
    move |source| FileError { action, path: path.clone(), source }
}
