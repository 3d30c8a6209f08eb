//! The sample application reads without a word, and is neither wide open nor shut.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use manifest::{Document, Options};
use model::{AddressPlan, Family, Flow, Rules, Traffic, Verdict, World};

fn documents() -> Vec<Document> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    let entries = std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{error}"));
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let manifests = paths.filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    manifests
        .map(|path| Document {
            name: path.display().to_string().into(),
            text: Arc::from(std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{e}"))),
        })
        .collect()
}

fn shop() -> (World, Rules) {
    let options = Options { replicas_max: 2, ..Options::default() };
    let mut reading = manifest::read(&documents(), &options);
    let said: Vec<String> = reading
        .problems
        .iter()
        .chain(&reading.lints)
        .map(|problem| format!("{}:{}: {problem}", problem.file(), problem.line()))
        .collect();
    assert_eq!(said, Vec::<String>::new());
    reading.parts.assign(AddressPlan { nodes: 1 }).unwrap_or_else(|error| panic!("{error}"));
    (World::new(reading.parts).unwrap_or_else(|error| panic!("{error}")), reading.rules)
}

#[test]
fn allowed_and_denied_are_both_well_above_a_fifth() {
    let (world, rules) = shop();
    let (mut allowed, mut denied) = (0_u32, 0_u32);
    for (to, pod) in world.pods() {
        for port in &pod.ports {
            for (from, _) in world.pods().filter(|(from, _)| *from != to) {
                let end = |id| world.pod_end(id, Family::V4);
                let traffic = Traffic::Port(port.protocol, port.number);
                let flow = Flow::new(end(from), end(to), traffic, Family::V4)
                    .unwrap_or_else(|error| panic!("{error}"));
                match policy::decide(&world, &rules, &flow).verdict() {
                    Verdict::Allow => allowed += 1,
                    Verdict::Deny => denied += 1,
                }
            }
        }
    }
    println!("shop: {} pods, {allowed} allowed, {denied} denied", world.pods().count());
    let total = allowed + denied;
    assert!(allowed * 4 > total && denied * 4 > total, "{allowed} allowed, {denied} denied");
}
