//! Network devices, addresses and routes inside a lab's namespaces, over rtnetlink.
//!
//! What is to be there is decided as a list of [`Step`]s; one connection per namespace performs
//! them in order.

mod perform;
mod plug;
mod step;
mod sysctl;

pub use perform::LinkError;
pub(crate) use perform::perform;
pub(crate) use plug::{Plug, SIDE};
pub(crate) use step::{Mac, Route, Step};
pub(crate) use sysctl::prepare;
