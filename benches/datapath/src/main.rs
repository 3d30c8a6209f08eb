//! Measures the datapath: lookups beside other layouts, whole packets, changes of policy.
//!
//! being written
#![allow(dead_code)]
mod layout;
mod peers;
mod race;
mod racer;
mod table;

use crate::race::{Contestant, What};
use crate::table::{Others, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    let mut tables = Vec::new();
    let empty = (What::Empty, 0);
    let mut add = |entry, racer| all.push(Contestant { entry, base: empty, racer });
    add(empty, layout::empty(&peers::peers(10_000))?);
    for n in [100, 1_000, 10_000, 100_000] {
        let p = peers::peers(n);
        add((What::Hash, n), layout::hash(&p)?);
        add((What::Address, n), layout::address(&p)?);
        add((What::Prefix, n), layout::prefix(&p)?);
        add((What::Dense, n), layout::dense(&p)?);
        add((What::Identity, n), layout::identity(&p)?);
        add((What::Slots, n), layout::slots(&p)?);
        let t = std::time::Instant::now();
        let table = Table::new(Others::Pods(n), n.min(1000))?;
        eprintln!("table {n} {:?}", t.elapsed());
        add((What::Peers, n), table.racer()?);
        tables.push(table);
    }
    for n in [1, 100, 1_000, 4_000] {
        let t = std::time::Instant::now();
        let table = Table::new(Others::Pods(10_000), n)?;
        eprintln!("rules {n} {:?}", t.elapsed());
        add((What::Rules, n), table.racer()?);
        tables.push(table);
    }
    for n in [100, 10_000] {
        let t = std::time::Instant::now();
        let table = Table::new(Others::Prefixes(n), n.min(1000))?;
        eprintln!("ext {n} {:?}", t.elapsed());
        add((What::External, n), table.racer()?);
        tables.push(table);
    }
    for n in [10, 1_000] {
        add((What::Ordered, n), layout::ordered(n)?);
    }
    for n in [10_000, 100_000] {
        add((What::Lru, n), layout::lru(&peers::peers(n))?);
    }
    let t = std::time::Instant::now();
    let results = race::run::<racer::RacerError>(&mut all, 15, |_| Ok(()))?;
    eprintln!("{:?}", t.elapsed());
    for (entry, ns) in results {
        println!("{entry:?} {ns:.1}");
    }
    Ok(())
}
