//! The corpus against the twin: every case is read as its file says, and every refusal has a case.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test may say so in any way")]

use std::{collections::BTreeSet, fmt::Write as _, fs};

use packet::Refusal;
use packets::corpus::{self, Case};
use ringfence_packets as packets;

fn cases() -> Vec<Case> {
    corpus::load().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_packet_is_read_as_its_case_says() {
    let cases = cases();
    if std::env::var_os("BLESS").is_some() {
        return bless(&cases);
    }
    let mut wrong = String::new();
    for case in cases.iter().filter(|case| case.results() != case.expected) {
        let Case { file, name, expected, .. } = case;
        writeln!(wrong, "{file}: {name}\nexpected\n{expected}\nfound\n{}\n", case.results())
            .unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!("corpus: packets={}", cases.len());
}

/// Writes what was found in the place of what was expected.
fn bless(cases: &[Case]) {
    let files: BTreeSet<&str> = cases.iter().map(|case| case.file.as_str()).collect();
    for file in files {
        let path = corpus::folder().join(format!("{file}.txt"));
        let mut of_file = cases.iter().filter(|case| case.file == file);
        let mut text = String::new();
        let old = fs::read_to_string(&path).unwrap();
        for line in old.lines().filter(|line| !is_result(line)) {
            // A case ends before the next one's name, and its results end it.
            writeln!(text, "{line}").unwrap();
        }
        let mut blessed = String::new();
        for (place, part) in text.split("== ").enumerate() {
            if place == 0 {
                blessed += part;
                continue;
            }
            let results = of_file.next().unwrap().results();
            writeln!(blessed, "== {}\n{results}\n", part.trim_end()).unwrap();
        }
        fs::write(path, blessed.trim_end().to_owned() + "\n").unwrap();
    }
}

fn is_result(line: &str) -> bool {
    ["-> ", "pod> ", "quoted> "].iter().any(|start| line.starts_with(start))
}

#[test]
fn cases_stand_in_pairs_that_come_out_differently() {
    let cases = cases();
    let (pairs, rest) = cases.as_chunks::<2>();
    assert!(rest.is_empty(), "the last case has no twin");
    for [one, twin] in pairs {
        assert_eq!(one.file, twin.file, "{} has no twin in its file", one.name);
        assert_ne!(one.expected, twin.expected, "{}: {} and {}", one.file, one.name, twin.name);
    }
}

#[test]
fn no_two_cases_are_the_same_packet() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        assert!(seen.insert((case.octets, case.is_tagged)), "{}: {}", case.file, case.name);
    }
}

#[test]
fn every_refusal_has_a_case() {
    let cases = cases();
    let expected = |case: &Case| {
        let results = case.expected.clone();
        [Some(results.read), results.from_pod, results.quoted]
    };
    let said: BTreeSet<String> = cases.iter().flat_map(expected).flatten().collect();
    let missing: Vec<_> =
        Refusal::ALL.iter().filter(|one| !said.contains(&format!("refused: {one}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
