//! `ringfence lab`: the same words everywhere, and something to do on Linux.
//!
//! Only here the command line asks which system it is on: namespaces and BPF are Linux's alone.

mod arguments;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

pub(crate) use arguments::{Arguments, Making};
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{agent, helper, run};
#[cfg(target_os = "linux")]
pub(crate) use linux::{agent, helper, run};
