//! One page with everything in it: the map, a search, a matrix, and the rules of every edge.
//!
//! Its own policy forbids it to ask the network for anything; what it shows is in it.

use report::xml_escape;
use serde::Serialize;

use crate::graph::Graph;
use crate::svg::svg;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Serialize)]
struct Data<'g> {
    #[serde(flatten)]
    graph: &'g Graph,
}

/// The page. `title`: what was read, in a line.
#[must_use]
pub fn html(graph: &Graph, title: &str) -> String {
    // Plain structures always become JSON.
    let data = serde_json::to_string(&Data { graph }).unwrap_or_default();
    // Inside of a script element only `</` could end it.
    let data = data.replace("</", "<\\/");
    let parts = [
        ("{{style}}", STYLE),
        ("{{title}}", &xml_escape(title)),
        ("{{map}}", &svg(graph)),
        ("{{data}}", &data),
        ("{{script}}", SCRIPT),
    ];
    filled(PAGE, &parts)
}

/// The template with each part in its place; what a part contains is never taken for a place.
fn filled(template: &str, parts: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    for (mark, part) in parts {
        let Some((before, after)) = rest.split_once(mark) else { continue };
        out.push_str(before);
        out.push_str(part);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{PAGE, filled};

    #[test]
    fn every_place_of_the_page_is_filled_in_its_order() {
        let parts = ["{{style}}", "{{title}}", "{{map}}", "{{data}}", "{{script}}"];
        let text = filled(PAGE, &parts.map(|mark| (mark, "{{title}}")));
        assert_eq!(text.matches("{{title}}").count(), parts.len(), "a part is no template");
        assert_eq!(text.matches("{{").count(), parts.len());
    }
}
