//! Every C file says under which licence it is, in its first line.
//!
//! The kernel takes some helpers only from programs under the GPL, and others may want the BSD
//! licence, so what becomes a program is under both.

use super::finding::Finding;
use crate::files::Text;

const LINE: &str = "SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause";

/// Looks at the first line of a C file.
pub(crate) fn check(text: &Text) -> Vec<Finding> {
    let first = text.content.lines().next().unwrap_or_default();
    if !text.is(&[".c", ".h"]) || first.contains(LINE) {
        return Vec::new();
    }
    vec![Finding::line(&text.path, 1, format!("the first line must have `{LINE}`"))]
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::finding::text;

    #[test]
    fn a_c_file_without_its_licence_is_found() {
        let good = "// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n";
        assert_eq!(check(&text("bpf/a.bpf.c", good)), []);
        assert_eq!(check(&text("bpf/a.h", "#pragma once\n")).len(), 1);
        assert_eq!(check(&text("bpf/a.h", "/* SPDX-License-Identifier: GPL-2.0 */\n")).len(), 1);
        assert_eq!(check(&text("a.rs", "//! A.\n")), []);
    }
}
