//! `ringfence graph`: who reaches whom as a picture, or as a page to look around in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use graph::Source;
use model::Place;

use crate::cli::Input;
use crate::exit::Exit;
use crate::input;
use crate::print::print;
use crate::reach::Asked;

/// The language of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// For Markdown on code hosts
    Mermaid,
    /// One page that needs nothing else: map, search, matrix, rules
    Html,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Everybody of a namespace who may do the same is one node, as in `ringfence reach`.

Examples:
  ringfence graph manifests/ -o html --output-file reach.html
  ringfence graph manifests/ --to payments/sts/db | dot -Tpng > db.png
  ringfence graph manifests/ --by namespace -o mermaid")]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    asked: Asked,
    /// How to draw
    #[arg(short, long, value_enum, default_value = "dot")]
    output: Picture,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

/// Draws who reaches whom.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let Ok(loaded) = input::load(&arguments.input) else { return Exit::Incomplete };
    let texts: BTreeMap<_, _> = loaded
        .documents
        .iter()
        .map(|document| (document.name.clone(), document.text.clone()))
        .collect();
    let Ok(manifests) = input::told(loaded) else { return Exit::Incomplete };
    let reached = match arguments.asked.reached(&manifests, manifests.sure_rules(), true) {
        Ok(reached) => reached,
        Err(error) => return Exit::of(Err(error)),
    };
    let by = arguments.asked.by.into();
    let lines = |place: &Place| Some(item(texts.get(&place.file)?, place.line));
    let source = Source { rules: &manifests.rules, lines: &lines };
    let graph = graph::build(&reached, &manifests.crowds(by), &source);
    let header = manifests.header("graph", arguments.input.reading.words());
    let text = match arguments.output {
        Picture::Dot => graph::dot(&graph),
        Picture::Svg => graph::svg(&graph),
        Picture::Mermaid => graph::mermaid(&graph),
        Picture::Html => graph::html(&graph, &header.line()),
    };
    let printed = Exit::of(print(&text, arguments.output_file.as_deref()));
    printed.unless_incomplete(&header)
}

/// The lines of the item that begins at `line`, from 1: as far as they are indented deeper.
fn item(text: &str, line: u32) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip(line.saturating_sub(1) as usize);
    let Some(first) = lines.next() else { return String::new() };
    let deeper = lines.take_while(|line| line.trim().is_empty() || indent(line) > indent(first));
    let cut = |line: &str| line.get(indent(first)..).unwrap_or_default().trim_end().to_owned();
    let all: Vec<String> = std::iter::once(first).chain(deeper).map(cut).collect();
    all.join("\n").trim_end().to_owned()
}
