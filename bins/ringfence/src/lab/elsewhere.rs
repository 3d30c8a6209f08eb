//! `ringfence lab` where there are no network namespaces: it says so.
//!
//! The words are understood all the same, so that help and completions are equal on all systems.

use crate::exit::Exit;
use crate::lab::{Arguments, Making};

/// Whatever was asked of a lab.
pub(crate) fn run(_: &Arguments) -> Exit {
    refuse()
}

/// The hidden process that keeps a lab up.
pub(crate) fn agent(_: &Making) -> Exit {
    refuse()
}

/// The hidden process that stands for a container.
pub(crate) fn helper() -> Exit {
    refuse()
}

fn refuse() -> Exit {
    eprintln!("error: lab needs Linux");
    eprintln!("hint: every other command works here; `lab` runs in a Linux machine with root");
    Exit::Incomplete
}
