//! The corpus, read by the programs' parser in the kernel.

use packet::Frame;
use packets::corpus;
use ringfence_kernel::available;

use crate::{parser::Parser, twin};

#[test]
fn the_programs_read_the_corpus_as_the_twin_does() {
    if !available() {
        return;
    }
    let mut parser = Parser::load();
    let mut read = 0;
    let mut not_run = 0;
    // Shorter than a network header or longer than a page: `veth` has those.
    // The device takes a tag out of a frame, which a test run has none for.
    for case in corpus::load().unwrap().iter().filter(|case| !case.is_tagged) {
        for is_from_pod in [false, true] {
            let expected = twin(&Frame::new(&case.octets, is_from_pod));
            match parser.run(&case.octets, is_from_pod) {
                Some(found) => {
                    assert_eq!(found, expected, "{}: {}", case.file, case.name);
                    read += 1;
                }
                None => not_run += 1,
            }
        }
    }
    println!("corpus in the kernel: read={read} not_run={not_run}");
    assert!(read > 9 * not_run, "most of the corpus can be run");
}
