//! From a changed policy to the list of writes, on a node of 110 pods.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot start has no result")]

use compile::{Scope, Slots, compile};
use criterion::{Criterion, criterion_group, criterion_main};
use model::Rules;
use plan::plan;
use ringfence_benches::Cluster;

const NODE: Cluster = Cluster { namespaces: 22, pods: 5, policies: 5 };

fn one_policy_more(criterion: &mut Criterion) {
    let (world, rules) = (NODE.world().unwrap(), NODE.rules());
    let fewer = Rules::new(rules.iter().skip(1).cloned().collect());
    let slots = Slots::of(&world, Scope::Everywhere);
    let before = compile(&world, &fewer, &slots).unwrap();
    let mut group = criterion.benchmark_group("policy change, 110 pods");
    group
        .bench_function("compile", |bench| bench.iter(|| compile(&world, &rules, &slots).unwrap()));
    let after = compile(&world, &rules, &slots).unwrap();
    group.bench_function("plan", |bench| bench.iter(|| plan(&before.image, &after.image).unwrap()));
    group.finish();
}

criterion_group!(benches, one_policy_more);
criterion_main!(benches);
