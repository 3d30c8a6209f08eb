//! What a plain scalar means under the rules of YAML 1.1 that kubectl's reader follows.
//!
//! A label that is a boolean there must not be a string here.

use super::forest::Form;

/// What a plain scalar is.
pub(super) fn resolve(text: &str) -> Form {
    match meaning(text) {
        Resolved::Null => Form::Null,
        Resolved::Bool(value) => Form::Bool(value),
        Resolved::Integer(_) => Form::Integer,
        Resolved::Float => Form::Float,
        Resolved::Text => Form::Text,
    }
}

/// The number that a plain scalar is.
pub(super) fn integer_of(text: &str) -> Option<i64> {
    match meaning(text) {
        Resolved::Integer(value) => Some(value),
        Resolved::Null | Resolved::Bool(_) | Resolved::Float | Resolved::Text => None,
    }
}

/// A number or boolean as the key of a JSON object; `None` for what stays as it is written.
pub(super) fn canonical(text: &str) -> Option<String> {
    match meaning(text) {
        Resolved::Bool(value) => Some(value.to_string()),
        Resolved::Integer(value) => Some(value.to_string()),
        Resolved::Null | Resolved::Float | Resolved::Text => None,
    }
}

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolved {
    Null,
    Bool(bool),
    Integer(i64),
    Float,
    Text,
}

fn meaning(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        text => number(text).unwrap_or(Resolved::Text),
    }
}

fn number(text: &str) -> Option<Resolved> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return None;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Some(Resolved::Float);
    }
    let digits = unsigned.replace('_', "");
    let sign = if text.starts_with('-') { "-" } else { "" };
    match integer(sign, &digits) {
        Some(value) => Some(Resolved::Integer(value)),
        None => is_float(&digits).then_some(Resolved::Float),
    }
}

fn integer(sign: &str, digits: &str) -> Option<i64> {
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    let plain = !digits.starts_with(['+', '-']);
    plain.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()).flatten()
}

fn is_float(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let exponent_ok = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && exponent.bytes().all(|byte| byte.is_ascii_digit())
    });
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = whole.bytes().chain(part.bytes()).all(|byte| byte.is_ascii_digit());
    exponent_ok && all_digits && !(whole.is_empty() && part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_yaml_1_1_says() {
        let table = [
            ("y", Resolved::Bool(true)),
            ("Off", Resolved::Bool(false)),
            ("oFF", Resolved::Text),
            ("~", Resolved::Null),
            ("", Resolved::Null),
            ("0o17", Resolved::Integer(15)),
            ("017", Resolved::Integer(15)),
            ("08", Resolved::Float),
            ("0x1F", Resolved::Integer(31)),
            ("0b101", Resolved::Integer(5)),
            ("8_080", Resolved::Integer(8080)),
            ("-1", Resolved::Integer(-1)),
            ("+1", Resolved::Integer(1)),
            ("1.5", Resolved::Float),
            ("1e3", Resolved::Float),
            (".5", Resolved::Float),
            (".", Resolved::Text),
            ("-", Resolved::Text),
            ("--1", Resolved::Text),
            ("1.2.3", Resolved::Text),
            ("10.0.0.0/8", Resolved::Text),
            ("99999999999999999999", Resolved::Float),
        ];
        for (text, meant) in table {
            assert_eq!(meaning(text), meant, "{text}");
        }
    }
}
