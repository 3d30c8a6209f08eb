//! Names of objects, labels and DNS.
//!
//! A name that an API server refuses can select nothing, so it is an error here too.

use crate::fields::text;
use crate::problem::ValueError;
use crate::reader::{Read, Reader};
use crate::yaml::{Span, Tree};

const LABEL_RULE: &str = "at most 63 lower-case letters, digits and `-`, with no `-` at the ends";
const SUBDOMAIN_RULE: &str =
    "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit beside each dot";

fn is_dns_label(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&value.len())
        && value.bytes().all(allowed)
        && !value.starts_with('-')
        && !value.ends_with('-')
}

fn is_subdomain(value: &str) -> bool {
    let label = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty()
            && part.bytes().all(allowed)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    value.len() <= 253 && value.split('.').all(label)
}

/// A label's value or the part of its key after the slash.
fn is_qualified(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    value.len() <= 63
        && value.bytes().all(allowed)
        && end(value.bytes().next())
        && end(value.bytes().last())
}

/// A DNS-1123 label, as the names of namespaces are.
pub(crate) fn dns_label(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<String> {
    let value = text(node, field, reader)?;
    if is_dns_label(value) {
        return Ok(value.to_owned());
    }
    let (field, value) = (field.to_owned(), value.to_owned());
    Err(reader.refuse(node.span(), ValueError::BadName { field, value, rule: LABEL_RULE }))
}

/// A DNS-1123 subdomain, as the names of most objects are.
pub(crate) fn dns_subdomain(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<String> {
    let value = text(node, field, reader)?;
    if is_subdomain(value) {
        return Ok(value.to_owned());
    }
    let (field, value) = (field.to_owned(), value.to_owned());
    Err(reader.refuse(node.span(), ValueError::BadName { field, value, rule: SUBDOMAIN_RULE }))
}

/// The key of a label.
pub(crate) fn label_key(key: &str, span: Span, reader: &mut Reader<'_>) -> Read<String> {
    let fits = match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_qualified(name),
        None => is_qualified(key),
    };
    let error = || ValueError::BadLabelKey { key: key.to_owned() };
    if fits { Ok(key.to_owned()) } else { Err(reader.refuse(span, error())) }
}

/// The value of the label `key`.
pub(crate) fn label_value(node: Tree<'_>, key: &str, reader: &mut Reader<'_>) -> Read<String> {
    let value = text(node, key, reader)?;
    if value.is_empty() || is_qualified(value) {
        return Ok(value.to_owned());
    }
    let error = ValueError::BadLabelValue { key: key.to_owned(), value: value.to_owned() };
    Err(reader.refuse(node.span(), error))
}

/// A DNS name, or `*.` and one; lower case, without a trailing dot (ruling C8).
pub(crate) fn domain_pattern(node: Tree<'_>, field: &str, reader: &mut Reader<'_>) -> Read<String> {
    let value = text(node, field, reader)?;
    let lower = value.strip_suffix('.').unwrap_or(value).to_ascii_lowercase();
    let name = lower.strip_prefix("*.").unwrap_or(&lower);
    if is_subdomain(name) && name.split('.').all(is_dns_label) {
        return Ok(lower);
    }
    Err(reader.refuse(node.span(), ValueError::BadDomain { value: value.to_owned() }))
}
