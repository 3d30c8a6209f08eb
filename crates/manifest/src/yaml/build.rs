//! Builds trees from the parser's events, with bounds on depth and on what aliases expand to.
//!
//! The bounds are what stands between a hostile file and all memory.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Stretch};

use super::chunk::{Chunk, chunks};
use super::{Entry, Node, Scalar, Span, Value};
use crate::problem::YamlError;

/// Levels of nesting; manifests have about fifteen.
const DEPTH_MAX: usize = 100;
/// Values that the aliases of one document may add.
const ALIASED_MAX: usize = 100_000;

/// A place and what is wrong there, with the other place where there are two.
pub(crate) type Failure = (Span, YamlError, Option<Span>);

/// The trees of a file and what could not be read of it. `document` is its position among all.
pub(crate) fn parse(document: u32, text: &str) -> (Vec<Node>, Vec<Failure>) {
    let mut trees = Vec::new();
    let mut failures = Vec::new();
    for chunk in chunks(text) {
        let places = Places::new(document, chunk);
        match Builder::new(&places).run(chunk.text) {
            Ok(more) => trees.extend(more),
            Err(failure) => failures.push(failure),
        }
    }
    trees.retain(|tree| !tree.is_null());
    (trees, failures)
}

/// Turns the parser's positions, in characters of a chunk, into spans of the file.
struct Places<'a> {
    document: u32,
    chunk: Chunk<'a>,
    /// The byte of each character; absent where they are the same.
    bytes: Option<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn new(document: u32, chunk: Chunk<'a>) -> Self {
        let bytes = (!chunk.text.is_ascii())
            .then(|| chunk.text.char_indices().map(|(byte, _)| byte).collect());
        Self { document, chunk, bytes }
    }

    fn byte(&self, character: usize) -> u32 {
        let end = self.chunk.text.len();
        let byte = match &self.bytes {
            Some(bytes) => bytes.get(character).copied().unwrap_or(end),
            None => character.min(end),
        };
        u32::try_from(self.chunk.start_byte + byte).unwrap_or(u32::MAX)
    }

    fn span(&self, stretch: Stretch) -> Span {
        let start = self.byte(stretch.start.index());
        let line = self.chunk.start_line + stretch.start.line().max(1);
        Span {
            document: self.document,
            start,
            end: self.byte(stretch.end.index()).max(start),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(stretch.start.col() + 1).unwrap_or(u32::MAX),
        }
    }

    fn failure(&self, error: &ScanError) -> Failure {
        let span = self.span(Stretch::empty(*error.marker()));
        (span, YamlError::Syntax { detail: error.info().to_owned() }, None)
    }
}

/// A collection that is not finished.
struct Open {
    span: Span,
    anchor: usize,
    content: Content,
}

/// The places of a mapping's keys, so that long mappings are searched quickly.
type Keys = BTreeMap<String, Span>;

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, keys: Keys, merged: Vec<Entry>, key: Option<Node> },
}

struct Builder<'a> {
    places: &'a Places<'a>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    aliased: usize,
    done: Vec<Node>,
}

impl<'a> Builder<'a> {
    fn new(places: &'a Places<'a>) -> Self {
        let (open, done) = (Vec::new(), Vec::new());
        Self { places, open, anchors: BTreeMap::new(), aliased: 0, done }
    }

    fn run(mut self, text: &str) -> Result<Vec<Node>, Failure> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, stretch) = event.map_err(|error| self.places.failure(&error))?;
            self.take(event, self.places.span(stretch))?;
        }
        Ok(self.done)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text =
                    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let scalar = match style {
                    ScalarStyle::Plain if !is_text => Scalar::plain(text.into_owned()),
                    ScalarStyle::Plain
                    | ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Scalar::text(text.into_owned()),
                };
                self.close(Node { span, value: Value::Scalar(scalar) }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.start(span, anchor, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, _) => {
                let (entries, merged) = (Vec::new(), Vec::new());
                let content = Content::Mapping { entries, keys: Keys::new(), merged, key: None };
                self.start(span, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn start(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Failure> {
        if self.open.len() >= DEPTH_MAX {
            return Err((span, YamlError::TooDeep { limit: DEPTH_MAX }, None));
        }
        self.open.push(Open { span, anchor, content });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Failure> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span { end: end.end.max(open.span.end), ..open.span };
        let value = match open.content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { mut entries, mut keys, merged, .. } => {
                for entry in merged {
                    if !keys.contains_key(&entry.key) {
                        keys.insert(entry.key.clone(), entry.key_span);
                        entries.push(entry);
                    }
                }
                Value::Mapping(entries)
            }
        };
        self.close(Node { span, value }, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failure> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err((span, YamlError::AliasOfItself {}, None));
        };
        self.aliased += size(node);
        if self.aliased > ALIASED_MAX {
            return Err((span, YamlError::TooManyAliases { limit: ALIASED_MAX }, None));
        }
        if self.open.len() + depth(node) > DEPTH_MAX {
            return Err((span, YamlError::TooDeep { limit: DEPTH_MAX }, None));
        }
        let node = node.clone();
        self.close(node, 0)
    }

    /// A finished value goes to the collection around it.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Failure> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.done.push(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping { entries, keys, merged, key }) => match key.take() {
                None => *key = Some(node),
                Some(key) => insert(entries, keys, merged, &key, node)?,
            },
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 1,
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(entries) => {
            1 + entries.iter().map(|entry| size(&entry.value)).sum::<usize>()
        }
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Mapping(entries) => {
            1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0)
        }
    }
}

fn insert(
    entries: &mut Vec<Entry>,
    keys: &mut Keys,
    merged: &mut Vec<Entry>,
    key: &Node,
    value: Node,
) -> Result<(), Failure> {
    let text = match &key.value {
        Value::Scalar(scalar) => scalar.as_key(),
        Value::Sequence(_) | Value::Mapping(_) => None,
    };
    let Some(text) = text else { return Err((key.span, YamlError::KeyNotText {}, None)) };
    if text == "<<" {
        return merge(merged, value);
    }
    if let Some(first) = keys.insert(text.clone(), key.span) {
        return Err((key.span, YamlError::DuplicateKey { key: text }, Some(first)));
    }
    entries.push(Entry { key: text, key_span: key.span, value });
    Ok(())
}

/// What stands in the mapping itself wins over what is merged; the first merged wins over later.
fn merge(merged: &mut Vec<Entry>, value: Node) -> Result<(), Failure> {
    match value.value {
        Value::Mapping(entries) => merged.extend(entries),
        Value::Sequence(items) => {
            for item in items {
                let Value::Mapping(entries) = item.value else {
                    return Err((item.span, YamlError::BadMerge {}, None));
                };
                merged.extend(entries);
            }
        }
        Value::Scalar(_) => return Err((value.span, YamlError::BadMerge {}, None)),
    }
    Ok(())
}
