//! What this version does with what another version of the data types left.
//!
//! Versions that cannot take over have another file in the place of this one.

use abi::Interface;
use datapath::{AttachError, Instance};

use crate::node::now_ns;

/// The record of an interface, adopted where another version's programs stand on it: their
/// connections are not known to ours.
pub(crate) fn adopted(
    instance: &Instance,
    index: u32,
    record: Interface,
) -> Result<Interface, AttachError> {
    let is_inherited = instance.is_inherited(index)?;
    let adoption = u64::try_from(datapath::ADOPTION.as_nanos()).unwrap_or(u64::MAX);
    let adopted_until_ns = if is_inherited { now_ns().saturating_add(adoption) } else { 0 };
    Ok(Interface { adopted_until_ns, ..record })
}

/// Clears an endpoint whose veth another pod has next.
pub(crate) fn vacate(instance: &Instance, index: u32) -> Result<(), AttachError> {
    instance.vacate(index, now_ns()).map(drop)
}

/// Once every interface has our programs and tables.
pub(crate) fn settle(instance: &Instance) -> Result<(), AttachError> {
    instance.forget_others()
}
