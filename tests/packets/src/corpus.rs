//! The corpus: files of packets with what each must be read as, in `tests/packets/corpus`.
//!
//! A case is a name, the octets, and the results. Cases stand in pairs that come out differently:
//! a packet and the one that is one step outside.
//!
//! ```text
//! == a plain opening
//! 0200000000fe 020000000001 0800
//! 45000028 00000000 4006 0000 0a000001 0a000002
//! 1234 1f90 00000001 00000000 5002 ffff 0000 0000
//! -> source=10.0.0.1 ...
//! ```
//!
//! A line of `->` is the result in both directions, `pod>` of what pods send alone, `quoted>` of what
//! an error quotes. A name that ends in `(tagged)` is of a frame whose tag the device took out. A
//! number before a word of hexadecimal digits and a `*` repeats it: `4*01`.

use std::{fmt, fs, io, path::PathBuf};

use packet::{Frame, Packet, Refusal, Role};

use crate::text;

/// A packet and its expected results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The file, without its ending.
    pub file: String,
    /// What is special about it.
    pub name: String,
    /// The frame.
    pub octets: Vec<u8>,
    /// The device took a VLAN tag out of it.
    pub is_tagged: bool,
    /// The lines of results.
    pub expected: Results,
}

/// The results of one case, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// From elsewhere.
    pub read: String,
    /// From a pod, where that is different.
    pub from_pod: Option<String>,
    /// What it quotes, where it is an error.
    pub quoted: Option<String>,
}

/// The corpus could not be read.
#[derive(Debug)]
pub enum CorpusError {
    /// A file or the folder.
    Read(PathBuf, io::Error),
    /// A line that has no place where it is.
    Line(String, usize),
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::Line(file, line) => write!(f, "{file}:{line}: the line cannot be understood"),
        }
    }
}

impl std::error::Error for CorpusError {}

/// Where the files are.
#[must_use]
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All cases, in the order of their files.
///
/// # Errors
/// Where a file cannot be read or understood.
pub fn load() -> Result<Vec<Case>, CorpusError> {
    let failed = |path: PathBuf| move |error| CorpusError::Read(path, error);
    let entries = fs::read_dir(folder()).map_err(failed(folder()))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(failed(folder()))?;
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(failed(path.clone()))?;
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        cases.extend(parse(&file, &text)?);
    }
    Ok(cases)
}

/// The cases of one file.
///
/// # Errors
/// Names the first line that cannot be understood.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, CorpusError> {
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = || CorpusError::Line(file.to_owned(), number);
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case::named(file, name));
        } else if !line.is_empty() && !line.starts_with('#') {
            cases.last_mut().and_then(|case| case.add(line)).ok_or_else(wrong)?;
        }
    }
    Ok(cases)
}

impl Case {
    fn named(file: &str, name: &str) -> Self {
        Self {
            file: file.to_owned(),
            name: name.to_owned(),
            octets: Vec::new(),
            is_tagged: name.ends_with("(tagged)"),
            expected: Results::default(),
        }
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let expected = &mut self.expected;
        match line.split_once("> ") {
            Some(("-", result)) => expected.read = result.to_owned(),
            Some(("pod", result)) => expected.from_pod = Some(result.to_owned()),
            Some(("quoted", result)) => expected.quoted = Some(result.to_owned()),
            Some(_) => return None,
            None => {
                for word in line.split_whitespace() {
                    let (count, digits) = word.split_once('*').unwrap_or(("1", word));
                    let octets = text::octets(digits)?;
                    self.octets.extend(octets.repeat(count.parse().ok()?));
                }
            }
        }
        Some(())
    }

    /// What the twin says of it.
    #[must_use]
    pub fn results(&self) -> Results {
        let frame =
            |is_from_pod| Frame { octets: &self.octets, is_tagged: self.is_tagged, is_from_pod };
        let read = packet::read(&frame(false));
        let from_pod = packet::read(&frame(true));
        Results {
            read: text::result(read),
            from_pod: (from_pod != read).then(|| text::result(from_pod)),
            quoted: quoted(&self.octets, read).map(text::result),
        }
    }
}

/// What an error quotes; nothing where the packet is none.
#[must_use]
pub fn quoted(octets: &[u8], read: Result<Packet, Refusal>) -> Option<Result<Packet, Refusal>> {
    let packet = read.ok()?;
    let is_error = packet.role == Role::Error || packet.role == Role::PathMtu;
    is_error.then(|| packet::quoted(octets, &packet))
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-> {}", self.read)?;
        if let Some(result) = &self.from_pod {
            write!(f, "\npod> {result}")?;
        }
        if let Some(result) = &self.quoted {
            write!(f, "\nquoted> {result}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{CorpusError, parse};

    #[test]
    fn a_case_has_octets_and_results() -> Result<(), CorpusError> {
        let text =
            "# about\n== one\n00 2*01\n\n02\n-> refused: short\nquoted> a=1\n== two (tagged)\n";
        let cases = parse("file", text)?;
        let first = cases.first().cloned();
        assert_eq!(first.as_ref().map(|case| case.octets.as_slice()), Some(&[0, 1, 1, 2][..]));
        let expected = first.map(|case| (case.expected.read, case.expected.quoted));
        assert_eq!(expected, Some(("refused: short".into(), Some("a=1".into()))));
        assert_eq!(cases.iter().map(|case| case.is_tagged).collect::<Vec<_>>(), [false, true]);
        Ok(())
    }

    #[test]
    fn what_is_not_a_case_is_named_by_its_line() {
        for text in ["00", "== a\n0", "== a\nx> y", "== a\n\nz*00"] {
            assert!(matches!(parse("file", text), Err(CorpusError::Line(..))), "{text}");
        }
    }
}
