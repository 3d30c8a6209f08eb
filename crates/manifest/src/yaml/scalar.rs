//! What a plain scalar means under the rules of YAML 1.1 that kubectl's reader follows.
//!
//! A label that is a boolean there must not be a string here.

/// A scalar: how it was written and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text, without quotes.
    pub(crate) text: String,
    /// What it means.
    pub(crate) resolved: Resolved,
}

/// What a scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is no 64-bit integer; nothing here needs its value.
    Float,
    Text,
}

impl Scalar {
    /// A quoted or block scalar, which is always text.
    pub(crate) fn text(text: String) -> Self {
        Self { text, resolved: Resolved::Text }
    }

    /// A plain scalar.
    pub(crate) fn plain(text: String) -> Self {
        Self { resolved: resolve(&text), text }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.resolved == Resolved::Null
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        (self.resolved == Resolved::Text).then_some(self.text.as_str())
    }

    /// The scalar as the key of a JSON object: numbers and booleans in their canonical form.
    pub(crate) fn as_key(&self) -> Option<String> {
        match self.resolved {
            Resolved::Null => None,
            Resolved::Bool(value) => Some(value.to_string()),
            Resolved::Integer(value) => Some(value.to_string()),
            Resolved::Float | Resolved::Text => Some(self.text.clone()),
        }
    }

    pub(crate) fn what(&self) -> &'static str {
        match self.resolved {
            Resolved::Null => "null",
            Resolved::Bool(_) => "a boolean",
            Resolved::Integer(_) | Resolved::Float => "a number",
            Resolved::Text => "text",
        }
    }
}

fn resolve(text: &str) -> Resolved {
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
        for (text, meaning) in table {
            assert_eq!(resolve(text), meaning, "{text}");
        }
    }
}
