// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One lookup of a connection where the oldest are forgotten: the least a tracker must do. */
#include "../../../bpf/lib/address.h"
#include "peer.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct connection_key);
	__type(value, struct connection);
	__uint(max_entries, 131072);
} tracked SEC(".maps");

static __always_inline __u32 look_up(__u32 peer)
{
	struct connection_key key = { .endpoint = 1, .protocol = 6, .family = 4 };
	struct connection *found;

	address_from_ipv4(&key.remote, htonl(peer));
	found = bpf_map_lookup_elem(&tracked, &key);
	return found ? found->rule : NOT_FOUND;
}

#include "race.h"
