//! Values out of a fixed set of words.
//!
//! A word outside of the set gets the nearest known one as a hint.

use model::Protocol;

use crate::fields::{nearest, text};
use crate::problem::ValueError;
use crate::reader::{Read, Reader};
use crate::yaml::Tree;

/// One of `table`'s words; case counts, and the hint knows it.
pub(crate) fn word<T: Copy>(
    node: Tree<'_>,
    field: &str,
    table: &[(&str, T)],
    reader: &mut Reader<'_>,
) -> Read<T> {
    let value = text(node, field, reader)?;
    if let Some((_, meaning)) = table.iter().find(|(word, _)| *word == value) {
        return Ok(*meaning);
    }
    let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
    let error = ValueError::UnknownValue {
        field: field.to_owned(),
        value: value.to_owned(),
        allowed: words.join(", "),
        near: nearest(value, &words).map(str::to_owned),
    };
    Err(reader.refuse(node.span(), error))
}

/// `TCP`, `UDP` or `SCTP`.
pub(crate) fn protocol(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<Protocol> {
    let table = [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp), ("SCTP", Protocol::Sctp)];
    word(node, field, &table, reader)
}
