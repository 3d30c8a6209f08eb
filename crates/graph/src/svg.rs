//! As SVG: a picture for documents, and the map of the page.
//!
//! Every node and edge has an id, a title for who hovers, and a shape or dash of its own kind for
//! who sees no colours.

use report::xml_escape;

use crate::graph::{Edge, Graph, Kind, Node};
use crate::layout::{LABEL_MAX, Layout, Place, layout};

const STYLE: &str = include_str!("svg.css");

/// The graph as one SVG document.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let layout = layout(graph);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" \
         role=\"group\" aria-label=\"Who reaches whom\">\n<style>{STYLE}</style>\n{MARKERS}",
        layout.width, layout.height
    );
    for (at, one) in graph.boxes.iter().enumerate() {
        out.push_str(&namespace(at, &one.name, place(&layout.boxes, at)));
    }
    for (at, one) in graph.edges.iter().enumerate() {
        out.push_str(&edge(graph, &layout, at, one));
    }
    for (at, one) in graph.nodes.iter().enumerate() {
        out.push_str(&node(at, one, place(&layout.nodes, at)));
    }
    out.push_str("</svg>\n");
    out
}

const MARKERS: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
    markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";

fn place(all: &[Place], at: usize) -> Place {
    all.get(at).copied().unwrap_or_default()
}

fn namespace(at: usize, name: &str, place: Place) -> String {
    let Place { x, y, width, height } = place;
    format!(
        "<g class=\"box\" id=\"b{at}\" tabindex=\"0\" role=\"button\" aria-label=\"namespace {name}\">\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\
         <text x=\"{}\" y=\"{}\">{name}</text></g>\n",
        x + 10,
        y + 17,
        name = xml_escape(name),
    )
}

fn node(at: usize, node: &Node, place: Place) -> String {
    let Place { x, y, width, height } = place;
    let radius = if node.kind == Kind::Outside { height / 2 } else { 3 };
    let again = match node.kind {
        Kind::Crowd => format!(
            "<rect class=\"again\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"2\"/>",
            x + 3,
            y + 3,
            width - 6,
            height - 6
        ),
        Kind::Member | Kind::Node | Kind::Outside => String::new(),
    };
    let cut: String = node.label.chars().take(LABEL_MAX - 1).collect();
    let label = if cut.len() < node.label.len() { format!("{cut}…") } else { cut };
    format!(
        "<g class=\"node {}\" id=\"n{at}\" tabindex=\"0\" role=\"button\" aria-label=\"{word}\">\
         <title>{word}</title><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
         rx=\"{radius}\"/>{again}<text x=\"{}\" y=\"{}\">{}</text></g>\n",
        class(node.kind),
        x + width / 2,
        y + height / 2 + 4,
        xml_escape(&label),
        word = xml_escape(&node.word),
    )
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Member => "member",
        Kind::Crowd => "crowd",
        Kind::Node => "host",
        Kind::Outside => "outside",
    }
}

fn edge(graph: &Graph, layout: &Layout, at: usize, edge: &Edge) -> String {
    let (from, to) = (place(&layout.nodes, edge.from), place(&layout.nodes, edge.to));
    let word = |node: usize| graph.nodes.get(node).map_or("", |node| node.word.as_str());
    let is_outside = [edge.from, edge.to]
        .iter()
        .any(|node| graph.nodes.get(*node).is_some_and(|node| node.kind == Kind::Outside));
    let class = if is_outside { "edge outside" } else { "edge" };
    let title = format!("{} reaches {} on {}", word(edge.from), word(edge.to), edge.ports);
    let (path, x, y) = curve(from, to);
    format!(
        "<g class=\"{class}\" id=\"e{at}\" data-from=\"{}\" data-to=\"{}\" tabindex=\"0\" role=\"button\" \
         aria-label=\"{title}\"><title>{title}</title><path class=\"wide\" d=\"{path}\"/>\
         <path d=\"{path}\" marker-end=\"url(#arrow)\"/><text x=\"{x}\" y=\"{y}\">{}</text></g>\n",
        edge.from,
        edge.to,
        xml_escape(&short(&edge.ports)),
        title = xml_escape(&title),
    )
}

/// A path, and where its ports are written. Ways forward go from side to side, all others around
/// the right side.
fn curve(from: Place, to: Place) -> (String, i32, i32) {
    let (x, y) = (from.right(), from.middle());
    let middle = (y + to.middle()) / 2;
    if to.x > x {
        let half = (to.x - x) / 2;
        let path =
            format!("M{x} {y}C{} {y} {} {2} {3} {2}", x + half, to.x - half, to.middle(), to.x);
        return (path, x + half, middle - 4);
    }
    let end = to.right();
    let out = x.max(end) + 46;
    let lower = if from == to { to.middle() + 8 } else { to.middle() };
    let upper = if from == to { y - 8 } else { y };
    let path = format!("M{x} {upper}C{out} {upper} {out} {lower} {end} {lower}");
    (path, out - 8, middle + 4)
}

fn short(ports: &str) -> String {
    match ports.char_indices().nth(28) {
        Some((cut, _)) => format!("{}…", ports.get(..cut).unwrap_or_default()),
        None => ports.to_owned(),
    }
}
