// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Longest-prefix lookup of an IPv4 address, as other layouts begin. */
#pragma once

#include "../../../bpf/include/abi.h"
#include "../../../bpf/include/helpers.h"

struct ipv4_prefix {
	__u32 length;
	__u32 address;
};

#define PREFIX_MAP(name, value_type)                   \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);   \
		__type(key, struct ipv4_prefix);       \
		__type(value, value_type);             \
		__uint(max_entries, CAPACITY_PEERS);   \
		__uint(map_flags, BPF_F_NO_PREALLOC);  \
	} name SEC(".maps")

static __always_inline void *prefix_find(void *map, __u32 peer)
{
	struct ipv4_prefix key = { .length = 32, .address = htonl(peer) };

	return bpf_map_lookup_elem(map, &key);
}
