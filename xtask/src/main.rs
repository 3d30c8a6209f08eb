//! Logic behind the make targets.

fn main() {}
