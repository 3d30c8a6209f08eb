//! For Graphviz: clusters for namespaces, so that `dot -Tsvg` draws what people expect.

use crate::graph::{Graph, Kind, Node};

/// The graph in Graphviz's language.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let mut out = String::from(
        "digraph reach {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  \
         edge [fontname=\"sans-serif\", fontsize=10];\n",
    );
    for (at, one) in graph.boxes.iter().enumerate() {
        out.push_str(&format!("  subgraph cluster_{at} {{\n    label={};\n", quoted(&one.name)));
        let inside = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside == Some(at));
        inside.for_each(|(id, node)| out.push_str(&format!("    {}\n", line(id, node))));
        out.push_str("  }\n");
    }
    let outside = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside.is_none());
    outside.for_each(|(id, node)| out.push_str(&format!("  {}\n", line(id, node))));
    for edge in &graph.edges {
        out.push_str(&format!(
            "  n{} -> n{} [label={}];\n",
            edge.from,
            edge.to,
            quoted(&edge.ports)
        ));
    }
    out.push_str("}\n");
    out
}

fn line(id: usize, node: &Node) -> String {
    let shape = match node.kind {
        Kind::Member => "",
        Kind::Crowd => ", shape=folder",
        Kind::Node => ", shape=component",
        Kind::Outside => ", shape=ellipse",
    };
    format!("n{id} [label={}{shape}];", quoted(&node.label))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
