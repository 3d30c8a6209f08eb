//! Ports by number and by name.
//!
//! A port that is out of range or quoted must not become another port, or none.

use model::PortRange;

use crate::fields::{integer, text, wrong_type};
use crate::problem::{PolicyError, ValueError};
use crate::reader::{Read, Reader};
use crate::yaml::Tree;

/// A whole number of `first..=last`.
pub(crate) fn in_range(
    node: Tree<'_>,
    field: &str,
    (first, last): (i64, i64),
    reader: &mut Reader<'_>,
) -> Read<i64> {
    let value = integer(node, field, reader)?;
    if (first..=last).contains(&value) {
        return Ok(value);
    }
    let field = field.to_owned();
    Err(reader.refuse(node.span(), ValueError::OutOfRange { field, value, first, last }))
}

/// A port from 1 to 65535.
pub(crate) fn port_number(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<u16> {
    let value = in_range(node, field, (1, 65_535), reader)?;
    u16::try_from(value).map_err(|_| wrong_type(node, field, "a port", false, reader))
}

/// A port's name. Source: `IANA_SVC_NAME`.
pub(crate) fn port_name(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<String> {
    let value = text(node, field, reader)?;
    if is_port_name(value) {
        return Ok(value.to_owned());
    }
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let value = value.to_owned();
    let error = match is_number {
        true => ValueError::QuotedPort { value },
        false => ValueError::BadPortName { value },
    };
    Err(reader.refuse(node.span(), error))
}

fn is_port_name(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=15).contains(&value.len())
        && value.bytes().all(allowed)
        && value.bytes().any(|byte| byte.is_ascii_lowercase())
        && !value.starts_with('-')
        && !value.ends_with('-')
        && !value.contains("--")
}

/// A name or a number, as ports of Services and policies are.
pub(crate) fn word_or_number<T>(
    node: Tree<'_>,
    field: &str,
    reader: &mut Reader<'_>,
    number: impl FnOnce(u16) -> T,
    name: impl FnOnce(String) -> T,
) -> Read<T> {
    match (node.number(), node.scalar()) {
        (Some(_), _) => port_number(node, field, reader).map(number),
        (None, Some(_)) => port_name(node, field, reader).map(name),
        (None, None) => Err(wrong_type(node, field, "a port's number or name", false, reader)),
    }
}

/// `first..=last`, which may not run backwards.
pub(crate) fn range(
    node: Tree<'_>,
    first: u16,
    last: u16,
    reader: &mut Reader<'_>,
) -> Read<PortRange> {
    PortRange::new(first, last).map_err(|error| {
        let (first, last) = (error.first.into(), error.last.into());
        reader.refuse(node.span(), PolicyError::RangeBackwards { first, last })
    })
}
