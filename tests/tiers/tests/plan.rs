//! The planner's promise, write by write, between random worlds with random rules.
//!
//! After every single write, a flow between any endpoint's egress and any endpoint's ingress has the
//! verdict of the old or of the wanted image, and is never allowed where both deny; and an endpoint whose
//! verdicts changed has another generation, so that its connections are judged again. What staged sets
//! say may change by and by, but is said all along; staging ends no connection.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a failing seed panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use compile::{Answer, Image, Scope, Slots, compile};
use model::{Builtin, Direction, PolicyRef, Rule, Rules, Traffic, Verdict};
use plan::{Op, plan};
use testkit::generate::Generated;

/// What is asked of an image: endpoint, remote address, traffic, and which process sends.
type Question = (u32, IpAddr, Traffic, Option<u32>);

fn answers(image: &Image, questions: &[Question]) -> Vec<[Answer; 2]> {
    questions
        .iter()
        .map(|(slot, remote, traffic, subject)| {
            Direction::ALL.map(|direction| match direction {
                Direction::Egress => image.lookup_by(*slot, *subject, *remote, *traffic),
                Direction::Ingress => image.lookup(*slot, direction, *remote, *traffic),
            })
        })
        .collect()
}

/// What is staged (ruling N37).
fn staged(image: &Image, questions: &[Question]) -> Vec<[Option<Answer>; 2]> {
    let ask = |(slot, remote, traffic, subject): &Question| {
        Direction::ALL.map(|direction| match direction {
            Direction::Egress => image.lookup_staged_by(*slot, *subject, *remote, *traffic),
            Direction::Ingress => image.lookup_staged(*slot, direction, *remote, *traffic),
        })
    };
    questions.iter().map(ask).collect()
}

/// Whether something is staged before and after, and in between rows are missing for it.
fn is_untold(old: Option<Answer>, new: Option<Answer>, now: Option<Answer>) -> bool {
    let is_missing = |answer: Answer| answer.reason == Some(Builtin::NotProgrammed);
    let (Some(old), Some(new)) = (old, new) else { return false };
    now.is_none_or(is_missing) && !is_missing(old) && !is_missing(new)
}

/// Egress of one endpoint and ingress of another, on the same traffic.
fn flows(questions: &[Question]) -> Vec<(usize, usize)> {
    let ends = || (0..).zip(questions);
    ends()
        .flat_map(|(at, from)| {
            ends()
                .filter(move |(_, to)| from.0 != to.0 && from.2 == to.2)
                .map(move |(to, _)| (at, to))
        })
        .collect()
}

fn verdict(answers: &[[Answer; 2]], (from, to): (usize, usize)) -> Verdict {
    let [egress, _] = answers[from];
    let [_, ingress] = answers[to];
    egress.verdict.min(ingress.verdict)
}

/// What connections of each endpoint are stamped with.
fn generations(image: &Image) -> BTreeMap<u32, u64> {
    image.endpoints.iter().map(|(slot, endpoint)| (*slot, endpoint.generation)).collect()
}

/// A state of the cluster, compiled with slots that outlive it.
fn wanted(case: &Generated, slots: &mut Slots, now: &Image) -> Image {
    slots.keep_subjects(&now.subjects);
    slots.update(&case.world, Scope::Everywhere);
    compile(&case.world, &case.rules, slots).unwrap_or_else(|error| panic!("{error}")).image
}

/// Some of the processes that either image tells apart, one that none names, and one that is not known.
fn subjects(images: [&Image; 2]) -> Vec<Option<u32>> {
    let named: BTreeSet<u32> =
        images.iter().flat_map(|image| image.subjects.keys()).map(|key| key.subject).collect();
    let others = if named.is_empty() { vec![] } else { vec![Some(abi::subject::OTHER)] };
    others.into_iter().chain(named.into_iter().map(Some).take(3)).chain([None]).collect()
}

fn questions(cases: [&Generated; 2], images: [&Image; 2]) -> Vec<Question> {
    let flows = || cases.iter().flat_map(|case| case.sample(300));
    let of = |flow: &model::Flow| [flow.source().address(), flow.destination().address()];
    let addresses: BTreeSet<IpAddr> = flows().flat_map(of).flatten().collect();
    let traffic: BTreeSet<Traffic> = flows().map(model::Flow::traffic).collect();
    let spread = |count: usize, wanted: usize| count.div_ceil(wanted).max(1);
    let addresses = addresses.iter().step_by(spread(addresses.len(), 14));
    let traffic = traffic.iter().step_by(spread(traffic.len(), 5)).copied();
    let pairs =
        addresses.flat_map(|address| traffic.clone().map(move |traffic| (*address, traffic)));
    let subjects = subjects(images);
    let of_slots = |(address, traffic)| {
        let slots = (1..=4).flat_map(|slot| subjects.iter().map(move |subject| (slot, *subject)));
        slots.map(move |(slot, subject)| (slot, address, traffic, subject))
    };
    pairs.flat_map(of_slots).collect()
}

/// Thousands of ports may move one by one; only those that are asked about can change an answer.
fn is_silent(op: &Op, questions: &[Question]) -> bool {
    let Op::Port { slot, .. } = op else { return false };
    !questions.iter().any(|(_, _, traffic, _)| abi::port_slot(*traffic) == Some(*slot))
}

/// Performs the plan write by write; the images in between, every so often.
fn cross(now: &mut Image, wanted: &Image, questions: &[Question], context: &str) -> Vec<Image> {
    let (old, new) = (answers(now, questions), answers(wanted, questions));
    let (old_staged, new_staged) = (staged(now, questions), staged(wanted, questions));
    let stamps = generations(now);
    let pairs = flows(questions);
    let ops = plan(now, wanted).unwrap_or_else(|error| panic!("{context}: {error}"));
    let mut between = Vec::new();
    for (at, op) in (0..).zip(&ops) {
        op.apply(now);
        if is_silent(op, questions) {
            continue;
        }
        let current = answers(now, questions);
        for pair in pairs.iter().skip(at % 31).step_by(31) {
            let [old, new, current] = [&old, &new, &current].map(|answers| verdict(answers, *pair));
            assert!(
                current == old || current == new,
                "{context}: write {at} of {}: {op:?}: {old}, {new} wanted, {current}",
                ops.len()
            );
        }
        for (old, (new, now)) in
            old_staged.iter().zip(new_staged.iter().zip(staged(now, questions)))
        {
            let untold = |end: usize| is_untold(old[end], new[end], now[end]);
            assert!(![0, 1].into_iter().any(untold), "{context}: write {at}: {op:?}: {now:?}");
        }
        if at % 17 == 3 && between.len() < 5 {
            between.push(now.clone());
        }
    }
    assert_eq!(answers(now, questions), new, "{context}: the plan ends elsewhere");
    assert_eq!(staged(now, questions), new_staged, "{context}: what is staged ends elsewhere");
    let stamped = generations(now);
    for ((slot, ..), (old, new)) in questions.iter().zip(old.iter().zip(&new)) {
        let verdicts = |answers: &[Answer; 2]| answers.map(|answer| answer.verdict);
        let differs = wanted.endpoints.contains_key(slot) && verdicts(old) != verdicts(new);
        assert!(
            !differs || stamped.get(slot) > stamps.get(slot),
            "{context}: endpoint {slot} changed, but its connections would not be judged again"
        );
    }
    between
}

/// As the kernel's maps are read back: a cell that is nothing cannot be told from one that nobody
/// ever wrote.
fn read_back(image: &mut Image) {
    image.cells.retain(|_, cell| (cell.rule, cell.reason) != (0, 0));
}

#[test]
fn every_write_keeps_the_promise_and_every_crash_converges() {
    let mut writes = 0;
    for seed in 0..8_u64 {
        let (mut now, mut slots) = (Image::default(), Slots::default());
        let mut before = Generated::seeded(seed * 100);
        for step in 0..4 {
            let context = format!("seed {seed} step {step}");
            let case = Generated::seeded(seed * 100 + step);
            let wanted = wanted(&case, &mut slots, &now);
            let questions = questions([&before, &case], [&now, &wanted]);
            writes += plan(&now, &wanted).map_or(0, |ops| ops.len());
            for mut crashed in cross(&mut now, &wanted, &questions, &context) {
                cross(&mut crashed, &wanted, &questions, &format!("{context}, crashed"));
            }
            read_back(&mut now);
            let rest = plan(&now, &wanted).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!(rest, [], "{context}: a plan that was carried out leaves something");
            before = case;
        }
    }
    println!("plans: {writes} writes checked");
    assert!(writes > 1_000, "{writes}");
}

#[test]
fn other_rules_for_the_same_pods_keep_the_promise_too() {
    let mut writes = 0;
    for seed in 7000..7012_u64 {
        let (mut now, mut slots) = (Image::default(), Slots::default());
        let world = Generated::seeded(seed);
        for step in 0..4 {
            let context = format!("seed {seed} step {step}");
            let rules = Generated::seeded(seed + 100 * step).rules;
            let case = Generated { rules, ..world.clone() };
            let wanted = wanted(&case, &mut slots, &now);
            let questions = questions([&world, &case], [&now, &wanted]);
            writes += plan(&now, &wanted).map_or(0, |ops| ops.len());
            cross(&mut now, &wanted, &questions, &context);
            read_back(&mut now);
        }
    }
    println!("plans: {writes} writes of rules alone checked");
    assert!(writes > 1_000, "{writes}");
}

/// The same rules, other policies staged: every third from `first` on.
fn restaged(rules: &Rules, first: usize) -> Rules {
    let all = rules.with_staged_enforced();
    let policies: BTreeSet<PolicyRef> = all.iter().map(|rule| rule.origin.policy.clone()).collect();
    all.with_staged(policies.into_iter().skip(first).step_by(3))
}

#[test]
fn policies_that_are_staged_and_enforced_by_turns_keep_the_promise_too() {
    let mut writes = 0;
    for seed in 8000..8008_u64 {
        let (mut now, mut slots) = (Image::default(), Slots::default());
        let world = Generated::seeded(seed);
        for step in 0..4 {
            let context = format!("seed {seed} step {step}");
            let case = Generated { rules: restaged(&world.rules, step), ..world.clone() };
            let wanted = wanted(&case, &mut slots, &now);
            let questions = questions([&world, &case], [&now, &wanted]);
            writes += plan(&now, &wanted).map_or(0, |ops| ops.len());
            for mut crashed in cross(&mut now, &wanted, &questions, &context) {
                cross(&mut crashed, &wanted, &questions, &format!("{context}, crashed"));
            }
            read_back(&mut now);
            assert_eq!(plan(&now, &wanted), Ok(Vec::new()), "{context}");
        }
    }
    println!("plans: {writes} writes of staging checked");
    assert!(writes > 1_000, "{writes}");
}

/// Staged policies come, change and go beside enforced ones that stay.
#[test]
fn staging_alone_changes_no_answer_on_the_way_and_judges_no_connection_again() {
    let mut writes = 0;
    for seed in 9000..9012_u64 {
        let (mut now, mut slots) = (Image::default(), Slots::default());
        let world = Generated::seeded(seed);
        let enforced = Rules::new(world.rules.iter().cloned().collect());
        for step in 0..4 {
            let context = format!("seed {seed} step {step}");
            let others = Generated::seeded(seed + 100 * (step + 1)).rules.with_staged_enforced();
            let others: Vec<_> = others.iter().cloned().map(renamed).collect();
            let staged: Vec<_> = others.iter().map(|rule| rule.origin.policy.clone()).collect();
            let rules = enforced.iter().cloned().chain(others).collect();
            let rules = match step {
                0 | 3 => enforced.clone(),
                _ => Rules::new(rules).with_staged(staged),
            };
            let case = Generated { rules, ..world.clone() };
            let wanted = wanted(&case, &mut slots, &now);
            let questions = questions([&world, &case], [&now, &wanted]);
            let ops = plan(&now, &wanted).unwrap_or_else(|error| panic!("{context}: {error}"));
            let before = answers(&wanted, &questions);
            for op in ops.iter().filter(|_| step > 0) {
                op.apply(&mut now);
                let is_restamp = matches!(op, Op::Generation { .. });
                assert!(!is_restamp, "{context}: staging judges connections again");
                if !is_silent(op, &questions) {
                    assert_eq!(answers(&now, &questions), before, "{context}: {op:?}");
                    writes += 1;
                }
            }
            cross(&mut now, &wanted, &questions, &context);
        }
    }
    println!("plans: {writes} writes of staging alone checked");
    assert!(writes > 1_000, "{writes}");
}

fn renamed(mut rule: Rule) -> Rule {
    rule.origin.policy.name = format!("staged-{}", rule.origin.policy.name);
    rule
}

/// What a connection about each question may be stamped with: by a packet while it is allowed.
fn stamp(stamps: &mut [[BTreeSet<u64>; 2]], image: &Image, questions: &[Question]) {
    for ((answers, stamps), (slot, ..)) in
        answers(image, questions).iter().zip(stamps).zip(questions)
    {
        for (answer, stamps) in answers.iter().zip(stamps) {
            if answer.verdict == Verdict::Allow {
                stamps.extend(image.endpoints.get(slot).map(|endpoint| endpoint.generation));
            }
        }
    }
}

#[test]
fn a_connection_is_judged_again_wherever_the_plan_that_closes_it_was_cut_off() {
    let (mut cuts, mut closed) = (0, 0);
    for seed in 7000..7008_u64 {
        let (mut now, mut slots) = (Image::default(), Slots::default());
        let world = Generated::seeded(seed);
        let first = wanted(&world, &mut slots, &now);
        plan(&now, &first).unwrap_or_default().iter().for_each(|op| op.apply(&mut now));
        read_back(&mut now);
        let case = Generated { rules: Generated::seeded(seed + 100).rules, ..world.clone() };
        let wanted = wanted(&case, &mut slots, &now);
        let all = questions([&world, &case], [&now, &wanted]);
        let some: Vec<Question> =
            all.iter().step_by(all.len().div_ceil(60).max(1)).copied().collect();
        let mut stamps = vec![[BTreeSet::new(), BTreeSet::new()]; some.len()];
        stamp(&mut stamps, &now, &some);
        for (at, op) in plan(&now, &wanted).unwrap_or_default().iter().enumerate() {
            op.apply(&mut now);
            if is_silent(op, &some) {
                continue;
            }
            stamp(&mut stamps, &now, &some);
            let is_flip = matches!(op, Op::Sets { .. } | Op::Generation { .. });
            if !is_flip && at % 37 != 5 {
                continue;
            }
            let mut cut = now.clone();
            plan(&now, &wanted).unwrap_or_default().iter().for_each(|op| op.apply(&mut cut));
            cuts += 1;
            let ended = answers(&cut, &some);
            for ((answers, stamps), question) in ended.iter().zip(&stamps).zip(&some) {
                let generation = cut.endpoints.get(&question.0).map(|end| end.generation);
                for (answer, stamps) in answers.iter().zip(stamps) {
                    let lives = generation.is_some_and(|generation| stamps.contains(&generation));
                    let denies = answer.verdict == Verdict::Deny;
                    closed += usize::from(denies && !stamps.is_empty());
                    assert!(
                        !denies || !lives,
                        "seed {seed}: cut off after write {at}, {op:?}: a connection about {question:?} lives on"
                    );
                }
            }
        }
    }
    println!("plans: {cuts} cut off, {closed} connections closed");
    assert!(cuts > 100 && closed > 100, "{cuts} {closed}");
}

#[test]
fn a_restart_writes_nothing() {
    for seed in 0..20 {
        let case = Generated::seeded(seed);
        let mut now = Image::default();
        let image = wanted(&case, &mut Slots::default(), &now);
        for op in plan(&now, &image).unwrap_or_else(|error| panic!("{error}")) {
            op.apply(&mut now);
        }
        let again = wanted(&case, &mut Slots::default(), &now);
        assert_eq!(plan(&now, &again), Ok(Vec::new()), "seed {seed}");
    }
}
