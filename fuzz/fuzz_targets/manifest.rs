//! No text makes the reader panic, and whatever it reads makes a world.
//!
//! Start it from good seeds: `cargo fuzz run manifest CORPUS crates/manifest/tests/malformed`.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use manifest::{Document, Options, ReadAs, read};
use model::World;

fuzz_target!(|text: &str| {
    let documents = [Document { name: Arc::from("fuzz"), text: Arc::from(text) }];
    for read_as in [ReadAs::File, ReadAs::Cluster] {
        let reading = read(&documents, &Options { read_as, ..Options::default() });
        assert!(World::new(reading.parts).is_ok());
    }
});
