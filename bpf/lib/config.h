// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the loader decides once: written into read-only data before the programs are verified, so
 * that the verifier removes what is switched off.
 */
#pragma once

#include "../include/helpers.h"

/* The connection tracker's kfunc exists: SNATed sources can be told apart (ruling N35). */
volatile const __u8 feature_ct_lookup = 0;
/* bpf_get_netns_cookie accepts a packet; then the node's cookie is a condition of its origin. */
volatile const __u8 feature_netns_cookie = 0;
/* The machine may reorder loads; on others the barrier is not even compiled in. */
volatile const __u8 weak_memory = 0;
/* The node's own network namespace; 0 where it is not known. */
volatile const __u64 node_netns_cookie = 0;

/* The most connections of `est` that one endpoint may hold. */
volatile const __u64 established_share = 32768;

/* How long a silent connection lives, nanoseconds. */
volatile const __u64 lifetime_half_ns = 60ULL * 1000000000;
volatile const __u64 lifetime_closing_ns = 120ULL * 1000000000;
volatile const __u64 lifetime_datagram_ns = 180ULL * 1000000000;
volatile const __u64 lifetime_stream_ns = 432000ULL * 1000000000;
/* How long the ports of a fragmented datagram are remembered. */
volatile const __u64 lifetime_fragment_ns = 30ULL * 1000000000;
/* Denials of one flow within this time are counted, not reported again. */
volatile const __u64 report_interval_ns = 5ULL * 1000000000;
