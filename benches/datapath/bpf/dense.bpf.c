// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An exact lookup of the peer, then a row of an array: the least that a verdict can cost. */
#include "../../../bpf/include/abi.h"
#include "../../../bpf/include/helpers.h"
#include "peer.h"

enum { COLUMNS = 8 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PEERS);
} exact SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct cell);
	__uint(max_entries, CAPACITY_CELLS);
} dense SEC(".maps");

static __always_inline __u32 look_up(__u32 peer)
{
	__u32 *class = bpf_map_lookup_elem(&exact, &peer);
	struct cell *cell;
	__u32 index;

	if (!class)
		return NOT_FOUND;
	index = *class * COLUMNS + (peer & (COLUMNS - 1));
	cell = bpf_map_lookup_elem(&dense, &index);
	return cell && cell->verdict == VERDICT_ALLOW ? cell->rule : NOT_FOUND;
}

#include "race.h"
