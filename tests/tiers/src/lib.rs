//! Tiers T0 and T1: the oracle and the table, on the corpus, the small world and random worlds.
//!
//! The tests are in `tests/`, one question a file; nothing here is linked into anything.
