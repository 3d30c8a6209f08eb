//! One program of the benchmark in the kernel, and running it many times.
//!
//! The kernel's test run measures inside the kernel, without the system call, and stops its clock
//! while it lets others run; so what is left of a shared machine's noise is mostly caches.

use std::time::Duration;

use aya::maps::{Array, Map, MapError};
use aya::programs::{Program, ProgramError, SchedClassifier, TestRun, TestRunOptions};
use aya::{Ebpf, EbpfError, EbpfLoader};
use datapath::{Events, EventsError};

/// A program could not be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RacerError {
    #[error("cannot load the program of {layout}")]
    Load { layout: &'static str, source: EbpfError },
    #[error("the kernel refuses the program of {layout}")]
    Verify { layout: &'static str, source: Box<ProgramError> },
    #[error("the program of {layout} has no `{name}`")]
    Absent { layout: &'static str, name: &'static str },
    #[error("cannot fill `{map}` of {layout}")]
    Fill { layout: &'static str, map: &'static str, source: MapError },
    #[error("cannot empty the ring of events")]
    Events(#[from] EventsError),
    #[error("{layout} answered {answer} instead of {wanted}: what it did is not what is measured")]
    Wrong { layout: &'static str, answer: i32, wanted: i32 },
}

/// With 64 lookups each, twice 100,000 peers; of a million the next fifth, for samples go on where
/// the last one ended.
const REPEAT: u32 = 3_125;
/// The kernel refuses a packet without an IP header.
const PACKET: [u8; 64] = [0; 64];

/// An object with a program to run.
#[derive(Debug)]
pub(crate) struct Racer {
    layout: &'static str,
    ebpf: Ebpf,
    program: &'static str,
    pub(crate) packet: Vec<u8>,
    pub(crate) context: Vec<u8>,
    /// What the program must return.
    pub(crate) wanted: i32,
    /// Lookups of one run.
    pub(crate) lookups: u32,
    /// Runs of one sample.
    pub(crate) repeat: u32,
    /// The ring that the runs fill, which has room for those of one sample.
    pub(crate) events: Option<Events>,
}

impl Racer {
    /// Loads `object`, after `configure` had its say.
    pub(crate) fn load<'a>(
        layout: &'static str,
        object: &[u8],
        program: &'static str,
        configure: impl FnOnce(&mut EbpfLoader<'a>),
    ) -> Result<Self, RacerError> {
        let mut loader = EbpfLoader::new();
        configure(&mut loader);
        let ebpf = loader.load(object).map_err(|source| RacerError::Load { layout, source })?;
        let mut racer = Self {
            layout,
            ebpf,
            program,
            packet: PACKET.to_vec(),
            context: Vec::new(),
            wanted: 0,
            lookups: 64,
            repeat: REPEAT,
            events: None,
        };
        racer
            .program()?
            .load()
            .map_err(|source| RacerError::Verify { layout, source: Box::new(source) })?;
        Ok(racer)
    }

    /// Says who comes when.
    pub(crate) fn with_sequence(
        mut self,
        sequence: impl Iterator<Item = u32>,
    ) -> Result<Self, RacerError> {
        self.fill("sequence", |map| {
            let mut array: Array<_, u32> = map.try_into()?;
            (0..).zip(sequence).try_for_each(|(index, peer)| array.set(index, &peer, 0))
        })?;
        Ok(self)
    }

    /// Writes into one map.
    pub(crate) fn fill(
        &mut self,
        map: &'static str,
        fill: impl FnOnce(&mut Map) -> Result<(), MapError>,
    ) -> Result<(), RacerError> {
        let layout = self.layout;
        let found = self.ebpf.map_mut(map).ok_or(RacerError::Absent { layout, name: map })?;
        fill(found).map_err(|source| RacerError::Fill { layout, map, source })
    }

    /// Nanoseconds of one lookup, after as many that fill the caches with what is asked for again.
    pub(crate) fn sample(&mut self) -> Result<f64, RacerError> {
        if let Some(events) = &mut self.events {
            events.drain(drop)?;
        }
        self.run()?;
        Ok(self.run()?.as_secs_f64() * 1e9 / f64::from(self.lookups))
    }

    /// The mean time of a run.
    fn run(&mut self) -> Result<Duration, RacerError> {
        let (layout, wanted) = (self.layout, self.wanted);
        let (packet, context) = (self.packet.clone(), self.context.clone());
        let options = TestRunOptions {
            data_in: Some(&packet),
            ctx_in: (!context.is_empty()).then_some(&context),
            repeat: self.repeat,
            ..TestRunOptions::default()
        };
        let done = self
            .program()?
            .test_run(options)
            .map_err(|source| RacerError::Verify { layout, source: Box::new(source) })?;
        let answer = done.return_value.cast_signed();
        if answer != wanted {
            return Err(RacerError::Wrong { layout, answer, wanted });
        }
        Ok(done.duration)
    }

    fn program(&mut self) -> Result<&mut SchedClassifier, RacerError> {
        let (layout, name) = (self.layout, self.program);
        let absent = RacerError::Absent { layout, name };
        match self.ebpf.program_mut(name) {
            Some(Program::SchedClassifier(program)) => Ok(program),
            // The kinds are a foreign type; ours is the one above.
            _ => Err(absent),
        }
    }
}
