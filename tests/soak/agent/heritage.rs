//! What this version does with what another version of the data types left.
//!
//! Versions that cannot take over have another file in the place of this one.

use abi::Interface;
use datapath::{AttachError, Instance};

use crate::node::now_ns;

/// Adopts the connections of a pod on whose interface another version's programs stand: ours do not
/// know them.
pub(crate) fn adopt(instance: &Instance, index: u32, record: Interface) -> Result<(), AttachError> {
    if !instance.is_inherited(index)? {
        return Ok(());
    }
    let adoption = u64::try_from(datapath::ADOPTION.as_nanos()).unwrap_or(u64::MAX);
    let adopted_until_ns = now_ns().saturating_add(adoption);
    instance.set_interface(index, Interface { adopted_until_ns, ..record })
}

/// Clears an endpoint whose veth another pod has next.
pub(crate) fn vacate(instance: &Instance, index: u32) -> Result<(), AttachError> {
    instance.vacate(index, now_ns()).map(drop)
}

/// Once every interface has our programs and tables.
pub(crate) fn settle(instance: &Instance) -> Result<(), AttachError> {
    instance.forget_others()
}
