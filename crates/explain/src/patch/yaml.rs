//! YAML to be written: plain values, in block style or on one line.
//!
//! What is added looks like what is there, so both styles are needed and nothing else is.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// Text, quoted where it could be read as something else.
    Text(String),
    /// A number.
    Number(u16),
    /// A list.
    List(Vec<Yaml>),
    /// A mapping, in this order.
    Mapping(Vec<(String, Yaml)>),
}

/// Words that YAML 1.1 reads as booleans or null.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];

impl Yaml {
    /// A mapping of fields.
    pub(crate) fn of(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Mapping(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Some text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// On one line.
    pub(crate) fn flow(&self) -> String {
        match self {
            Self::Text(text) => scalar(text),
            Self::Number(number) => number.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::flow).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Mapping(fields) => {
                let fields =
                    fields.iter().map(|(key, value)| format!("{}: {}", scalar(key), value.flow()));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// In lines that begin at the margin.
    pub(crate) fn block(&self) -> Vec<String> {
        match self {
            Self::Text(_) | Self::Number(_) => vec![self.flow()],
            Self::List(items) => items.iter().flat_map(Self::item).collect(),
            Self::Mapping(fields) => {
                fields.iter().flat_map(|(key, value)| field(key, value)).collect()
            }
        }
    }

    /// As an item of a list that begins at the margin.
    pub(crate) fn item(&self) -> Vec<String> {
        dashed(self.block())
    }

    /// The same with a line for each field.
    pub(crate) fn item_of_lines(&self) -> Vec<String> {
        match self {
            Self::Text(_) | Self::Number(_) | Self::List(_) => self.item(),
            Self::Mapping(fields) => {
                let line =
                    |(key, value): &(String, Self)| format!("{}: {}", scalar(key), value.flow());
                dashed(fields.iter().map(line).collect())
            }
        }
    }
}

fn dashed(lines: Vec<String>) -> Vec<String> {
    let lines = lines.into_iter().enumerate();
    lines.map(|(at, line)| format!("{}{line}", if at == 0 { "- " } else { "  " })).collect()
}

fn field(key: &str, value: &Yaml) -> Vec<String> {
    let key = scalar(key);
    match value {
        Yaml::Text(_) | Yaml::Number(_) => vec![format!("{key}: {}", value.flow())],
        Yaml::List(_) => std::iter::once(format!("{key}:")).chain(value.block()).collect(),
        Yaml::Mapping(_) => {
            let inside = value.block().into_iter().map(|line| format!("  {line}"));
            std::iter::once(format!("{key}:")).chain(inside).collect()
        }
    }
}

/// Plain where every reader takes it for this text.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    // Only a network begins with a digit and has a stroke.
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic())
        || text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('/');
    let is_plain =
        begins && text.chars().all(is_word) && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_otherwise_is_quoted() {
        for plain in ["web", "kubernetes.io/metadata.name", "a-b_c.d", "e5", "10.0.0.0/8"] {
            assert_eq!(scalar(plain), plain);
        }
        for other in ["", "true", "No", "1", "0x10", "1e3", "~", ".5", "NaN", "fd00::1/128"] {
            assert_eq!(scalar(other), format!("\"{other}\""));
        }
    }

    #[test]
    fn both_styles_say_the_same() {
        let port = Yaml::of([("protocol", Yaml::text("TCP")), ("port", Yaml::Number(80))]);
        let rule = Yaml::of([("ports", Yaml::List(vec![port]))]);
        assert_eq!(rule.flow(), "{ports: [{protocol: TCP, port: 80}]}");
        assert_eq!(rule.item(), ["- ports:", "  - protocol: TCP", "    port: 80"]);
        assert_eq!(rule.item_of_lines(), ["- ports: [{protocol: TCP, port: 80}]"]);
    }
}
