// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The way of a node's own packet: what its processes and host-network pods send and receive.
 *
 * It is a pod's way without what keeps a pod honest: the node owns its addresses, and whoever could
 * forge its packets could remove these programs. They are programs of sockets, which are shown a packet
 * from its network header on and may only let it through or not.
 */
#pragma once

#define HOST

#include "filter.h"

/* What a program of a socket returns. */
enum {
	SOCKET_DROP = 0,
	SOCKET_PASS = 1,
};

/* The judgement of a packet of the node, whose record is `interface`. */
static __always_inline int host_packet(struct __sk_buff *skb, struct passage *passage,
				       const struct interface *interface)
{
	struct packet *packet = &passage->packet;
	int reason = packet_read(skb, packet, false);

	passage_begin(passage, interface);
	words_read(interface->endpoint, &passage->words);
	passage->report.generation = passage->words.generation;
	if (reason)
		return refuse_because(skb, passage, reason);
	if (is_addressing(packet, interface, passage->hook.direction))
		return TCX_NEXT;
	if (!sets_live(passage->words.sets))
		return refuse_because(skb, passage, REASON_QUARANTINE);
	return filter_datagram(skb, passage, interface);
}

/* A node without a record has no policy: nothing of it is looked at (ruling N39). */
static __always_inline int host_filter(struct __sk_buff *skb, struct passage *passage)
{
	struct interface *interface = bpf_map_lookup_elem(&interfaces, &passage->hook.interface);
	__u32 segments = skb->gso_segs;
	int verdict;

	if (!interface)
		return SOCKET_PASS;
	verdict = host_packet(skb, passage, interface);
	if (passage->report.counter)
		count_rule(passage->report.counter, segments ? segments : 1, skb->len);
	return verdict == TCX_NEXT ? SOCKET_PASS : SOCKET_DROP;
}
