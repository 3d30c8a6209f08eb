//! For Mermaid, which code hosts draw inside of Markdown.
//!
//! A pull request shows it as a picture without anybody installing anything.

use crate::graph::{Graph, Kind, Node};

/// The graph as a Mermaid flowchart.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (at, one) in graph.boxes.iter().enumerate() {
        out.push_str(&format!("  subgraph s{at}[{}]\n", quoted(&one.name)));
        let inside = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside == Some(at));
        inside.for_each(|(id, node)| out.push_str(&format!("    {}\n", line(id, node))));
        out.push_str("  end\n");
    }
    let outside = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside.is_none());
    outside.for_each(|(id, node)| out.push_str(&format!("  {}\n", line(id, node))));
    for edge in &graph.edges {
        out.push_str(&format!("  n{} -->|{}| n{}\n", edge.from, quoted(&edge.ports), edge.to));
    }
    out
}

fn line(id: usize, node: &Node) -> String {
    let label = quoted(&node.label);
    match node.kind {
        Kind::Member => format!("n{id}[{label}]"),
        Kind::Crowd => format!("n{id}[[{label}]]"),
        Kind::Node => format!("n{id}{{{{{label}}}}}"),
        Kind::Outside => format!("n{id}([{label}])"),
    }
}

/// Mermaid has entities and no escapes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('#', "#35;").replace('"', "#quot;"))
}
