// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Resets: how both ends of a TCP connection learn that it may no longer be (ruling N25).
 *
 * The packet that was judged becomes the reset. First it is turned round and a copy sent back to
 * where it came from, then it is turned forward again and goes on. Each carries the sequence number
 * that its receiver expects next, so it is obeyed at once. Whatever the packet carried is gone.
 */
#pragma once

#include "judge.h"

struct tcp_header {
	__u16 source;
	__u16 destination;
	__u32 sequence;
	__u32 acknowledgement;
	__u8 length;
	__u8 flags;
	__u16 window;
	__u16 checksum;
	__u16 urgent;
};

/*
 * The sum over addresses, length and protocol. An IPv4 address in the form of IPv6 adds 0xffff,
 * which is nothing in this arithmetic, so both families are one.
 */
struct pseudo_header {
	struct address source;
	struct address destination;
	__u32 length;
	__u32 protocol;
};

enum {
	/*
	 * Says that we made this packet. It is set for the moment between our two hooks and a pod
	 * cannot set it: the kernel clears the mark of what leaves a network namespace.
	 */
	RESET_MARK = 0x52f17c05,
	RESET_HOP_LIMIT = 64,
	TCP_LENGTH_OF_HEADER = 5 << 4,
	TCP_CHECKSUM = 16,
	IPV4_TOTAL_LENGTH = ETHERNET_SIZE + 2,
	IPV4_HOP_LIMIT = ETHERNET_SIZE + 8,
	IPV4_CHECKSUM = ETHERNET_SIZE + 10,
	IPV4_SOURCE = ETHERNET_SIZE + 12,
	IPV6_PAYLOAD_LENGTH = ETHERNET_SIZE + 4,
	IPV6_HOP_LIMIT = ETHERNET_SIZE + 7,
	IPV6_SOURCE = ETHERNET_SIZE + 8,
};

/* Whether this is a reset that our other hook made a moment ago. It takes the mark off. */
static __always_inline bool reset_is_ours(struct __sk_buff *skb, const struct packet *packet)
{
	if (skb->mark != RESET_MARK || packet->role != ROLE_RESET ||
	    skb->len != packet->offset + TCP_HEADER_SIZE)
		return false;
	skb->mark = 0;
	return true;
}

static __always_inline __u16 sum_fold(__s64 sum)
{
	__u64 folded = (__u32)sum;

	folded = (folded & 0xffff) + (folded >> 16);
	folded = (folded & 0xffff) + (folded >> 16);
	return folded;
}

static __always_inline long reset_store(struct __sk_buff *skb, __u32 offset, const void *from,
					__u32 size)
{
	return bpf_skb_store_bytes(skb, offset, from, size, BPF_F_RECOMPUTE_CSUM);
}

/*
 * Whether the checksum is still to be completed by a device or by nobody. The kernel does not say;
 * but its helper changes a checksum for a change of the payload only where it is complete.
 */
static __always_inline bool checksum_is_partial(struct __sk_buff *skb, __u32 offset, __u16 checksum)
{
	__u16 changed = checksum;

	bpf_l4_csum_replace(skb, offset, 0, 1, sizeof(changed));
	bpf_skb_load_bytes(skb, offset, &changed, sizeof(changed));
	return changed == checksum;
}

/* Cuts the packet off behind a bare TCP header. Returns: whether it could. */
static __always_inline bool reset_shorten(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 size = packet->offset + TCP_HEADER_SIZE - ETHERNET_SIZE;
	__u16 length, limit, old_limit;
	__u8 hops = RESET_HOP_LIMIT;

	if (bpf_skb_change_tail(skb, packet->offset + TCP_HEADER_SIZE, 0))
		return false;
	if (packet->family == 6) {
		length = htons(size - sizeof(struct ipv6_header));
		return !reset_store(skb, IPV6_PAYLOAD_LENGTH, &length, sizeof(length)) &&
		       !reset_store(skb, IPV6_HOP_LIMIT, &hops, sizeof(hops));
	}
	if (bpf_skb_load_bytes(skb, IPV4_TOTAL_LENGTH, &length, sizeof(length)) ||
	    bpf_skb_load_bytes(skb, IPV4_HOP_LIMIT, &old_limit, sizeof(old_limit)))
		return false;
	limit = htons(RESET_HOP_LIMIT << 8 | PROTOCOL_TCP);
	bpf_l3_csum_replace(skb, IPV4_CHECKSUM, length, htons(size), sizeof(length));
	bpf_l3_csum_replace(skb, IPV4_CHECKSUM, old_limit, limit, sizeof(limit));
	length = htons(size);
	return !reset_store(skb, IPV4_TOTAL_LENGTH, &length, sizeof(length)) &&
	       !reset_store(skb, IPV4_HOP_LIMIT, &limit, sizeof(limit));
}

/* Writes the addresses of both layers, as they were or turned round. */
static __always_inline void reset_address(struct __sk_buff *skb, const struct packet *packet,
					  const struct ethernet_header *ethernet, bool back)
{
	const struct address *source = back ? &packet->destination : &packet->source;
	const struct address *destination = back ? &packet->source : &packet->destination;
	struct ethernet_header turned = *ethernet;
	__u32 words[2];

	if (back) {
		memcpy(turned.destination, ethernet->source, 6);
		memcpy(turned.source, ethernet->destination, 6);
	}
	reset_store(skb, 0, &turned, sizeof(turned));
	if (packet->family == 6) {
		reset_store(skb, IPV6_SOURCE, source, sizeof(*source));
		reset_store(skb, IPV6_SOURCE + sizeof(*source), destination, sizeof(*destination));
		return;
	}
	words[0] = address_word(source, 3);
	words[1] = address_word(destination, 3);
	reset_store(skb, IPV4_SOURCE, words, sizeof(words));
}

/* Writes the TCP header of one of the two resets. Returns: whether it could. */
static __always_inline bool reset_write(struct __sk_buff *skb, const struct packet *packet,
					struct tcp_header *tcp, bool partial)
{
	struct pseudo_header pseudo = {
		.source = packet->source,
		.destination = packet->destination,
		.length = htonl(sizeof(*tcp)),
		.protocol = htonl(PROTOCOL_TCP),
	};
	__s64 sum = bpf_csum_diff(NULL, 0, &pseudo, sizeof(pseudo), 0);

	tcp->length = TCP_LENGTH_OF_HEADER;
	tcp->window = 0;
	tcp->urgent = 0;
	tcp->checksum = 0;
	if (partial)
		tcp->checksum = sum_fold(sum);
	else
		tcp->checksum = ~sum_fold(bpf_csum_diff(NULL, 0, tcp, sizeof(*tcp), sum));
	return !reset_store(skb, packet->offset, tcp, sizeof(*tcp));
}

/* Sends the reset to where the packet came from: out of the pod's device or in by it. */
static __always_inline void reset_back(struct __sk_buff *skb, const struct hook *hook,
				       const struct packet *packet, const struct tcp_header *tcp,
				       const struct ethernet_header *ethernet, bool partial)
{
	struct tcp_header back = {
		.source = tcp->destination,
		.destination = tcp->source,
		.sequence = tcp->acknowledgement,
		.flags = TCP_RST,
	};
	__u32 mark = skb->mark;

	reset_address(skb, packet, ethernet, true);
	if (reset_write(skb, packet, &back, partial)) {
		skb->mark = RESET_MARK;
		bpf_clone_redirect(skb, hook->device,
				   hook->direction == EGRESS ? 0 : BPF_F_INGRESS);
		skb->mark = mark;
	}
	reset_address(skb, packet, ethernet, false);
}

/*
 * Makes the packet a reset for its receiver and sends one to its sender, unless it is one already:
 * a reset is never answered. Returns: whether the packet may go on.
 */
__checked_alone int reset_both(struct __sk_buff *skb, const struct passage *passage)
{
	const struct packet *packet;
	struct ethernet_header ethernet;
	struct tcp_header tcp;
	bool partial;

	if (!passage)
		return false;
	packet = &passage->packet;
	if (packet->flags & PACKET_FIRST_FRAGMENT || packet_load(skb, 0, &ethernet) ||
	    bpf_skb_load_bytes(skb, packet->offset, &tcp, sizeof(tcp)) ||
	    !reset_shorten(skb, packet))
		return false;
	partial = checksum_is_partial(skb, packet->offset + TCP_CHECKSUM, tcp.checksum);
	if (packet->role != ROLE_RESET && tcp.flags & TCP_ACK)
		reset_back(skb, &passage->hook, packet, &tcp, &ethernet, partial);
	tcp.flags = TCP_RST | (tcp.flags & TCP_ACK);
	return reset_write(skb, packet, &tcp, partial);
}
