//! Every page under docs/ is in the book's summary.
//!
//! mdBook leaves out a page that the summary does not name, and says nothing of it.

use std::path::Path;

use super::finding::Finding;
use crate::files::Text;

const SUMMARY: &str = "docs/SUMMARY.md";

/// Compares the pages among `texts` with the summary's links; dead ones are another check's.
pub(crate) fn check(texts: &[Text]) -> Vec<Finding> {
    let Some(summary) = texts.iter().find(|text| text.path == SUMMARY) else {
        return vec![Finding::file(SUMMARY, "the book has no summary")];
    };
    let content: String = summary.lines().map(|(_, line)| format!("{line}\n")).collect();
    let pages = texts.iter().filter(|text| text.is(&[".md"]) && text.path != SUMMARY);
    let missing = pages.filter_map(|page| {
        let inside = Path::new(&page.path).strip_prefix("docs").ok()?.to_string_lossy();
        (!content.contains(&format!("({inside})"))).then(|| page.path.clone())
    });
    missing.map(|path| Finding::file(path, "docs/SUMMARY.md does not name this page")).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::{lines, text};

    #[test]
    fn a_page_that_the_summary_forgot_is_found() {
        let summary = text("docs/SUMMARY.md", "- [a](a.md)\n- [c](deep/c.md)\n");
        let pages = ["docs/a.md", "docs/deep/c.md", "README.md"].map(|path| text(path, ""));
        let all: Vec<_> = pages.into_iter().chain([summary]).collect();
        assert_eq!(lines(check(&all)), Vec::<String>::new());
        let more: Vec<_> = all.into_iter().chain([text("docs/b.md", "")]).collect();
        assert_eq!(lines(check(&more)).len(), 1);
        assert_eq!(lines(check(&[])).len(), 1, "no summary at all");
    }
}
