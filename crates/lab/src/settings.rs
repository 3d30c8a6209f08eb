//! What a lab is called and made with.
//!
//! It holds for as long as the lab is up; worlds and rules come and go.

use std::net::IpAddr;

use crate::{HelperProgram, LabName};
use enforce::HostSettings;

/// What a lab is called and made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The lab's name.
    pub name: LabName,
    /// Which executable its processes are.
    pub helper: HelperProgram,
    /// Addresses outside that are probed besides those that the rules make interesting.
    pub outside: Vec<IpAddr>,
    /// What policies of the nodes themselves must leave alone.
    pub host: HostSettings,
}
