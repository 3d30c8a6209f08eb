//! Tiers T0 and T1 on the corpus, the small world and random worlds.
