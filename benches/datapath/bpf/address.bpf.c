// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One exact lookup of an address of sixteen octets, which both families fit into. */
#include "../../../bpf/lib/address.h"
#include "peer.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct address);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PEERS);
} exact SEC(".maps");

static __always_inline __u32 look_up(__u32 peer)
{
	struct address address;
	__u32 *found;

	address_from_ipv4(&address, htonl(peer));
	found = bpf_map_lookup_elem(&exact, &address);
	return found ? *found : NOT_FOUND;
}

#include "race.h"
