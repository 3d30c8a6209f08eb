//! Generations: how a plan that is under way is told from one that ended.
//!
//! The first write that concerns an endpoint makes its generation odd, the last one even. Whoever
//! finds an odd one cannot know what was closed, so it makes every connection be judged again.

/// The next even generation: what was judged before is stale, and no plan is under way.
#[must_use]
pub fn settled_after(generation: u64) -> u64 {
    under_way(generation).wrapping_add(1)
}

/// The odd generation that says that a plan is under way, which may be this one.
pub(crate) fn under_way(generation: u64) -> u64 {
    generation | 1
}

/// Whether a plan is under way, or was cut off.
pub(crate) fn is_under_way(generation: u64) -> bool {
    generation & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_of_a_plan_is_a_generation_that_nobody_has_had() {
        assert_eq!((under_way(4), settled_after(4)), (5, 6));
        assert_eq!((under_way(5), settled_after(5)), (5, 6), "as after a plan that was cut off");
        assert!(is_under_way(5) && !is_under_way(6));
        assert_eq!(settled_after(u64::MAX), 0, "32 bits count, and they wrap too");
    }
}
