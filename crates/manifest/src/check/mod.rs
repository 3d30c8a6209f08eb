//! The API server's checks of single values: each returns the value or a reported refusal.

mod name;
mod network;
mod port;
mod word;

pub(crate) use name::{dns_label, dns_subdomain, domain_pattern, label_key, label_value};
pub(crate) use network::{address, network};
pub(crate) use port::{in_range, port_name, port_number, range, word_or_number};
pub(crate) use word::{protocol, word};
