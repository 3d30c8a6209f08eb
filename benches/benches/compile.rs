//! Compiling one node's table in a full-size cluster, and a whole small cluster.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot start has no result")]

use compile::{Scope, Slots, compile};
use criterion::{Criterion, criterion_group, criterion_main};
use ringfence_benches::{Cluster, endpoint, node_name};

fn node_in_full_cluster(criterion: &mut Criterion) {
    let (world, rules) = (Cluster::FULL.world().unwrap(), Cluster::FULL.rules());
    let node = node_name(0);
    let slots = Slots::of(&world, Scope::Node(&node));
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    group.bench_function(
        "one node of 110 pods, 25k namespaces, 75k policies, 100k pods",
        |bench| {
            bench.iter(|| compile(&world, &rules, &slots).unwrap());
        },
    );
    group.bench_function("the same from parts, world included", |bench| {
        bench.iter_batched(
            || world.clone().into_parts(),
            |parts| {
                let world = model::World::new(parts).unwrap();
                compile(&world, &rules, &Slots::of(&world, Scope::Node(&node))).unwrap()
            },
            criterion::BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn many_rules_on_one_endpoint(criterion: &mut Criterion) {
    let (world, rules) = endpoint(12_500, 12_500).unwrap();
    let slots = Slots::of(&world, Scope::Node("here"));
    let mut group = criterion.benchmark_group("rules");
    group.sample_size(10);
    group.bench_function("12,500 rules and peers of one endpoint", |bench| {
        bench.iter(|| compile(&world, &rules, &slots).unwrap());
    });
    group.finish();
}

criterion_group!(benches, node_in_full_cluster, many_rules_on_one_endpoint);
criterion_main!(benches);
