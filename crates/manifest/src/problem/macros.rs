//! The table form of an area's errors: variant, code, message and hint stand on one line each.

/// Writes an enum whose variants know their code, message and hint.
///
/// A hint is any expression of type `Option<String>` over the variant's fields.
macro_rules! errors {
    ($(#[doc = $doc:literal])+ $area:ident {
        $($(#[doc = $about:literal])+
        $name:ident { $($field:ident: $type:ty),* } = $code:literal, $message:literal, $hint:expr;)+
    }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum $area {
            $($(#[doc = $about])+ $name { $($field: $type),* },)+
        }

        #[allow(unused_variables, reason = "a message or a hint need not use every field")]
        impl $area {
            pub(super) const CODES: &[&'static str] = &[$($code),+];

            pub(super) fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)+ }
            }

            pub(super) fn message(&self) -> String {
                match self { $(Self::$name { $($field),* } => format!($message),)+ }
            }

            pub(super) fn hint(&self) -> Option<String> {
                match self { $(Self::$name { $($field),* } => $hint,)+ }
            }
        }
    };
}

pub(super) use errors;

/// A hint that is always the same.
#[expect(clippy::unnecessary_wraps, reason = "the table's hints are options")]
pub(super) fn say(hint: &str) -> Option<String> {
    Some(hint.to_owned())
}

/// The question behind most hints.
pub(super) fn did_you_mean(near: Option<&str>) -> Option<String> {
    near.map(|near| format!("did you mean `{near}`?"))
}
