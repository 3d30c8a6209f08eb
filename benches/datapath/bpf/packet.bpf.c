// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole packets through the real program: each run is a packet to the next peer.
 *
 * The packet is rewritten in place, so the cost of that is measured by itself and subtracted.
 */
#include "../../../bpf/test.bpf.c"
#include "peer.h"

enum { DESTINATION_AT = 14 + 16 };

static __always_inline void address_to_next(struct __sk_buff *skb)
{
	__u32 address = htonl(peer_at(position));

	position++;
	bpf_skb_store_bytes(skb, DESTINATION_AT, &address, sizeof(address), 0);
}

SEC("classifier")
int race(struct __sk_buff *skb)
{
	address_to_next(skb);
	return test_run(skb, EGRESS);
}

SEC("classifier")
int race_without(struct __sk_buff *skb)
{
	address_to_next(skb);
	return TCX_NEXT;
}
