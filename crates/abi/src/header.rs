//! The C header of reasons, made from the one table that names them.
//!
//! A test compares it with the file in `bpf/include`, so the two sides cannot drift apart.

use std::fmt::Write as _;

use model::Builtin;

/// The text of `bpf/include/reason.h`.
#[must_use]
pub fn reason_header() -> String {
    let mut text = String::from(
        "// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n\
         /*\n * Reasons that name no rule. Generated from crates/model/src/reason.rs: change it there,\n \
         * then write the text that the test of this file prints.\n */\n\
         #pragma once\n\nenum reason {\n",
    );
    for &builtin in Builtin::ALL {
        let name = builtin.word().replace('-', "_").to_uppercase();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\tREASON_{name} = {}, /* {} */", builtin.code(), builtin.meaning());
    }
    text.push_str("};\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_in_the_tree_is_the_generated_one() {
        let found = include_str!("../../../bpf/include/reason.h");
        assert!(found == reason_header(), "it should be:\n{}", reason_header());
    }
}
