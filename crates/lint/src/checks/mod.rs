//! The checks behind the rows of the table, one file for each subject.
//!
//! A check takes the facts and says what it finds; it knows neither files nor severities.

pub(crate) mod admin;
pub(crate) mod backend;
pub(crate) mod cidr;
pub(crate) mod dns;
pub(crate) mod isolation;
pub(crate) mod name;
pub(crate) mod one_sided;
pub(crate) mod open;
pub(crate) mod overlap;
pub(crate) mod peer;
pub(crate) mod port;
pub(crate) mod port_name;
pub(crate) mod rollout;
pub(crate) mod selector;
pub(crate) mod spec;
