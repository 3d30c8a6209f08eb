//! Who reaches whom as a picture: for Graphviz, as SVG, as Mermaid, and as one page of HTML.
//!
//! A [`Graph`] says what is drawn; each format says how. The page holds everything it needs and asks
//! the network for nothing, so it can be attached to a report and opened in ten years.
//!
//! **Invariant:** a picture shows what `reach` says and nothing else.
//! **Invariant:** equal graphs give equal bytes; colour never says what shape or text does not.

mod build;
mod dot;
mod graph;
mod html;
mod layout;
mod mermaid;
mod svg;

pub use build::{Source, build};
pub use dot::dot;
pub use graph::{Because, Box, Edge, Graph, Kind, Node};
pub use html::html;
pub use mermaid::mermaid;
pub use svg::svg;
