//! Rules that tell other processes apart: at every moment each process is judged by its old words or by
//! its new ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod tables;

use std::collections::BTreeMap;
use std::convert::Infallible;

use abi::{ProcessKey, subject};
use compile::{Capacities, Image, Scope, Slots, Subjects, compile};
use model::{Action, Direction, Peers, Process, ProcessMatch, Rule, Rules, Tier, Verdict, World};
use plan::{Kernel, Op};
use proptest::prelude::*;
use ringfence_node::Node;
use tables::{CLIENT, Tables, pod, policy, tcp, world};

const CONTAINERS: [&str; 3] = ["web", "side", "other"];
const EXECUTABLES: [&str; 3] = ["/bin/nginx", "/bin/curl", "/bin/other"];
const PORTS: [u16; 2] = [80, 81];

/// What a rule names of processes, whether it denies before all policies, and its port.
type Named = (Option<usize>, Option<usize>, bool, usize);

/// A kernel in which every process that there could be is judged after every write.
#[derive(Debug)]
struct Watched {
    tables: Tables,
    told: BTreeMap<ProcessKey, u32>,
    slot: u32,
    /// By process and port: before and after.
    may: Vec<(Process, u16, [Verdict; 2])>,
    tellings: usize,
}

impl Watched {
    fn subject(&self, process: &Process) -> u32 {
        let container = number(&CONTAINERS, &process.container);
        let inode = number(&EXECUTABLES, &process.executable);
        let key = |inode| ProcessKey { container, inode, device: 0, pad: 0 };
        let found = self.told.get(&key(inode)).or_else(|| self.told.get(&key(0)));
        found.copied().unwrap_or(subject::OTHER)
    }

    fn verdict(&self, process: &Process, port: u16) -> Verdict {
        let subject = Some(self.subject(process));
        self.tables.image.lookup_by(self.slot, subject, CLIENT, tcp(port)).verdict
    }

    fn check(&self, after: &dyn std::fmt::Debug) {
        for (process, port, may) in &self.may {
            let now = self.verdict(process, *port);
            assert!(may.contains(&now), "{process:?} on {port} is neither after {after:?}");
        }
    }

    fn tell(&mut self, subjects: &Subjects) {
        let file = |path: &str| Some((number(&EXECUTABLES, path), 0));
        self.told.clear();
        for container in CONTAINERS {
            let cgroup = number(&CONTAINERS, container);
            self.told.extend(subjects.processes(self.slot, container, cgroup, file));
        }
        self.tellings += 1;
        self.check(&"telling");
    }
}

fn number(names: &[&str], name: &str) -> u64 {
    1 + names.iter().position(|one| *one == name).unwrap() as u64
}

impl Kernel for Watched {
    type ObserveError = Infallible;
    type PerformError = Infallible;

    fn capacities(&self) -> Result<Capacities, Infallible> {
        self.tables.capacities()
    }

    fn observe(&self) -> Result<Image, Infallible> {
        self.tables.observe()
    }

    fn reset_rule_counts(&mut self, numbers: &[u16]) -> Result<(), Infallible> {
        self.tables.reset_rule_counts(numbers)
    }

    fn open_host(&mut self, endpoint: u32) -> Result<(), Infallible> {
        self.tables.open_host(endpoint)
    }

    fn perform(&mut self, ops: &[Op]) -> Result<(), Infallible> {
        for op in ops {
            self.tables.perform(std::slice::from_ref(op))?;
            self.check(op);
        }
        Ok(())
    }
}

fn rules(named: &[Named]) -> Rules {
    let rule = |(at, (container, executable, denies, port)): (usize, &Named)| {
        let ports = [PORTS[*port]];
        let mut rule: Rule =
            policy(&format!("p{at}"), "web", Direction::Egress, &Peers::Any, &ports).remove(0);
        rule.subject.processes = ProcessMatch {
            container: container.map(|at| CONTAINERS[at].to_owned()),
            executable: executable.map(|at| EXECUTABLES[at].to_owned()),
        };
        if *denies {
            (rule.tier, rule.action) = (Tier::Admin, Action::Deny);
        }
        rule
    };
    Rules::new(named.iter().enumerate().map(rule).collect())
}

fn processes() -> impl Iterator<Item = (Process, u16)> {
    let process = |container: &str, executable: &str| Process {
        container: container.to_owned(),
        executable: executable.to_owned(),
    };
    let pairs = CONTAINERS.iter().flat_map(|one| EXECUTABLES.iter().map(move |two| (one, two)));
    pairs.flat_map(move |(one, two)| PORTS.map(|port| (process(one, two), port)))
}

/// What each process may, in a table that is made anew.
fn expected(world: &World, rules: &Rules, slots: &Slots, slot: u32) -> Vec<Verdict> {
    let compiled = compile(world, rules, slots).unwrap();
    let verdict = |(process, port): (Process, u16)| {
        let subject = Some(compiled.subjects.id(slot, &process));
        compiled.image.lookup_by(slot, subject, CLIENT, tcp(port)).verdict
    };
    processes().map(verdict).collect()
}

fn change(node: &mut Node, kernel: &mut Watched, world: &World, [old, new]: [&Rules; 2]) {
    let may = |rules| expected(world, rules, &Slots::of(world, Scope::Everywhere), kernel.slot);
    let both = may(old).into_iter().zip(may(new));
    let all = processes().zip(both);
    kernel.may = all.map(|((process, port), (old, new))| (process, port, [old, new])).collect();
    node.program(kernel, world, new, &mut |kernel, subjects| {
        kernel.tell(subjects);
        Ok(())
    })
    .unwrap();
    let compiled = node.compiled().unwrap();
    assert_eq!(kernel.tables.image.subjects, compiled.image.subjects, "no name is left behind");
    for (process, port, [_, new]) in &kernel.may {
        assert_eq!(kernel.verdict(process, *port), *new, "{process:?} on {port}");
    }
}

/// A pod under no rules, then under those of each step.
fn follow(steps: &[Vec<Named>]) -> usize {
    let world = world(vec![pod("web", 2), pod("client", 9)], Vec::new());
    let (mut node, mut before) = (Node::default(), Rules::default());
    node.follow(&world, Scope::Everywhere);
    let slot = node.slots().get(world.pod(world.find_pod("shop", "web").unwrap())).unwrap();
    let mut kernel = Watched {
        tables: Tables::new(),
        told: BTreeMap::new(),
        slot,
        may: Vec::new(),
        tellings: 0,
    };
    node.program(&mut kernel, &world, &before, &mut |_, _| Ok(())).unwrap();
    for named in steps {
        let after = rules(named);
        change(&mut node, &mut kernel, &world, [&before, &after]);
        before = after;
    }
    kernel.tellings
}

const NGINX: Option<usize> = Some(0);
const WEB: Option<usize> = Some(0);

#[test]
fn a_container_beside_an_executable_is_two_tellings_and_the_same_names_are_none() {
    let nginx = vec![(None, NGINX, false, 0)];
    let of_web = vec![(WEB, NGINX, false, 0)];
    let at_first = follow(std::slice::from_ref(&nginx));
    assert_eq!(follow(&[nginx.clone(), vec![(None, NGINX, false, 1)]]), at_first);
    // The names of both, which are those of the new rules too.
    assert_eq!(follow(&[nginx.clone(), of_web.clone()]), at_first + 1);
    assert_eq!(follow(&[of_web.clone(), nginx]), at_first + 1);
    // Others: those of both, then the new ones.
    assert_eq!(follow(&[of_web, vec![(Some(1), Some(1), false, 0)]]), at_first + 2);
}

fn named() -> impl Strategy<Value = Vec<Named>> {
    let name = || prop::option::of(0..2_usize);
    prop::collection::vec((name(), name(), any::<bool>(), 0..2_usize), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nobody_is_judged_by_words_that_are_neither_old_nor_new(
        steps in prop::collection::vec(named(), 1..5)
    ) {
        follow(&steps);
    }
}
