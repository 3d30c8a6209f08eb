//! Whether a word is probably another word, misspelt.
//!
//! Names in a cluster often differ by a number on purpose, so numbers alone are no mistake.

/// How far apart the two are, if one is probably meant to be the other.
pub(crate) fn near(written: &str, meant: &str) -> Option<usize> {
    if written == meant || shape(written) == shape(meant) {
        return None;
    }
    if bare(written) == bare(meant) {
        return Some(0);
    }
    let limit = match written.len().min(meant.len()) {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    };
    let distance = strsim::osa_distance(written, meant);
    (distance <= limit).then_some(distance)
}

/// The word with every number as one sign.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for c in word.chars() {
        match c.is_ascii_digit() {
            true if shape.ends_with('#') => {}
            true => shape.push('#'),
            false => shape.push(c),
        }
    }
    shape
}

/// The word without what people forget: case and separators.
fn bare(word: &str) -> String {
    let kept = word.chars().filter(|c| !matches!(c, '-' | '_' | '.'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_letter_in_a_long_word_is_a_mistake_and_a_number_is_not() {
        assert_eq!(near("fronted", "frontend"), Some(1));
        assert_eq!(near("Frontend", "frontend"), Some(0));
        assert_eq!(near("front-end", "frontend"), Some(0));
        for (written, meant) in [("web", "wep"), ("api-v1", "api-v2"), ("team-09", "team-10")] {
            assert_eq!(near(written, meant), None, "{written}");
        }
    }
}
