//! What a version does that cannot take over: nothing. It stands in the place of the other file of
//! this name where the agent is built for such a version.

use abi::Interface;
use datapath::{AttachError, Instance};

use crate::node::now_ns;

/// Nobody's connections are adopted.
pub(crate) fn adopt(_: &Instance, _: u32, _: Interface) -> Result<(), AttachError> {
    Ok(())
}

/// What others left stays.
pub(crate) fn settle(_: &Instance) -> Result<(), AttachError> {
    Ok(())
}

/// There is no way to clear an endpoint but to take its hooks away.
pub(crate) fn vacate(instance: &Instance, index: u32) -> Result<(), AttachError> {
    instance.detach(index, now_ns()).map(drop)
}
