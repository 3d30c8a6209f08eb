// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The layout of identities: the address leads by longest prefix to an identity, then the endpoint's
 * own map answers by longest prefix for that identity, and for any identity.
 */
#include "prefix.h"
#include "peer.h"

struct policy_key {
	__u32 length;
	__u32 identity;
	__u8 direction;
	__u8 protocol;
	__u16 port;
};

struct policy_value {
	__u32 rule;
	__u32 verdict;
};

PREFIX_MAP(identities, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct policy_key);
	__type(value, struct policy_value);
	__uint(max_entries, CAPACITY_PEERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} policy SEC(".maps");

enum { POLICY_LENGTH = 64 };

static __always_inline struct policy_value *policy_find(__u32 identity, __u32 peer)
{
	struct policy_key key = {
		.length = POLICY_LENGTH,
		.identity = identity,
		.protocol = 6,
		.port = htons(8000 + (peer & 7)),
	};

	return bpf_map_lookup_elem(&policy, &key);
}

static __always_inline __u32 look_up(__u32 peer)
{
	__u32 *identity = prefix_find(&identities, peer);
	struct policy_value *own, *any;

	if (!identity)
		return NOT_FOUND;
	own = policy_find(*identity, peer);
	any = policy_find(0, peer);
	if (any && (!own || own->verdict == VERDICT_DENY))
		own = any;
	return own && own->verdict == VERDICT_ALLOW ? own->rule : NOT_FOUND;
}

#include "race.h"
