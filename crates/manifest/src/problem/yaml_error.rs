//! What is wrong with the text itself, before it means anything.
//!
//! The text has a place for every one of them, so no message says only that YAML is wrong.

use super::macros::{errors, say};

errors! {
    /// A document that is not YAML, or more of it than is good.
    YamlError {
        /// The scanner or the parser stopped.
        Syntax { detail: String } = "yaml-syntax",
            "not valid YAML: {detail}", None;
        /// One key stands twice in a mapping.
        DuplicateKey { key: String } = "duplicate-key",
            "key `{key}` stands here twice", say("keep one of them: readers differ in which one counts");
        /// A key is a list, a mapping or null.
        KeyNotText {} = "key-not-text",
            "a key must be text", None;
        /// Lists and mappings are nested too deeply.
        TooDeep { limit: usize } = "too-deep",
            "more than {limit} levels deep", say("look for brackets that are never closed");
        /// Aliases expand to too much.
        TooManyAliases { limit: usize } = "too-many-aliases",
            "aliases expand to more than {limit} values", None;
        /// An alias inside of what it stands for.
        AliasOfItself {} = "alias-of-itself",
            "an alias stands inside of what it names", None;
        /// `<<` without a mapping.
        BadMerge {} = "bad-merge",
            "`<<` merges a mapping or a list of mappings", say("write `<<: *NAME`, where NAME is the anchor of a mapping");
    }
}
