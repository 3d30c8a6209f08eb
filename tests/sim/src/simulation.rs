//! One run: a cluster, a node, faults, and then quiet.
//!
//! While faults rage, safety; when they have stopped, liveness.

use std::fmt;

use compile::{Capacities, Counts};
use model::Verdict;
use node::{Held, ProgramError};

use crate::agent::{Agent, Belief};
use crate::arrival::Arrival;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::connection::Fate;
use crate::expect::{self, Here, Kept};
use crate::kernel::{FakeKernel, Fault};
use crate::tally::Tally;

/// How often something happens before it becomes quiet.
const STEPS: usize = 12;
/// How often the node may try before everything must be as it should.
const TRIES: usize = 4;

/// Something that must not be, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The seed.
    pub seed: u64,
    /// When: the number of the step.
    pub step: usize,
    /// What.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, what } = self;
        write!(
            f,
            "seed {seed}, step {step}: {what}\nreplay it: RINGFENCE_SIM_SEED={seed} cargo test -p \
             ringfence-sim --test simulation -- --nocapture"
        )
    }
}

impl std::error::Error for Violation {}

/// Runs the simulation of one seed.
///
/// # Errors
/// The first thing that must not be.
pub fn run(seed: u64) -> Result<Tally, Violation> {
    let mut simulation = Simulation::new(seed);
    for step in 0..STEPS {
        simulation.rage();
        simulation.violation().map_or(Ok(()), |what| Err(Violation { seed, step, what }))?;
    }
    simulation.calm_down();
    match simulation.violation() {
        Some(what) => Err(Violation { seed, step: STEPS, what }),
        None => Ok(simulation.tally()),
    }
}

struct Simulation {
    chance: Chance,
    clock: Clock,
    cluster: Cluster,
    kernel: FakeKernel,
    agent: Agent,
    kept: Kept,
    /// The last change arrived.
    is_settled: bool,
    /// Faults have stopped.
    is_calm: bool,
    tally: Tally,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let clock = Clock::new();
        let cluster = Cluster::new(&mut chance);
        let kernel = FakeKernel::new(clock.clone());
        let agent = Agent::start(&kernel, &clock, &mut chance);
        let tally = Tally { seeds: 1, ..Tally::default() };
        let kept = Kept::new();
        let (is_settled, is_calm) = (true, false);
        Self { chance, clock, cluster, kernel, agent, kept, is_settled, is_calm, tally }
    }

    fn violation(&self) -> Option<String> {
        self.kernel.judge.violations.first().cloned()
    }

    fn tally(&self) -> Tally {
        let Self { kernel, .. } = self;
        Tally {
            writes: kernel.writes,
            flows: self.tally.flows + kernel.judge.asked,
            packets: self.tally.packets + kernel.judge.packets,
            ..self.tally
        }
    }

    /// Something happens to the cluster and to the machine, and the node does what it can.
    fn rage(&mut self) {
        self.tally.steps += 1;
        self.clock.pass(&mut self.chance);
        self.kernel.clock = self.clock.clone();
        // Nothing may change after a change that was cut off: what it left undone must be done all the
        // same.
        let changes = if !self.is_settled && self.chance.one_in(2) { 0 } else { 3 };
        for _ in 0..self.chance.below(changes + 1) {
            if let Some(news) = self.cluster.happen(&mut self.chance) {
                self.agent.watches.tell(news, &self.clock, &mut self.chance);
            }
        }
        self.misfortune();
        self.agent.watches.receive(&self.cluster.state, &self.clock);
        self.act();
        self.kernel.fault = None;
        if self.kernel.is_dead || self.chance.one_in(12) {
            self.die();
        }
        self.open_connections();
    }

    fn misfortune(&mut self) {
        let Self { chance, kernel, .. } = self;
        if chance.one_in(8) {
            self.agent.watches.break_one(&self.clock, chance);
        }
        if chance.one_in(3) {
            kernel.capacities = squeezed(kernel, chance);
        }
        let bound = *chance.pick(&[4, 40, 400]).unwrap_or(&4);
        let at = chance.below(bound);
        kernel.fault = match chance.below(8) {
            0 => Some(Fault::Refuse(at)),
            1 => Some(Fault::RefuseOften(at, 4)),
            2 | 3 => Some(Fault::Die(at)),
            _ => None,
        };
    }

    /// The process is gone; another one begins with what the kernel holds.
    fn die(&mut self) {
        self.tally.deaths += 1;
        self.kernel.is_dead = false;
        self.agent = Agent::start(&self.kernel, &self.clock, &mut self.chance);
    }

    /// The node follows what it believes, if it believes anything yet.
    fn act(&mut self) {
        let Some(belief) = self.agent.belief() else { return };
        let Self { chance, is_calm, .. } = self;
        self.agent.follow(&mut self.kernel, &belief, || !*is_calm && chance.one_in(40));
        if self.kernel.is_dead {
            return;
        }
        let here = Here::new(&self.kernel, &belief);
        self.kept
            .retain(|slot, _| here.pods.contains_key(slot) && self.kernel.word(*slot).is_live());
        let is_short = self.kernel.capacities != Capacities::default();
        let (cases, flows) =
            expect::cases(&self.kernel, &belief, (&here, &self.kept), is_short, &mut self.chance);
        self.kernel.judge.expect(cases, flows);
        self.tally.programs += 1;
        match self.agent.program(&mut self.kernel, &belief) {
            Ok(()) => self.arrived(&belief, &here),
            Err(error) => self.failed(&error, &belief, &here),
        }
        self.kernel.judge.expect(Vec::new(), Vec::new());
    }

    /// What was on its way may be there or not.
    fn failed(&mut self, error: &ProgramError<FakeKernel>, belief: &Belief, here: &Here) {
        self.is_settled = false;
        match error {
            ProgramError::Perform(_) => self.tally.refused += 1,
            ProgramError::Observe(_) => {}
            ProgramError::Plan(_) => {
                self.kernel.judge.report(format!("nothing can be programmed: {error:?}"));
            }
        }
        for (slot, pod) in &here.pods {
            self.kept.entry(*slot).or_default().push(expect::own_rules(belief, *pod));
        }
    }

    /// The node says that what it did not name is programmed.
    fn arrived(&mut self, belief: &Belief, here: &Here) {
        let left_out = self.agent.node.not_programmed().clone();
        self.tally.overflows += u64::from(!left_out.is_empty());
        self.tally.services += left_out.services.len() as u64;
        self.tally.peers += left_out.peers.len() as u64;
        for (slot, pod) in &here.pods {
            match left_out.held(*slot) {
                None => {
                    self.kept.insert(*slot, vec![expect::own_rules(belief, *pod)]);
                }
                Some(Held::LastGood) => self.tally.held += 1,
                Some(Held::Quarantine | Held::Unenforced) => {
                    self.kept.remove(slot);
                    self.tally.quarantined += 1;
                }
            }
        }
        self.compare(belief, here);
        self.cut(belief, here);
        self.is_settled = true;
    }

    /// Every endpoint says what its rules want: the wanted ones, or where it is reported, its last.
    fn compare(&mut self, belief: &Belief, here: &Here) {
        let Self { kept, agent, kernel, is_settled, .. } = self;
        let arrival = Arrival { belief, here, kept, node: &agent.node, image: &kernel.image };
        let cases = kernel.judge.cases.iter();
        let mut found: Vec<String> = cases.clone().filter_map(|case| arrival.wrong(case)).collect();
        found.extend(cases.clone().filter_map(|case| arrival.staged_wrong(case)));
        self.tally.staged += arrival.staged_otherwise(&kernel.judge.cases);
        let interrupted = cases.filter(|case| *is_settled && arrival.was_interrupted(case));
        found.extend(interrupted.map(|case| format!("denied on the way: {case:?}")));
        self.tally.flows += kernel.judge.cases.len() as u64;
        found.into_iter().for_each(|what| self.kernel.judge.report(what));
    }

    /// A connection that is denied now is cut with its next packet, unless its policy keeps it.
    fn cut(&mut self, belief: &Belief, here: &Here) {
        let left_out = self.agent.node.not_programmed().clone();
        for ask in self.kernel.connections.all() {
            let Some(pod) = here.pods.get(&ask.slot) else { continue };
            let fate = self.kernel.connections.packet(ask, &self.kernel.image, &self.clock);
            self.tally.packets += 1;
            self.tally.cut += u64::from(fate == Fate::Cut);
            let Some(wanted) = expect::wanted(&ask, belief, *pod) else { continue };
            let lives = wanted.verdict == Verdict::Allow
                || policy::keeps_existing(&belief.rules, &wanted)
                || left_out.held(ask.slot) == Some(Held::LastGood);
            if fate == Fate::Passed && !lives {
                let what = format!("a connection lives on that is denied: {ask:?}: {wanted:?}");
                self.kernel.judge.report(what);
            }
        }
    }

    fn open_connections(&mut self) {
        let Some(belief) = self.agent.belief() else { return };
        let here = Here::new(&self.kernel, &belief);
        for _ in 0..24 {
            if let Some(ask) = expect::draw_ask(&belief, &here, &mut self.chance) {
                self.kernel.connections.open(ask, &self.kernel.image, &self.clock);
            }
        }
    }

    /// Faults stop. First room stays as short as it is, then there is enough.
    fn calm_down(&mut self) {
        self.is_calm = true;
        self.agent.watches.catch_up(&self.cluster.state);
        self.settle("with as little room as there is");
        self.kernel.capacities = Capacities::default();
        self.settle("with room for all");
        if !self.agent.node.not_programmed().is_empty() {
            self.kernel.judge.report("there is room, and something is left out".to_owned());
        }
        self.die();
        self.agent.watches.catch_up(&self.cluster.state);
        let before = self.kernel.writes;
        self.act();
        if self.kernel.writes != before {
            let written = self.kernel.writes - before;
            self.kernel.judge.report(format!("a restart with nothing changed wrote {written}"));
        }
    }

    /// After a few tries nothing more is written.
    fn settle(&mut self, when: &str) {
        for _ in 0..TRIES {
            let before = self.kernel.writes;
            self.act();
            if self.kernel.writes == before {
                return;
            }
        }
        self.kernel.judge.report(format!("{when}, the node never comes to rest"));
    }
}

/// What is in use and a little more, of one table; now and then as much as usual again.
fn squeezed(kernel: &FakeKernel, chance: &mut Chance) -> Capacities {
    let usual = Capacities::default();
    let used = Counts::of(&kernel.image);
    let little = |used: usize, chance: &mut Chance| {
        let bound = *chance.pick(&[2, 8, 64]).unwrap_or(&2);
        u32::try_from(used + chance.below(bound)).unwrap_or(u32::MAX)
    };
    match chance.below(9) {
        0 | 1 => Capacities { rows: little(used.rows, chance), ..usual },
        2 => Capacities { cells: little(used.cells, chance), ..usual },
        3 => Capacities { peers: little(used.peers, chance), ..usual },
        4 => Capacities { prefixes: little(used.prefixes.max(4), chance), ..usual },
        5 => Capacities { endpoints: little(used.endpoints.max(2), chance), ..usual },
        6 => Capacities {
            services: little(used.services, chance),
            backends: little(used.backends, chance),
            ..usual
        },
        _ => usual,
    }
}
