//! The control: pods that start and stop, policies that flip, all while the traffic goes on.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use testkit::generate::{Random, Source};
use tokio::sync::{mpsc, oneshot};

use crate::SoakError;
use crate::agent::Documents;
use crate::agents::Agents;
use crate::fabric::Fabric;
use crate::pod::{Life, Pod};
use crate::policies::{APPS, Policies};
use crate::shared::Shared;
use crate::spent::{Spent, Work};
use crate::traffic::Told;
use crate::verdicts::{Verdicts, VerdictsError};

/// How many pods there can be at once.
pub(crate) const PLACES: usize = 32;
/// The first of those stay for the whole run, with their connections.
const STAYING: usize = 8;
/// So many are empty at first: those who come are plugged in while others leave.
const EMPTY: usize = ROUND_MAX;
/// The most pods that start or stop at once.
pub(crate) const ROUND_MAX: usize = 8;
/// So many changes still know a pod that is gone, sometimes: its address may be another's by then.
const LINGERING: u8 = 2;
/// Addresses that are free on top; the fewer, the sooner one is another's.
const SPARE_ADDRESSES: u16 = 6;

/// What was done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) starts: u64,
    pub(crate) stops: u64,
    pub(crate) flips: u64,
}

/// When a new pod's hooks are attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachWhen {
    /// Before anything runs in it.
    First,
    /// When it has run for a while, which is wrong.
    Late,
    /// Never: there is no agent.
    Never,
}

/// How pods came to their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// With new veths.
    Plugged,
    /// With those of others.
    Replacing,
}

/// The pod of a place, and how far it has come.
#[derive(Clone, Copy, Debug)]
struct Seated {
    pod: Pod,
    is_running: bool,
    is_known: bool,
}

/// Everything that the control has.
pub(crate) struct Control {
    pub(crate) shared: Shared,
    pub(crate) fabric: Arc<Fabric>,
    pub(crate) agents: Agents,
    pub(crate) traffic: mpsc::UnboundedSender<Told>,
    pub(crate) when: AttachWhen,
    /// An agent cannot give a veth to another pod.
    pub(crate) always_new_veths: bool,
    pub(crate) done: Done,
    pub(crate) spent: Spent,
    places: Vec<Option<Seated>>,
    /// Their veths are gone, their hooks' records not yet.
    leaving: Vec<Pod>,
    /// Their veths are there, their hooks not yet.
    coming: Vec<Pod>,
    /// Gone, and still in the world: whoever watches pods hears of it later.
    lingering: Vec<(Pod, u8)>,
    addresses: Vec<u16>,
    policies: Policies,
    verdicts: Arc<Verdicts>,
    random: Random,
    lives: Life,
}

impl Control {
    /// Nobody is there, and nothing is isolated.
    pub(crate) fn new(
        shared: Shared,
        agents: Agents,
        traffic: mpsc::UnboundedSender<Told>,
        seed: u64,
    ) -> Result<Self, SoakError> {
        let policies = Policies::none();
        let places = u16::try_from(PLACES).unwrap_or(u16::MAX);
        Ok(Self {
            shared,
            fabric: Arc::new(Fabric::new(PLACES)?),
            agents,
            traffic,
            when: AttachWhen::Never,
            always_new_veths: false,
            done: Done::default(),
            spent: Spent::default(),
            places: vec![None; PLACES],
            leaving: Vec::new(),
            coming: Vec::new(),
            lingering: Vec::new(),
            addresses: (1..=places + SPARE_ADDRESSES).collect(),
            verdicts: Arc::new(Verdicts::of(&policies)?),
            policies,
            random: Random::new(seed),
            lives: 0,
        })
    }

    /// Most places get a pod, and the world knows them. Without an agent nothing holds a pod back, so
    /// it must be known before it runs.
    pub(crate) async fn fill(&mut self) -> Result<(), SoakError> {
        // What is left of a run before, or the new pods' hooks would go with those of the old ones.
        self.settle().await?;
        let free: Vec<usize> = (0..PLACES - EMPTY).filter(|at| self.pod(*at).is_none()).collect();
        let pods: Vec<Pod> = free.into_iter().filter_map(|place| self.create(place)).collect();
        self.plug(&pods).await?;
        if self.when == AttachWhen::Never {
            self.change().await?;
        }
        self.begin(&pods, How::Plugged).await?;
        self.change().await
    }

    /// Every pod goes.
    pub(crate) async fn empty(&mut self) -> Result<(), SoakError> {
        self.settle().await?;
        let all: Vec<Pod> = self.places.iter().flatten().map(|seated| seated.pod).collect();
        self.end(&all).await?;
        self.unplug(&all).await?;
        self.addresses.extend(all.iter().map(|pod| pod.address));
        self.lingering.clear();
        self.detach(&all).await
    }

    /// Some pods stop, as many start, and the world follows. While the agent works on those whose veths
    /// went and came the last time, the veths of the next ones go and come.
    pub(crate) async fn churn(&mut self, count: usize) -> Result<(), SoakError> {
        let olds = self.choose(count);
        let free = (STAYING..PLACES).filter(|at| self.pod(*at).is_none());
        let free: Vec<usize> = free.take(count).collect();
        let news: Vec<Pod> = free.into_iter().filter_map(|place| self.create(place)).collect();
        self.end(&olds).await?;
        let fabric = Arc::clone(&self.fabric);
        let veths = async {
            let since = Instant::now();
            futures::try_join!(fabric.unplug(&olds), fabric.plug(&news))?;
            Ok::<_, SoakError>(since)
        };
        let (since, ()) = futures::try_join!(veths, self.follow())?;
        self.spent.add(Work::Veths, since);
        self.addresses.extend(olds.iter().map(|pod| pod.address));
        (self.leaving, self.coming) = (olds, news);
        Ok(())
    }

    /// The same for pods that come where others go, on the same veths: most starts, because veths cost
    /// grace periods of the whole machine.
    pub(crate) async fn replace(&mut self, count: usize) -> Result<(), SoakError> {
        let olds = self.choose(count);
        self.end(&olds).await?;
        self.addresses.extend(olds.iter().map(|pod| pod.address));
        let places = olds.iter().map(|pod| pod.place);
        let news: Vec<Pod> = places.filter_map(|place| self.create(place)).collect();
        let since = Instant::now();
        self.fabric.replace(&olds, &news).await?;
        self.spent.add(Work::Veths, since);
        self.begin(&news, How::Replacing).await?;
        self.change().await
    }

    /// What the agent has to do about the pods whose veths are gone and those whose veths are there.
    async fn follow(&mut self) -> Result<(), SoakError> {
        self.settle().await?;
        self.change().await
    }

    async fn settle(&mut self) -> Result<(), SoakError> {
        let leaving = std::mem::take(&mut self.leaving);
        self.detach(&leaving).await?;
        let coming = std::mem::take(&mut self.coming);
        self.begin(&coming, How::Plugged).await
    }

    /// Pods that may stop.
    fn choose(&mut self, count: usize) -> Vec<Pod> {
        let mut here: Vec<Pod> = self.running().filter(|pod| pod.place >= STAYING).collect();
        let mut chosen = Vec::new();
        while chosen.len() < count && !here.is_empty() {
            chosen.push(here.swap_remove(self.random.below(here.len())));
        }
        chosen
    }

    fn running(&self) -> impl Iterator<Item = Pod> {
        let running = self.places.iter().flatten().filter(|seated| seated.is_running);
        running.map(|seated| seated.pod)
    }

    fn pod(&self, place: usize) -> Option<Pod> {
        self.places.get(place)?.map(|seated| seated.pod)
    }

    /// A new pod's name, label and address. The address that was given back last goes first.
    fn create(&mut self, place: usize) -> Option<Pod> {
        self.lives += 1;
        let address = self.addresses.pop()?;
        let pod = Pod { life: self.lives, place, app: self.random.below(APPS), address };
        *self.places.get_mut(place)? = Some(Seated { pod, is_running: false, is_known: false });
        Some(pod)
    }

    async fn plug(&mut self, pods: &[Pod]) -> Result<(), SoakError> {
        let since = Instant::now();
        self.fabric.plug(pods).await?;
        self.spent.add(Work::Veths, since);
        Ok(())
    }

    async fn unplug(&mut self, pods: &[Pod]) -> Result<(), SoakError> {
        let since = Instant::now();
        self.fabric.unplug(pods).await?;
        self.spent.add(Work::Veths, since);
        Ok(())
    }

    /// Hooks, then processes; or the other way round, where a self-test wants to see it fail.
    async fn begin(&mut self, pods: &[Pod], how: How) -> Result<(), SoakError> {
        match self.when {
            AttachWhen::First => {
                self.attach(pods, how).await?;
                self.run(pods).await?;
            }
            AttachWhen::Late => {
                self.run(pods).await?;
                self.shared.note("sabotage: pods run without hooks");
                crate::clock::pass(std::time::Duration::from_millis(100)).await;
                self.attach(pods, how).await?;
            }
            AttachWhen::Never => self.run(pods).await?,
        }
        for pod in pods {
            if let Some(Some(seated)) = self.places.get_mut(pod.place) {
                seated.is_running = true;
            }
        }
        self.done.starts += pods.len() as u64;
        Ok(())
    }

    async fn attach(&mut self, pods: &[Pod], how: How) -> Result<(), SoakError> {
        let since = Instant::now();
        for pod in pods {
            match how {
                How::Plugged => self.agents.attach(pod.attachment()).await?,
                How::Replacing => self.agents.replace(pod.attachment()).await?,
            }
        }
        self.spent.add(Work::Hooks, since);
        Ok(())
    }

    async fn detach(&mut self, pods: &[Pod]) -> Result<(), SoakError> {
        let since = Instant::now();
        for pod in pods {
            if self.when != AttachWhen::Never {
                self.agents.detach(pod.interface()).await?;
            }
        }
        self.spent.add(Work::Hooks, since);
        Ok(())
    }

    async fn run(&mut self, pods: &[Pod]) -> Result<(), SoakError> {
        let since = Instant::now();
        for pod in pods {
            let now = self.shared.now();
            self.shared.ledger().begins(*pod, now);
            self.shared.note(format!("{} starts with {}", pod.name(), pod.ipv4()));
            let netns = self.fabric.netns(pod.place)?;
            let (ready, started) = oneshot::channel();
            self.traffic
                .send(Told::Start { pod: *pod, netns, ready })
                .map_err(|_| SoakError::Traffic)?;
            started.await.map_err(|_| SoakError::Traffic)?.map_err(SoakError::Sockets)?;
        }
        self.spent.add(Work::Sockets, since);
        Ok(())
    }

    /// Ends processes; what they had open is closed when this returns.
    async fn end(&mut self, pods: &[Pod]) -> Result<(), SoakError> {
        let since = Instant::now();
        for pod in pods {
            let now = self.shared.now();
            self.shared.ledger().stopping(pod.life, now);
            self.shared.note(format!("{} stops", pod.name()));
            let (gone, ended) = oneshot::channel();
            let told = Told::Stop { life: pod.life, gone };
            self.traffic.send(told).map_err(|_| SoakError::Traffic)?;
            ended.await.map_err(|_| SoakError::Traffic)?;
            self.agents.leave(pod.interface());
            self.lingering.retain(|(before, _)| before.address != pod.address);
            if self.random.below(3) == 0 {
                self.lingering.push((*pod, LINGERING));
            }
            if let Some(place) = self.places.get_mut(pod.place) {
                *place = None;
            }
        }
        self.done.stops += pods.len() as u64;
        self.spent.add(Work::Sockets, since);
        Ok(())
    }

    /// Draws some policies anew; the next change applies them.
    pub(crate) fn flip(&mut self) -> Result<(), SoakError> {
        let since = Instant::now();
        match self.done.flips {
            0 => self.policies = Policies::draw(&mut self.random),
            _ => self.policies.flip(&mut self.random),
        }
        self.verdicts = Arc::new(Verdicts::of(&self.policies)?);
        self.done.flips += 1;
        self.check_a_pair()?;
        self.spent.add(Work::Oracle, since);
        Ok(())
    }

    /// The oracle is asked about apps; now and then about the pods themselves.
    fn check_a_pair(&mut self) -> Result<(), SoakError> {
        let here: Vec<Pod> = self.running().collect();
        let one = here.get(self.random.below(here.len()));
        let other = here.get(self.random.below(here.len()));
        if let (Some(one), Some(other)) = (one, other)
            && one != other
            && !self.verdicts.agree(&self.policies, one, other, 0)?
        {
            let flow = format!("{one:?} to {other:?}");
            return Err(VerdictsError::Differ { flow, policies: self.policies.text() }.into());
        }
        Ok(())
    }

    /// Makes the world what it is now. A new pod is sometimes made known a change later, and waits
    /// in quarantine until then.
    pub(crate) async fn change(&mut self) -> Result<(), SoakError> {
        let since = Instant::now();
        let (random, places) = (&mut self.random, &mut self.places);
        for seated in places.iter_mut().flatten() {
            let is_ready = seated.is_running && random.below(4) != 0;
            seated.is_known |= self.when == AttachWhen::Never || is_ready;
        }
        let known = places.iter().flatten().filter(|one| one.is_known).map(|one| one.pod);
        let taken: HashSet<u16> = known.clone().map(|pod| pod.address).collect();
        self.lingering.retain(|(pod, _)| !taken.contains(&pod.address));
        let lingering = self.lingering.iter().map(|(pod, _)| *pod);
        let known: Vec<Pod> = known.chain(lingering).collect();
        self.lingering.iter_mut().for_each(|(_, left)| *left -= 1);
        self.lingering.retain(|(_, left)| *left > 0);
        let lives: HashSet<Life> = known.iter().map(|pod| pod.life).collect();
        let mut text = self.policies.text();
        known.iter().for_each(|pod| pod.write(&mut text));
        let now = self.shared.now();
        let verdicts = Arc::clone(&self.verdicts);
        let number = self.shared.ledger().timeline.begin(now, lives, verdicts);
        self.shared.note(format!("world {number} with {} pods is asked for", known.len()));
        if self.when != AttachWhen::Never {
            self.agents.change(Documents { text }).await?;
        }
        let now = self.shared.now();
        self.shared.ledger().timeline.done(now);
        self.shared.note(format!("world {number} is in force"));
        self.spent.add(Work::Changes, since);
        Ok(())
    }
}
