//! Where in an object something is wrong, as a path: what a person looks for who never saw the JSON.

/// The path to the value on a line (from 1) of JSON with one line for each value, as `spec.ingress[0].from`.
pub(crate) fn path(text: &str, line: u32) -> String {
    let mut open: Vec<Step> = Vec::new();
    for one in text.lines().take(line as usize) {
        let one = one.trim();
        while open.last().is_some_and(|step| step.is_done) {
            open.pop();
        }
        if one.starts_with(['}', ']']) {
            if let Some(step) = open.last_mut() {
                step.is_done = true;
            }
            continue;
        }
        let name = name(one);
        let index = open.last_mut().filter(|step| step.is_list).map(|step| step.next());
        let opens = one.ends_with(['{', '[']);
        open.push(Step { name, index, is_list: one.ends_with('['), elements: 0, is_done: !opens });
    }
    open.iter().fold(String::new(), |path, step| step.after(path))
}

/// A value that the line is inside of, or the one on it.
struct Step {
    name: Option<String>,
    index: Option<usize>,
    is_list: bool,
    elements: usize,
    /// The next line is not inside of it.
    is_done: bool,
}

impl Step {
    fn next(&mut self) -> usize {
        let index = self.elements;
        self.elements = index.saturating_add(1);
        index
    }

    fn after(&self, path: String) -> String {
        match (&self.name, self.index) {
            (Some(name), _) if path.is_empty() => name.clone(),
            (Some(name), _) => format!("{path}.{name}"),
            (None, Some(index)) => format!("{path}[{index}]"),
            (None, None) => path,
        }
    }
}

fn name(line: &str) -> Option<String> {
    let (name, _) = line.strip_prefix('"')?.split_once("\": ")?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path_of(word: &str) -> String {
        let policy = json!({ "kind": "NetworkPolicy", "spec": {
            "egress": [], "ingress": [
                { "from": [{ "podSelector": {} }, { "ipBlock": { "cidr": "first" } }] },
                { "ports": [{ "port": "second" }, { "port": "third" }], "from": ["fourth"] },
            ], "podSelector": { "matchLabels": { "a.b/c": "fifth" } } } });
        let text = format!("{policy:#}");
        let line = text.lines().position(|line| line.contains(word)).unwrap_or_default();
        path(&text, u32::try_from(line).unwrap_or_default() + 1)
    }

    #[test]
    fn a_line_is_found_by_fields_and_positions() {
        assert_eq!(path_of("first"), "spec.ingress[0].from[1].ipBlock.cidr");
        assert_eq!(path_of("second"), "spec.ingress[1].ports[0].port");
        assert_eq!(path_of("third"), "spec.ingress[1].ports[1].port");
        assert_eq!(path_of("fourth"), "spec.ingress[1].from[0]");
        assert_eq!(path_of("fifth"), "spec.podSelector.matchLabels.a.b/c");
        assert_eq!(path_of("egress"), "spec.egress");
    }

    #[test]
    fn the_whole_has_no_path() {
        assert_eq!(path("{\n}", 1), "");
        assert_eq!(path("7", 9), "");
    }
}
