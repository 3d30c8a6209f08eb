//! Text without what looks like a credential.
//!
//! Better a word too many than one too few: what is made unreadable can be asked for.

const HIDDEN: &str = "(hidden)";
/// What follows one of these, as a value, is hidden.
const KEYS: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "secret",
    "authorization",
    "apikey",
    "api-key",
    "api_key",
    "client-key-data",
];
const BEGIN: &str = "-----BEGIN";
const END: &str = "-----END";

/// Text that may be shown to strangers.
#[must_use]
pub fn scrubbed(text: &str) -> String {
    let mut in_key = false;
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let begins = line.contains(BEGIN) && !line.contains("CERTIFICATE-");
        match (in_key, begins) {
            (false, false) => lines.push(of_line(line)),
            (false, true) => {
                lines.push(HIDDEN.to_owned());
                in_key = true;
            }
            (true, _) => {}
        }
        // One that begins and ends in one line, as in JSON, ends there.
        in_key = in_key && !line.contains(END);
    }
    lines.join("\n")
}

/// Words are what stands between blanks, quotes and the punctuation of JSON and YAML.
fn of_line(line: &str) -> String {
    let mut said = String::new();
    let mut hides = 0;
    for piece in line.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        let rest = piece.get(word.len()..).unwrap_or_default();
        let is_hidden = !word.is_empty() && (hides > 0 || is_credential(word));
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match (is_hidden, is_key(key) && !value.is_empty()) {
            (true, _) => said.push_str(HIDDEN),
            (false, true) => said.push_str(&format!("{key}={HIDDEN}")),
            (false, false) => said.push_str(word),
        }
        said.push_str(rest);
        if !word.is_empty() {
            hides = hidden_after(word, rest, hides);
        } else if !rest.chars().all(|one| matches!(one, '"' | '\'' | ' ' | ':' | '\\')) {
            // Beyond the end of an object or a list nothing belongs to its key any more.
            hides = 0;
        }
    }
    said
}

/// How many words after this one are hidden.
fn hidden_after(word: &str, rest: &str, before: usize) -> usize {
    let ends = rest.contains([',', '}', ']', ';']);
    match word.to_ascii_lowercase().as_str() {
        // The kind of a credential, and then the credential.
        "bearer" | "basic" => 1,
        key if is_key(key) && !ends => 2,
        _ if ends => 0,
        _ => before.saturating_sub(1),
    }
}

fn is_between(one: char) -> bool {
    one.is_whitespace()
        || matches!(
            one,
            '"' | '\'' | ',' | '{' | '}' | '[' | ']' | ';' | ':' | '\\' | '(' | ')' | '&' | '?'
        )
}

pub(crate) fn is_key(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    KEYS.iter().any(|key| word.ends_with(key))
}

/// A JSON Web Token, or a long run of base64 that is no digest and no name.
fn is_credential(word: &str) -> bool {
    let is_web_token = word.starts_with("eyJ") && word.matches('.').count() >= 1;
    let is_cloud_key = word.len() == 20 && word.starts_with("AKIA");
    is_web_token || is_cloud_key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_hidden_in_every_notation() {
        for line in [
            "Authorization: Bearer hidden-1",
            "GET /?token=hidden-1&x=1",
            r#"{"level":"info","token":"hidden-1","node":"a"}"#,
            r#"{"headers":{"authorization":"Basic hidden-1"},"node":"a"}"#,
            "password: hidden-1",
            "DB_PASSWORD=hidden-1 started",
            "got eyJhbGciOiJ9.hidden-1.sig",
            "key AKIAHIDDENHIDDENHIDD used",
            "-----BEGIN RSA PRIVATE KEY-----\nhidden-1\n-----END RSA PRIVATE KEY-----",
        ] {
            let said = scrubbed(line).to_lowercase();
            assert!(!said.replace("(hidden)", "").contains("hidden"), "{line}: {said}");
            assert!(said.contains("(hidden)"), "{line}: {said}");
        }
    }

    #[test]
    fn what_is_no_credential_stays_as_it_is() {
        for line in [
            "",
            "the node is enforced attached=3",
            r#"{"level":"info","node":"a","time":"2026-01-01T00:00:00Z"}"#,
            "blake3:6f1d2c3b4a5968778695a4b3c2d1e0f0 and 10.0.0.1:443",
            "tokens are nothing by themselves, nor is a secretary",
        ] {
            assert_eq!(scrubbed(line), line);
        }
    }

    #[test]
    fn what_comes_after_a_hidden_value_is_told() {
        let said = scrubbed(r#"{"token":"hidden","node":"a"}"#);
        assert_eq!(said, r#"{"token":"(hidden)","node":"a"}"#);
        let key = "-----BEGIN EC PRIVATE KEY-----\nhidden\n-----END EC PRIVATE KEY-----\nafter";
        assert_eq!(scrubbed(key), "(hidden)\nafter");
    }
}
