// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole packets through the real program: each run is a packet to the next peer.
 *
 * The packet is rewritten in place, so the cost of that is measured by itself and subtracted.
 */
#include "../../../bpf/test.bpf.c"
#include "peer.h"

enum { DESTINATION_AT = 14 + 16, SOURCE_PORT = 40000 };

/* Whether a peer that comes again is asked from another port, so that it is another connection. */
volatile const __u32 asks_anew = 0;

/* What lies side by side in the packet, from its destination on. */
struct destination_and_port {
	__u32 address;
	__u16 source_port;
} __attribute__((packed));

static __always_inline void address_to_next(struct __sk_buff *skb)
{
	__u32 pass = position / (sequence_mask + 1);
	struct destination_and_port next = {
		.address = htonl(peer_at(position)),
		.source_port = htons(SOURCE_PORT - (asks_anew ? pass & 0x7fff : 0)),
	};

	position++;
	bpf_skb_store_bytes(skb, DESTINATION_AT, &next, sizeof(next), 0);
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
