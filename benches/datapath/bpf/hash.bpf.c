// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One exact lookup of an address of four octets: the least that any layout must do. */
#include "../../../bpf/include/abi.h"
#include "../../../bpf/include/helpers.h"
#include "peer.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PEERS);
} exact SEC(".maps");

static __always_inline __u32 look_up(__u32 peer)
{
	__u32 *found = bpf_map_lookup_elem(&exact, &peer);

	return found ? *found : NOT_FOUND;
}

#include "race.h"
