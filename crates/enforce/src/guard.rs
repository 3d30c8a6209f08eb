//! Looks after a node's hooks and tables all the time.
//!
//! Whoever shares the hooks, or meddles with ours, does it without a word; tables fill up as
//! silently. What is found is said once, put right where it can be, and counted.

use std::collections::{BTreeMap, BTreeSet};

use datapath::{Alarm, Chain, Counters, Drift, Instance, Repaired};

use node::NotProgrammed;

use crate::EnforceError;
use crate::left_out::{self, LeftOut};
use crate::status::{
    AlarmStatus, Fill, HookStatus, HostStatus, MapStatus, NodeStatus, Program, RepairCount,
};

/// Pods by name, with the interfaces that lead to them.
pub(crate) type Interfaces = BTreeMap<String, u32>;

/// What is wrong by a name for it, with a line about it.
type Wrong = BTreeMap<String, String>;

/// What one node's hooks and tables have been through.
#[derive(Debug)]
pub(crate) struct Guard {
    repairs: BTreeMap<Drift, u64>,
    /// When this process began: what happened before was said by another.
    before: Counters,
    /// What is wrong and was said.
    said: BTreeSet<String>,
    /// What others want said.
    told: Vec<String>,
    /// What is not programmed.
    left_out: Vec<LeftOut>,
}

impl Guard {
    /// Looks after `instance` from now on.
    ///
    /// # Errors
    /// Where the counters cannot be read.
    pub(crate) fn start(instance: &Instance) -> Result<Self, EnforceError> {
        let before = instance.counters()?;
        Ok(Self {
            repairs: BTreeMap::new(),
            before,
            said: BTreeSet::new(),
            told: Vec::new(),
            left_out: Vec::new(),
        })
    }

    /// Says a line with the next news.
    pub(crate) fn tell(&mut self, line: String) {
        self.told.push(line);
    }

    /// Says what this kernel cannot do and what is therefore weaker.
    pub(crate) fn tell_what_is_lacking(&mut self, instance: &Instance) {
        let lacks = instance.features().lacking().map(str::to_owned);
        let lacks = lacks.chain(instance.config().hooks.lacking().map(str::to_owned));
        self.told.extend(lacks.map(|lack| format!("this kernel lacks {lack}")));
    }

    /// Learns what is not programmed, which is news once.
    pub(crate) fn know(&mut self, not_programmed: &NotProgrammed) {
        self.left_out = left_out::left_out(not_programmed);
        self.told.extend(left_out::interruptions(not_programmed));
    }

    /// Puts right what drifted. To be called in the node's network namespace. Returns the news.
    pub(crate) fn look(&mut self, instance: &mut Instance, pods: &Interfaces) -> Vec<String> {
        let mut news = std::mem::take(&mut self.told);
        let mut wrong = Wrong::new();
        for (pod, interface) in pods {
            match instance.put_right(*interface) {
                Ok(repaired) => news.extend(repaired.iter().map(|one| self.count(pod, one))),
                Err(error) => failure(&mut wrong, &format!("{pod}: {}", crate::chain(&error))),
            }
        }
        match self.alarms(instance) {
            Ok(alarms) => wrong.extend(
                alarms.iter().map(|alarm| (alarm.word().to_owned(), format!("alarm: {alarm}"))),
            ),
            Err(error) => failure(&mut wrong, &crate::chain(&error)),
        }
        wrong.extend(self.left_out.iter().map(|one| {
            (format!("{} {} {}", one.what, one.name, one.instead), warning(&one.message))
        }));
        news.extend(self.once(wrong));
        news
    }

    /// The lines about what was not wrong a moment ago.
    fn once(&mut self, wrong: Wrong) -> Vec<String> {
        let is_new = |(what, _): &(&String, &String)| !self.said.contains(*what);
        let lines = wrong.iter().filter(is_new).map(|(_, line)| line.clone()).collect();
        self.said = wrong.into_keys().collect();
        lines
    }

    fn count(&mut self, pod: &str, repaired: &Repaired) -> String {
        *self.repairs.entry(repaired.drift).or_default() += 1;
        told(pod, repaired)
    }

    fn alarms(&self, instance: &Instance) -> Result<Vec<Alarm>, EnforceError> {
        let now = instance.counters()?;
        Ok(Alarm::raised(&self.before, &now, instance.established_fill()?))
    }

    /// Everything that there is to say of the node. To be called in its network namespace.
    ///
    /// # Errors
    /// Where hooks or maps cannot be read.
    pub(crate) fn status(
        &self,
        node: &str,
        instance: &Instance,
        pods: &Interfaces,
    ) -> Result<NodeStatus, EnforceError> {
        let mut hooks = Vec::new();
        for (pod, interface) in pods {
            hooks.extend(instance.company(*interface)?.iter().map(|chain| hook(pod, chain)));
        }
        let maps = instance.maps()?.into_iter().map(|map| MapStatus {
            map: map.map,
            entries_max: map.entries_max,
            memory: map.memory,
        });
        let maps: Vec<MapStatus> = maps.collect();
        let counters = instance.counters()?;
        Ok(NodeStatus {
            node: node.to_owned(),
            hooks,
            repairs: self.repairs.iter().map(repair_count).collect(),
            memory: maps.iter().map(|map| map.memory).sum(),
            maps,
            established: instance.established_fill()?.into(),
            half: instance.half_fill()?.into(),
            events_lost: counters.events_lost,
            established_full: counters.established_full,
            share_full: counters.share_full,
            half_failed: counters.half_failed,
            cut: counters.cut,
            not_programmed: self.left_out.len() as u64,
            left_out: self.left_out.clone(),
            alarms: self.alarms(instance)?.iter().map(alarm).collect(),
            host: HostStatus::default(),
            rules: Vec::new(),
            enforcement: None,
        })
    }
}

fn failure(wrong: &mut Wrong, line: &str) {
    wrong.insert(line.to_owned(), warning(line));
}

fn warning(line: &str) -> String {
    format!("warning: {line}")
}

fn repair_count((drift, count): (&Drift, &u64)) -> RepairCount {
    RepairCount {
        drift: drift.word().to_owned(),
        repair: drift.repair().word().to_owned(),
        count: *count,
    }
}

fn alarm(alarm: &Alarm) -> AlarmStatus {
    AlarmStatus { alarm: alarm.word().to_owned(), message: alarm.to_string() }
}

impl From<datapath::Fill> for Fill {
    fn from(fill: datapath::Fill) -> Self {
        Self { used: fill.used, capacity: fill.capacity }
    }
}

fn hook(pod: &str, chain: &Chain) -> HookStatus {
    let ours = chain.programs.iter().position(|program| program.is_ours);
    let place = |at: usize| ours.is_none_or(|ours| at < ours);
    let others = chain.programs.iter().enumerate().filter(|(_, program)| !program.is_ours);
    let others = others.map(|(at, program)| Program {
        id: program.id,
        name: program.name.clone(),
        is_before_ours: place(at),
    });
    HookStatus {
        pod: pod.to_owned(),
        interface: chain.interface,
        direction: chain.direction.word().to_owned(),
        is_ours_first: chain.is_ours_first(),
        others: others.collect(),
    }
}

/// One line about a repair: where, what was found, who was there, what was done.
fn told(pod: &str, repaired: &Repaired) -> String {
    let Repaired { chain, drift, repair } = repaired;
    let before = chain.programs.iter().take_while(|program| !program.is_ours);
    let names: Vec<&str> = before.map(|program| program.name.as_str()).collect();
    let by = match drift {
        Drift::Preceded => format!(" by {}", names.join(", ")),
        Drift::PinRemoved | Drift::PinChanged | Drift::Detached | Drift::ProgramChanged => {
            String::new()
        }
    };
    let direction = chain.direction.word();
    format!("repaired: {pod} {direction}: {}{by}; {}", drift.word(), repair.word())
}

#[cfg(test)]
mod tests {
    use datapath::{Direction, Occupant, Repair};

    use super::*;

    fn chain(names: &[&str]) -> Chain {
        let occupant = |(id, name): (u32, &&str)| Occupant {
            id,
            name: (*name).to_owned(),
            is_ours: *name == "ours",
        };
        let programs = (1..).zip(names).map(occupant).collect();
        Chain { interface: 7, direction: Direction::Ingress, revision: 3, programs }
    }

    #[test]
    fn what_stays_wrong_is_said_once_and_what_comes_back_is_said_again() {
        let mut guard = Guard {
            repairs: BTreeMap::new(),
            before: Counters::default(),
            said: BTreeSet::new(),
            told: Vec::new(),
            left_out: Vec::new(),
        };
        // The figures in a line may change while it stays wrong.
        let wrong = |lost: u32| Wrong::from([("events-lost".into(), format!("{lost} lost"))]);
        assert_eq!(guard.once(wrong(3)), ["3 lost"]);
        assert!(guard.once(wrong(4)).is_empty());
        assert!(guard.once(Wrong::new()).is_empty());
        assert_eq!(guard.once(wrong(5)), ["5 lost"]);
    }

    #[test]
    fn a_repair_names_whoever_came_before() {
        let chain = chain(&["first", "second", "ours", "last"]);
        let repaired = Repaired { chain, drift: Drift::Preceded, repair: Repair::MovedToHead };
        let line = "repaired: shop/web ingress: preceded by first, second; moved to the head";
        assert_eq!(told("shop/web", &repaired), line);
    }

    #[test]
    fn who_is_before_ours_is_told_from_who_is_behind() {
        let found = hook("shop/web", &chain(&["first", "ours", "last"]));
        let places: Vec<bool> = found.others.iter().map(|one| one.is_before_ours).collect();
        assert_eq!((places, found.is_ours_first), (vec![true, false], false));
        let alone = hook("shop/web", &chain(&["first", "last"]));
        assert!(alone.others.iter().all(|one| one.is_before_ours), "nothing holds them");
    }
}
