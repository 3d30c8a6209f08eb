//! Where everything is: namespaces in columns from left to right, the way connections go.
//!
//! A column is one more step from those whom nobody reaches; cycles are cut where the fewest ways
//! lead back, and who reaches nobody comes last. Integers only, so that every machine draws the same.

use std::collections::BTreeSet;

use crate::graph::Graph;

/// Points of a character, of a line, and of the spaces between things.
const CHARACTER: i32 = 8;
const NODE_HEIGHT: i32 = 28;
const GAP: i32 = 12;
const PADDING: i32 = 14;
const TITLE: i32 = 24;
const COLUMN_GAP: i32 = 170;
/// Room for ways around the last column.
const AROUND: i32 = 60;
const NODE_WIDTH_MIN: i32 = 90;
/// A label that is longer is cut; the whole word is in the tooltip.
pub(crate) const LABEL_MAX: usize = 44;

/// A rectangle in points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Place {
    pub(crate) fn middle(self) -> i32 {
        self.y + self.height / 2
    }

    pub(crate) fn right(self) -> i32 {
        self.x + self.width
    }
}

/// Where boxes and nodes are, by position, and how large the picture is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) boxes: Vec<Place>,
    pub(crate) nodes: Vec<Place>,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Namespaces, and nodes that are in none, as one thing to place.
struct Unit {
    namespace: Option<usize>,
    nodes: Vec<usize>,
}

/// Places everything.
pub(crate) fn layout(graph: &Graph) -> Layout {
    let units = units(graph);
    let columns = columns(graph, &units);
    let mut layout = Layout {
        boxes: vec![Place::default(); graph.boxes.len()],
        nodes: vec![Place::default(); graph.nodes.len()],
        width: GAP,
        height: 0,
    };
    for column in columns {
        let units: Vec<&Unit> = column.iter().filter_map(|unit| units.get(*unit)).collect();
        layout.column(graph, &units);
    }
    layout.width += AROUND - COLUMN_GAP;
    layout.height += GAP;
    layout
}

fn units(graph: &Graph) -> Vec<Unit> {
    let of_box = |namespace: usize| {
        let own = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside == Some(namespace));
        Unit { namespace: Some(namespace), nodes: own.map(|(at, _)| at).collect() }
    };
    let free = graph.nodes.iter().enumerate().filter(|(_, node)| node.inside.is_none());
    let alone = free.map(|(at, _)| Unit { namespace: None, nodes: vec![at] });
    (0..graph.boxes.len()).map(of_box).chain(alone).collect()
}

/// The units of each column, from the left.
fn columns(graph: &Graph, units: &[Unit]) -> Vec<Vec<usize>> {
    let unit_of = |node: usize| units.iter().position(|unit| unit.nodes.contains(&node));
    let ways: BTreeSet<(usize, usize)> = graph
        .edges
        .iter()
        .filter_map(|edge| Some((unit_of(edge.from)?, unit_of(edge.to)?)))
        .filter(|(from, to)| from != to)
        .collect();
    let mut rest: BTreeSet<usize> = (0..units.len()).collect();
    let mut ranks = vec![0_usize; units.len()];
    while let Some(next) = rest.iter().copied().min_by_key(|unit| {
        let leads_on = ways.iter().any(|(from, _)| from == unit);
        (!leads_on, ways.iter().filter(|(from, to)| to == unit && rest.contains(from)).count())
    }) {
        rest.remove(&next);
        let before = ways.iter().filter(|(from, to)| *to == next && !rest.contains(from));
        let rank = before.filter_map(|(from, _)| ranks.get(*from)).max().map_or(0, |rank| rank + 1);
        if let Some(own) = ranks.get_mut(next) {
            *own = rank;
        }
    }
    let count = ranks.iter().max().map_or(0, |most| most + 1);
    let of_rank = |rank| (0..units.len()).filter(|unit| ranks.get(*unit) == Some(&rank)).collect();
    (0..count).map(of_rank).collect()
}

impl Layout {
    fn column(&mut self, graph: &Graph, units: &[&Unit]) {
        let labels = units.iter().flat_map(|unit| &unit.nodes);
        let longest =
            labels.filter_map(|node| graph.nodes.get(*node)).map(|node| points(&node.label));
        let width = longest.max().unwrap_or_default().max(NODE_WIDTH_MIN);
        // Nodes of neighbouring columns stand at different heights, so that ways do not run into one.
        let step = if (self.width / COLUMN_GAP) % 2 == 0 { 0 } else { NODE_HEIGHT + GAP / 2 };
        let (x, mut y) = (self.width, GAP + step);
        for unit in units {
            y = self.unit(unit, x, y, width) + 2 * GAP;
        }
        self.width = x + width + 2 * PADDING + COLUMN_GAP;
        self.height = self.height.max(y);
    }

    /// Places a unit and says where it ends.
    fn unit(&mut self, unit: &Unit, x: i32, top: i32, width: i32) -> i32 {
        let head = if unit.namespace.is_some() { TITLE } else { 0 };
        let mut y = top + head;
        for node in &unit.nodes {
            if let Some(place) = self.nodes.get_mut(*node) {
                *place = Place { x: x + PADDING, y, width, height: NODE_HEIGHT };
            }
            y += NODE_HEIGHT + GAP;
        }
        let own = unit.namespace.and_then(|namespace| self.boxes.get_mut(namespace));
        if let Some(place) = own {
            *place = Place { x, y: top, width: width + 2 * PADDING, height: y - top };
        }
        y
    }
}

fn points(label: &str) -> i32 {
    let characters = i32::try_from(label.chars().count().min(LABEL_MAX)).unwrap_or_default();
    characters * CHARACTER + 2 * PADDING
}
