// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ICMP errors: messages about a connection belong to it.
 *
 * The error quotes the packet that caused it, so its connection can be found. An error about no
 * known connection is an ordinary packet and needs a rule like any other.
 */
#pragma once

#include "judge.h"

static __always_inline int quoted_ports(struct __sk_buff *skb, struct packet *quoted)
{
	__u16 words[4];

	switch (quoted->protocol) {
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_SCTP:
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		break;
	default:
		return 0;
	}
	if (bpf_skb_load_bytes(skb, quoted->offset, words, sizeof(words)))
		return -1;
	quoted->source_port = ntohs(words[0]);
	quoted->destination_port = ntohs(words[1]);
	if (protocol_is_icmp(quoted->protocol)) {
		quoted->source_port = ntohs(words[2]);
		quoted->destination_port = 0;
	}
	return 0;
}

static __always_inline int quoted_read(struct __sk_buff *skb, const struct packet *packet,
				       struct packet *quoted)
{
	struct ipv6_header ipv6;
	struct ipv4_header ipv4;
	__u32 offset = packet->offset + 8;

	quoted->family = packet->family;
	if (packet->family == 4) {
		if (bpf_skb_load_bytes(skb, offset, &ipv4, sizeof(ipv4)))
			return -1;
		quoted->protocol = ipv4.protocol;
		quoted->offset = offset + (ipv4.version_length & 15) * 4;
		address_from_ipv4(&quoted->source, ipv4.source);
		address_from_ipv4(&quoted->destination, ipv4.destination);
	} else {
		if (bpf_skb_load_bytes(skb, offset, &ipv6, sizeof(ipv6)))
			return -1;
		quoted->protocol = ipv6.next;
		quoted->offset = offset + sizeof(ipv6);
		quoted->source = ipv6.source;
		quoted->destination = ipv6.destination;
	}
	return quoted_ports(skb, quoted);
}

/* Makes the report's key that of the quoted packet's connection. Returns: whether it could. */
__checked_alone int quoted_key(struct __sk_buff *skb, struct passage *passage)
{
	struct packet quoted = {};
	enum direction direction;

	if (!passage || quoted_read(skb, &passage->packet, &quoted))
		return false;
	/* The quoted packet went the other way than the error. */
	direction = passage->hook.direction == EGRESS ? INGRESS : EGRESS;
	connection_key_of(&passage->report.key, &quoted, direction, passage->report.key.endpoint);
	return true;
}

/* Returns: whether the error is about a connection that is allowed now. */
__checked_alone int related_allowed(struct __sk_buff *skb, struct passage *passage,
				    const struct interface *interface)
{
	struct report *report;
	struct connection *connection;
	bool established, allowed;

	if (!passage || !interface || !quoted_key(skb, passage))
		return false;
	report = &passage->report;
	connection = connection_find(&report->key, bpf_ktime_get_coarse_ns(), &established);
	allowed = connection && connection->generation == passage->words.generation;
	if (connection && !allowed) {
		report->remote_opened = connection->flags & CONNECTION_REMOTE_OPENED;
		judge(skb, passage, interface);
		allowed = report->judgement.enforced.verdict == VERDICT_ALLOW ||
			  report->judgement.enforced.verdict == VERDICT_DENY_KEEP;
	}
	connection_key_of(&report->key, &passage->packet, passage->hook.direction,
			  interface->endpoint);
	return allowed;
}
