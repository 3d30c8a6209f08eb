// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The original source of a packet that the node has rewritten (ruling N35).
 *
 * kube-proxy's masquerading makes other pods, and the pod itself, look like the node. The kernel's
 * connection tracker still knows who asked. Where its function does not exist the answer is "not
 * known", and the node's address is judged.
 */
#pragma once

#include "hook.h"
#include "packet.h"

extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
					 __u32 tuple_size, struct bpf_ct_opts *opts,
					 __u32 opts_size) __weak __ksym;
extern void bpf_ct_release(struct nf_conn *connection) __weak __ksym;

static __always_inline bool address_is_node(const struct address *address)
{
	return bpf_map_lookup_elem(&node_addresses, address) != NULL;
}

static __always_inline struct nf_conn *tracked(struct __sk_buff *skb, const struct packet *packet,
					       bool reversed)
{
	const struct address *source = reversed ? &packet->destination : &packet->source;
	const struct address *destination = reversed ? &packet->source : &packet->destination;
	__u16 source_port = reversed ? packet->destination_port : packet->source_port;
	__u16 destination_port = reversed ? packet->source_port : packet->destination_port;
	struct bpf_ct_opts opts = { .netns_id = -1, .l4proto = packet->protocol };
	struct bpf_sock_tuple tuple = {};

	if (packet->family == 4) {
		tuple.ipv4.saddr = address_word(source, 3);
		tuple.ipv4.daddr = address_word(destination, 3);
		tuple.ipv4.sport = htons(source_port);
		tuple.ipv4.dport = htons(destination_port);
		return bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	}
	memcpy(tuple.ipv6.saddr, source, sizeof(*source));
	memcpy(tuple.ipv6.daddr, destination, sizeof(*destination));
	tuple.ipv6.sport = htons(source_port);
	tuple.ipv6.dport = htons(destination_port);
	return bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple.ipv6), &opts, sizeof(opts));
}

/* Returns: whether the tracker knew; then `source` is who opened the connection. */
__checked_alone int original_source(struct __sk_buff *skb, const struct packet *packet,
				      struct address *source)
{
	struct nf_conn *connection;

	if (!packet || !source)
		return false;
	if (!feature_ct_lookup ||
	    (packet->protocol != PROTOCOL_TCP && packet->protocol != PROTOCOL_UDP))
		return false;
	connection = tracked(skb, packet, false);
	if (!connection)
		connection = tracked(skb, packet, true);
	if (!connection)
		return false;
	if (packet->family == 4)
		address_from_ipv4(source, connection->tuplehash[0].tuple.src.u3.all[0]);
	else
		address_set(source, connection->tuplehash[0].tuple.src.u3.all[0],
			    connection->tuplehash[0].tuple.src.u3.all[1],
			    connection->tuplehash[0].tuple.src.u3.all[2],
			    connection->tuplehash[0].tuple.src.u3.all[3]);
	bpf_ct_release(connection);
	return true;
}
