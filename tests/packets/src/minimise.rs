//! Makes a packet on which two parsers disagree as small and as plain as it can be.
//!
//! A person has to see why; of eighty random octets mostly three matter.

/// The shortest and emptiest variant of `octets` of which `holds` is still true.
pub fn minimise(octets: &[u8], mut holds: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = octets.to_vec();
    loop {
        let before = best.clone();
        shorten(&mut best, &mut holds);
        clear(&mut best, &mut holds);
        if best == before {
            return best;
        }
    }
}

fn shorten(best: &mut Vec<u8>, holds: &mut impl FnMut(&[u8]) -> bool) {
    let mut step = best.len() / 2;
    while step > 0 {
        let shorter = best.get(..best.len().saturating_sub(step)).unwrap_or_default().to_vec();
        if !shorter.is_empty() && holds(&shorter) {
            *best = shorter;
        } else {
            step /= 2;
        }
    }
}

fn clear(best: &mut [u8], holds: &mut impl FnMut(&[u8]) -> bool) {
    for at in 0..best.len() {
        let Some(octet) = best.get(at).copied().filter(|octet| *octet != 0) else { continue };
        put(best, at, 0);
        if !holds(best) {
            put(best, at, octet);
        }
    }
}

fn put(octets: &mut [u8], at: usize, octet: u8) {
    if let Some(place) = octets.get_mut(at) {
        *place = octet;
    }
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn only_what_matters_is_left() {
        let noisy: Vec<u8> = (1..=200).collect();
        let small = minimise(&noisy, |octets| octets.get(40) == Some(&41) && octets.len() > 50);
        let expected: Vec<u8> = (0..51).map(|at| if at == 40 { 41 } else { 0 }).collect();
        assert_eq!(small, expected);
    }
}
