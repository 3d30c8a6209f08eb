//! The reasons that name no rule: one table, from which Rust, C, docs and reports take them.

use std::fmt;

use crate::Verdict;

macro_rules! builtins {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $word:literal, $verdict:ident;)+) => {
        /// A reason without a rule. Source: ruling D3.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Builtin {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Builtin {
            /// The table, in the order of the codes.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word that people, metrics and events see.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What a flow with this reason gets.
            #[must_use]
            pub fn verdict(self) -> Verdict {
                match self { $(Self::$name => Verdict::$verdict,)+ }
            }

            /// One sentence for people.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

builtins! {
    /// No rule of any tier decided, so the flow is allowed.
    DefaultAllow = 1, "default-allow", Allow;
    /// The pod's own node made this packet, which is always allowed in.
    LocalNode = 2, "local-node", Allow;
    /// The pod talks to its own address.
    Itself = 3, "self", Allow;
    /// This end is a node or runs on the host's network, where no policy applies.
    Host = 4, "host", Allow;
    /// Neighbour discovery, address configuration and path-MTU messages always work.
    Addressing = 5, "addressing", Allow;
    /// The pod has no programmed policy yet.
    Quarantine = 6, "quarantine", Deny;
    /// The sender does not own the address it used.
    Spoofed = 7, "spoofed", Deny;
    /// The packet cannot be read.
    Unparsable = 8, "unparsable", Deny;
    /// A fragment whose first part was not seen.
    Fragment = 9, "fragment", Deny;
    /// A TCP packet of no known connection that does not open one.
    NoSyn = 10, "no-syn", Deny;
    /// The table has no row or cell for this flow.
    NotProgrammed = 11, "not-programmed", Deny;
    /// Rules ask which process sends, and this packet's is not known.
    Untagged = 12, "untagged", Deny;
}

impl Builtin {
    /// The code that events and cells carry.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|builtin| builtin.code() == code)
    }
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_and_words_are_unique_and_zero_is_free() {
        let codes: BTreeSet<u8> = Builtin::ALL.iter().map(|builtin| builtin.code()).collect();
        let words: BTreeSet<&str> = Builtin::ALL.iter().map(|builtin| builtin.word()).collect();
        assert_eq!(codes.len(), Builtin::ALL.len());
        assert_eq!(words.len(), Builtin::ALL.len());
        assert!(!codes.contains(&0), "zero means that a rule decided");
    }

    #[test]
    fn every_code_leads_back_to_its_reason() {
        for &builtin in Builtin::ALL {
            assert_eq!(Builtin::from_code(builtin.code()), Some(builtin));
        }
        assert_eq!(Builtin::from_code(0), None);
    }
}
