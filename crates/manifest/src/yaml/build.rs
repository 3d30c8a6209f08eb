//! Builds trees from the parser's events, with bounds on depth and on what aliases expand to.
//!
//! The bounds are what stands between a hostile file and all memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::chunk::chunks;
use super::forest::{Cell, Forest, Form, narrow};
use super::mapping::{Merged, duplicate};
use super::place::Places;
use super::scalar::{canonical, resolve};
use super::{Span, Tree};
use crate::problem::YamlError;

/// Levels of nesting; manifests have about fifteen.
const DEPTH_MAX: usize = 100;
/// Values that the aliases of one document may add.
const ALIASED_MAX: usize = 100_000;

/// A place and what is wrong there, with the other place where there are two.
pub(crate) type Failure = (Span, YamlError, Option<Span>);

/// The trees of a file and what could not be read of it. `document` is its position among all.
pub(crate) fn parse(document: u32, text: &Arc<str>) -> (Forest, Vec<Failure>) {
    let mut forest = Forest::new(document, Arc::clone(text));
    let mut failures = Vec::new();
    for chunk in chunks(text) {
        let places = Places::new(document, chunk);
        let (cells, roots) = (forest.cells.len(), forest.roots.len());
        if let Err(failure) = Builder::new(&places, &mut forest).run(chunk.text) {
            forest.cells.truncate(cells);
            forest.roots.truncate(roots);
            failures.push(failure);
        }
    }
    let (mut cells, mut roots) =
        (std::mem::take(&mut forest.cells), std::mem::take(&mut forest.roots));
    roots.retain(|at| cells.get(*at as usize).is_some_and(|cell| cell.form != Form::Null));
    cells.shrink_to_fit();
    (Forest { cells, roots, ..forest }, failures)
}

impl Forest {
    /// The documents of the file.
    pub(crate) fn trees(&self) -> impl Iterator<Item = Tree<'_>> {
        self.roots.iter().map(|at| Tree::new(self, *at))
    }
}

/// A collection that is not finished; its children wait on the stack.
struct Open {
    cell: Cell,
    anchor: usize,
    first: usize,
    merged: Merged,
}

struct Builder<'a> {
    places: &'a Places<'a>,
    forest: &'a mut Forest,
    open: Vec<Open>,
    stack: Vec<Cell>,
    anchors: BTreeMap<usize, Cell>,
    aliased: usize,
}

impl<'a> Builder<'a> {
    fn new(places: &'a Places<'a>, forest: &'a mut Forest) -> Self {
        let (open, stack) = (Vec::new(), Vec::new());
        Self { places, forest, open, stack, anchors: BTreeMap::new(), aliased: 0 }
    }

    fn run(mut self, text: &str) -> Result<(), Failure> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, stretch) = event.map_err(|error| self.places.failure(&error))?;
            let span = self.places.span(stretch);
            if stretch.end.line() > stretch.start.line() && matches!(event, Event::Scalar(..)) {
                self.forest.blocks.push((span.start, span.end));
            }
            self.take(event, span)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text =
                    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let form = match style {
                    ScalarStyle::Plain if !is_text => resolve(&text),
                    ScalarStyle::Plain
                    | ScalarStyle::SingleQuoted
                    | ScalarStyle::DoubleQuoted
                    | ScalarStyle::Literal
                    | ScalarStyle::Folded => Form::Text,
                };
                let (at, len) = self.forest.keep(&text, span);
                self.close(Cell { form, at, len, ..cell(span) }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.start(span, anchor, Form::Sequence),
            Event::MappingStart(anchor, _) => self.start(span, anchor, Form::Mapping),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn start(&mut self, span: Span, anchor: usize, form: Form) -> Result<(), Failure> {
        if self.open.len() >= DEPTH_MAX {
            return Err((span, YamlError::TooDeep { limit: DEPTH_MAX }, None));
        }
        let cell = Cell { form, ..cell(span) };
        let (first, merged) = (self.stack.len(), Merged::default());
        self.open.push(Open { cell, anchor, first, merged });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Failure> {
        let Some(Open { mut cell, anchor, first, merged }) = self.open.pop() else {
            return Ok(());
        };
        cell.end = end.end.max(cell.start);
        if cell.form == Form::Mapping {
            let own = self.stack.get(first..).unwrap_or_default();
            if let Some((second, first)) = duplicate(self.forest, own) {
                let key = self.forest.scalar(second).to_owned();
                let first = Some(self.span(first));
                return Err((self.span(second), YamlError::DuplicateKey { key }, first));
            }
            merged.append(self.forest, &mut self.stack, first);
        }
        let children = self.stack.len() - first;
        cell.at = self.forest.settle(self.stack.drain(first..));
        cell.len = narrow(if cell.form == Form::Mapping { children / 2 } else { children });
        self.close(cell, anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Failure> {
        let Some(cell) = self.anchors.get(&anchor).copied() else {
            return Err((span, YamlError::AliasOfItself {}, None));
        };
        self.aliased += size(self.forest, cell);
        if self.aliased > ALIASED_MAX {
            return Err((span, YamlError::TooManyAliases { limit: ALIASED_MAX }, None));
        }
        if self.open.len() + depth(self.forest, cell) > DEPTH_MAX {
            return Err((span, YamlError::TooDeep { limit: DEPTH_MAX }, None));
        }
        self.close(cell, 0)
    }

    /// A finished value goes to the collection around it.
    fn close(&mut self, cell: Cell, anchor: usize) -> Result<(), Failure> {
        if anchor != 0 {
            self.anchors.insert(anchor, cell);
        }
        let Some(open) = self.open.last_mut() else {
            let root = self.forest.settle([cell]);
            self.forest.roots.push(root);
            return Ok(());
        };
        let is_key = (self.stack.len() - open.first).is_multiple_of(2);
        match (open.cell.form == Form::Mapping, is_key) {
            (false, _) => self.stack.push(cell),
            (true, true) => {
                let key = self.key(cell)?;
                self.stack.push(key);
            }
            (true, false) => self.value(cell)?,
        }
        Ok(())
    }

    /// A key is text, in its canonical form.
    fn key(&mut self, cell: Cell) -> Result<Cell, Failure> {
        let text = match cell.form {
            Form::Sequence | Form::Mapping | Form::Null => {
                return Err((self.span(cell), YamlError::KeyNotText {}, None));
            }
            Form::Text | Form::Float => None,
            Form::Bool(_) | Form::Integer => canonical(self.forest.scalar(cell)),
        };
        let cell = Cell { form: Form::Text, ..cell };
        let Some(text) = text else { return Ok(cell) };
        let (at, len) = self.forest.keep(&text, self.span(cell));
        Ok(Cell { at, len, ..cell })
    }

    fn value(&mut self, value: Cell) -> Result<(), Failure> {
        let merges = self.stack.last().is_some_and(|key| self.forest.scalar(*key) == "<<");
        let Some(open) = self.open.last_mut().filter(|_| merges) else {
            self.stack.push(value);
            return Ok(());
        };
        self.stack.pop();
        let merged = open.merged.take(self.forest, value);
        merged.map_err(|cell| (self.span(cell), YamlError::BadMerge {}, None))
    }

    fn span(&self, cell: Cell) -> Span {
        let Cell { start, end, line, column, .. } = cell;
        Span { document: self.forest.document, start, end, line, column }
    }
}

fn cell(span: Span) -> Cell {
    let Span { start, end, line, column, .. } = span;
    Cell { start, end, line, column, ..Cell::default() }
}

fn children(forest: &Forest, cell: Cell) -> &[Cell] {
    let count = match cell.form {
        Form::Sequence => cell.len,
        Form::Mapping => 2 * cell.len,
        Form::Null | Form::Bool(_) | Form::Integer | Form::Float | Form::Text => 0,
    };
    forest.cells.get(cell.at as usize..(cell.at + count) as usize).unwrap_or_default()
}

fn size(forest: &Forest, cell: Cell) -> usize {
    let values = children(forest, cell).iter().skip(usize::from(cell.form == Form::Mapping));
    let step = if cell.form == Form::Mapping { 2 } else { 1 };
    1 + values.step_by(step).map(|value| size(forest, *value)).sum::<usize>()
}

fn depth(forest: &Forest, cell: Cell) -> usize {
    let below = children(forest, cell).iter().map(|value| depth(forest, *value)).max();
    match cell.form {
        Form::Sequence | Form::Mapping => 1 + below.unwrap_or(0),
        Form::Null | Form::Bool(_) | Form::Integer | Form::Float | Form::Text => 0,
    }
}
