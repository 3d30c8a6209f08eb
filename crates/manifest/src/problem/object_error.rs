//! What is wrong with an object's kind and fields.
//!
//! Kept apart from the other problems, because only these can hide a whole policy.

use super::macros::{did_you_mean, errors, say};

errors! {
    /// An object whose kind or fields are not what an API server takes.
    ObjectError {
        /// The document is a list or a scalar.
        NotAnObject { found: &'static str } = "not-an-object",
            "expected an object with apiVersion and kind, found {found}", None;
        /// A field that must be there is not.
        MissingField { field: String, of: &'static str } = "missing-field",
            "{of} lacks `{field}`", None;
        /// A field that the kind does not have.
        UnknownField { field: String, of: &'static str, near: Option<String>, deeper: bool } = "unknown-field",
            "{of} has no field `{field}`",
            if *deeper { say("it belongs one level deeper: check the indentation") } else { did_you_mean(near.as_deref()) };
        /// A value of another type.
        WrongType { field: String, expected: &'static str, found: &'static str, text: String, quote: bool } = "wrong-type",
            "`{field}` must be {expected}, found {found}",
            quote.then(|| format!("YAML reads {text} as {found}: write \"{text}\" with quotes"));
        /// A known kind under another group or version.
        WrongVersion { kind: String, found: String, wanted: String } = "wrong-api-version",
            "{kind} is not served as `{found}`", Some(format!("write `apiVersion: {wanted}`"));
        /// A kind that a group of ours does not have.
        UnknownKind { kind: String, version: String, near: Option<String> } = "unknown-kind",
            "`{version}` has no kind `{kind}`", did_you_mean(near.as_deref());
        /// The body of a policy under the name of another kind.
        PolicyBody { kind: String, looks_like: &'static str } = "policy-under-other-kind",
            "this {kind} has the body of a {looks_like}", Some(format!("write `kind: {looks_like}`"));
        /// A policy of a language that is not read here.
        ForeignPolicy { group: String, kind: String } = "foreign-policy",
            "{kind} of {group} is not understood, so the answer is incomplete",
            Some(format!("leave it out knowingly with --ignore-kind {group}/{kind}"));
    }
}
