//! Loads, attaches, pins and feeds the BPF programs.
