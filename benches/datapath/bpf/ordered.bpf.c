// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The layout of ordered rules: each rule is tested in its turn, by whether its set of addresses has
 * the peer. All sets are in one map.
 */
#define LOOKUPS 4
#include "../../../bpf/include/abi.h"
#include "../../../bpf/include/helpers.h"
#include "peer.h"

enum { RULES_MAX = 1000 };

struct member {
	__u32 length;
	__u32 set;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct member);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PEERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} members SEC(".maps");

volatile const __u32 rules = 0;

static __always_inline __u32 look_up(__u32 peer)
{
	struct member key = { .length = 64, .address = htonl(peer) };

	for (__u32 rule = 0; rule < RULES_MAX && rule < rules; rule++) {
		key.set = htonl(rule);
		if (bpf_map_lookup_elem(&members, &key))
			return rule;
	}
	return NOT_FOUND;
}

#include "race.h"
