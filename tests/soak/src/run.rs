//! A run from beginning to end: the network by itself, then churn, then what came of it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use testkit::generate::{Random, Source};

use crate::agents::{AgentOptions, Agents, Killer, Lives};
use crate::clock::pass;
use crate::control::{AttachWhen, Control, Done, ROUND_MAX};
use crate::ledger::Counts;
use crate::scale::Scale;
use crate::shared::Shared;
use crate::versions::Version;
use crate::{SoakError, traffic};

/// How long the network is tried without programs; it must lose nothing by itself.
const ALONE: Duration = Duration::from_secs(2);
/// One in so many rounds makes new veths.
const NEW_VETHS_EVERY: u64 = 4;
/// One in so many starts of an agent has other programs.
const UPGRADE_EVERY: u64 = 4;
/// After one in so many rounds the agent is killed while it is idle. Of a busy one that is not said.
const IDLE_KILL_EVERY: u64 = 25;
/// How often what ended is collected.
const COLLECT: Duration = Duration::from_secs(1);
/// After so long everything that was sent has arrived or never will.
const QUIET: Duration = Duration::from_millis(2500);
const A_MOMENT: Duration = Duration::from_millis(5);

/// What a self-test makes go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// An agent that starts clears its endpoints.
    Clear,
    /// Pods run before their hooks are attached.
    Late,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much.
    pub scale: Scale,
    /// What everything random is drawn from.
    pub seed: u64,
    /// The agent's program.
    pub agent: PathBuf,
    /// The agent of another version, which begins and ends; ours is in the middle.
    pub previous: Option<PathBuf>,
    /// What goes wrong.
    pub sabotage: Option<Sabotage>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Pods that started.
    pub starts: u64,
    /// Pods that stopped.
    pub stops: u64,
    /// Changes of policy.
    pub flips: u64,
    /// Agents that were killed.
    pub kills: u64,
    /// Of those, while they did what they were told.
    pub killed_at_work: u64,
    /// Agents that started with other programs than the one before.
    pub upgrades: u64,
    /// Agents that started again though nothing had changed.
    pub idle_starts: u64,
    /// What these wrote; it should be nothing.
    pub idle_writes: u64,
    /// What came of the packets.
    pub counts: Counts,
    /// Where the time went.
    pub spent: String,
}

/// Runs, and removes everything that it made.
///
/// # Errors
/// Where the network or an agent fails, which is not the same as a bad outcome.
pub fn run(options: &Options) -> Result<Outcome, SoakError> {
    datapath::ensure_bpffs().map_err(SoakError::Bpffs)?;
    let pins = PathBuf::from(format!("/sys/fs/bpf/ringfence-soak-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(SoakError::Runtime)?.block_on(async {
        tokio::select! {
            outcome = whole(options, &pins) => outcome,
            _ = tokio::signal::ctrl_c() => Err(SoakError::Interrupted),
        }
    });
    let removed = datapath::remove_pins(&pins).map_err(SoakError::Remove);
    let outcome = outcome?;
    removed.map(|()| outcome)
}

async fn whole(options: &Options, pins: &Path) -> Result<Outcome, SoakError> {
    let shared = Shared::new();
    let (teller, traffic) = traffic::start(shared.clone(), options.seed ^ 1);
    let agents = Agents::new(agent_options(options, pins), shared.clone(), UPGRADE_EVERY);
    let mut control = Control::new(shared, agents, teller, options.seed ^ 2)?;
    let node = control.fabric.node().path();
    control.agents.options.netns = node;
    alone(&mut control).await?;
    control.when = match options.sabotage {
        Some(Sabotage::Late) => AttachWhen::Late,
        Some(Sabotage::Clear) | None => AttachWhen::First,
    };
    let killer = control.agents.killer.clone();
    let killing = tokio::spawn(killing(killer, options.scale, options.seed ^ 3));
    let churned = match &options.previous {
        None => churn(&mut control, &options.scale).await,
        Some(previous) => versions(&mut control, options, previous, pins).await,
    };
    killing.abort();
    churned?;
    pass(QUIET).await;
    let counts = control.shared.ledger().counts;
    control.empty().await?;
    let outcome = outcome(control.done, control.agents.lives, counts, &control.spent.describe());
    drop(control);
    traffic.join().map_err(|_| SoakError::Traffic)?.map_err(SoakError::Sockets)?;
    Ok(outcome)
}

fn agent_options(options: &Options, pins: &Path) -> AgentOptions {
    let sabotage = match options.sabotage {
        Some(Sabotage::Clear) => Some("clear".to_owned()),
        Some(Sabotage::Late) | None => None,
    };
    AgentOptions {
        program: options.agent.clone(),
        pins: pins.to_owned(),
        netns: PathBuf::new(),
        sabotage,
    }
}

/// Without programs every packet must arrive, or nothing could be said of those that do not later.
async fn alone(control: &mut Control) -> Result<(), SoakError> {
    control.fill().await?;
    pass(ALONE).await;
    control.empty().await?;
    pass(QUIET).await;
    let counts = std::mem::take(&mut control.shared.ledger().counts);
    control.done = Done::default();
    control.spent = Default::default();
    println!("without programs: packets={} lost={}", counts.packets, counts.wrongly_dropped);
    match counts.wrongly_dropped + counts.forbidden {
        0 if counts.delivered > 0 => Ok(()),
        _ => Err(SoakError::NetworkLoses { lost: counts.wrongly_dropped }),
    }
}

/// The other version, ours, the other version: each for a third of the time, all under traffic.
async fn versions(
    control: &mut Control,
    options: &Options,
    previous: &Path,
    pins: &Path,
) -> Result<(), SoakError> {
    let (part, shared) = (options.scale.part(3), control.shared.clone());
    control.always_new_veths = true;
    control.agents.options.program = previous.to_owned();
    let now = || shared.now();
    churn(control, &part).await?;
    shared.ledger().versions.switching(now(), Version::Ours);
    control.agents.switch(options.agent.clone()).await?;
    shared.ledger().versions.switched(now());
    churn(control, &part).await?;
    shared.ledger().versions.switching(now(), Version::Before);
    control.agents.switch(previous.to_owned()).await?;
    forget_newer(&pins.join(format!("v{}", abi::VERSION))).map_err(SoakError::Newer)?;
    shared.ledger().versions.switched(now());
    churn(control, &part).await
}

/// The step that an older version cannot do: it knows no newer one's pins. Links whose pins are only
/// removed stand on their hooks for a while yet.
fn forget_newer(folder: &Path) -> io::Result<()> {
    for link in std::fs::read_dir(folder.join("links"))? {
        datapath::detach_pinned(&link?.path())?;
    }
    std::fs::remove_dir_all(folder)
}

async fn churn(control: &mut Control, scale: &Scale) -> Result<(), SoakError> {
    let (begun, mut collected, mut rounds) = (Instant::now(), Instant::now(), 0);
    let before = control.done;
    control.agents.run().await?;
    control.flip()?;
    control.fill().await?;
    while begun.elapsed() < scale.duration {
        let elapsed = begun.elapsed();
        let starts = control.done.starts - before.starts;
        let due = scale.due(scale.starts, elapsed).saturating_sub(starts);
        let is_flip_due = scale.due(scale.flips, elapsed) > control.done.flips - before.flips;
        if due == 0 && !is_flip_due {
            pass(A_MOMENT).await;
            continue;
        }
        if is_flip_due {
            control.flip()?;
        }
        let count = usize::try_from(due).unwrap_or(usize::MAX).min(ROUND_MAX);
        rounds += 1;
        match rounds % if control.always_new_veths { 1 } else { NEW_VETHS_EVERY } {
            0 => control.churn(count).await?,
            _ => control.replace(count).await?,
        }
        if rounds.is_multiple_of(IDLE_KILL_EVERY) {
            control.agents.restart().await?;
        }
        if collected.elapsed() > COLLECT {
            control.agents.collect().await?;
            collected = Instant::now();
        }
    }
    Ok(())
}

/// Kills now and then: half of the time whenever it comes, half of the time shortly after a change
/// was asked for, when there is something to be cut off.
async fn killing(killer: Killer, scale: Scale, seed: u64) {
    let mut random = Random::new(seed);
    let mean = usize::try_from(scale.between_kills().as_millis()).unwrap_or(usize::MAX);
    let milliseconds = |number: usize| Duration::from_millis(number as u64);
    loop {
        pass(milliseconds(mean / 2 + random.below(mean))).await;
        if random.below(2) == 0 {
            killer.asked().await;
            pass(milliseconds(random.below(40))).await;
        }
        killer.kill();
    }
}

fn outcome(done: Done, lives: Lives, counts: Counts, spent: &str) -> Outcome {
    Outcome {
        starts: done.starts,
        stops: done.stops,
        flips: done.flips,
        kills: lives.kills,
        killed_at_work: lives.in_the_middle,
        upgrades: lives.upgrades,
        idle_starts: lives.idle_starts,
        idle_writes: lives.idle_writes,
        counts,
        spent: format!("{spent}, of all that restarts {:.1} s", lives.restarting.as_secs_f64()),
    }
}

impl Outcome {
    /// What a run of this scale should have reached and did not, with the bottleneck.
    #[must_use]
    pub fn wanting(&self, scale: &Scale) -> Vec<String> {
        let counts = &self.counts;
        let share = counts.packets / 20;
        let wanted = [
            ("starts", self.starts, scale.starts),
            ("flips", self.flips, scale.flips),
            ("kills", self.kills, scale.kills),
            ("idle starts", self.idle_starts, scale.idle_starts),
            // A run in which everything or nothing is allowed says little.
            ("packets delivered", counts.delivered, share),
            ("packets denied", counts.denied, share),
        ];
        let short = wanted.into_iter().filter(|(_, reached, wanted)| reached < wanted);
        let line = |(what, reached, wanted)| {
            format!("{reached} of {wanted} {what}; most time went to: {}", self.spent)
        };
        short.map(line).collect()
    }
}
