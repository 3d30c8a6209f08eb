//! Colours of texts for people: five meanings, on a terminal, or none.
//!
//! A colour only repeats what a word or a sign says already.

/// Whether a text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With escape codes.
    Yes,
    /// Without.
    No,
}

impl From<bool> for Colour {
    fn from(coloured: bool) -> Self {
        if coloured { Self::Yes } else { Self::No }
    }
}

impl Colour {
    /// What is allowed, added or as it should be.
    #[must_use]
    pub fn good(self, text: &str) -> String {
        self.paint(text, "32")
    }

    /// What is denied, removed or wrong.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint(text, "1;31")
    }

    /// What is probably wrong.
    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.paint(text, "1;33")
    }

    /// What is good to know.
    #[must_use]
    pub fn info(self, text: &str) -> String {
        self.paint(text, "1;36")
    }

    /// What is read last.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint(text, "2")
    }

    fn paint(self, text: &str, code: &str) -> String {
        match self {
            Self::Yes => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::No => text.to_owned(),
        }
    }
}
