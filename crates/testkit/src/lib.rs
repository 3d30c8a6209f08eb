//! Corpus cases, generators and builders for tests.
