//! Tiers T2 and T3: the programs in the kernel and real packets.
