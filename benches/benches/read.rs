//! Reading a large tree of manifests: 10,000 workloads under 20,000 policies.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use manifest::{Document, Options, read};
use testkit::scale::{File, Scale};

fn large_tree(criterion: &mut Criterion) {
    let scale = Scale { workloads: 10_000, seed: 1 };
    let document = |file: File| Document { name: file.name.into(), text: file.text.into() };
    let documents: Vec<Document> = scale.files().map(document).collect();
    let bytes = documents.iter().map(|document| document.text.len() as u64).sum();
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10).throughput(Throughput::Bytes(bytes));
    group.bench_function("10,000 workloads, 20,000 policies", |bench| {
        bench.iter(|| read(&documents, &Options::default()));
    });
    group.finish();
}

criterion_group!(benches, large_tree);
criterion_main!(benches);
