// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packet that an ICMP error quotes: as much of it as names its connection.
 *
 * The quote is cut off at any place behind its first eight octets of transport, so its lengths are
 * not held against it; but what it lacks is not read from what follows the error.
 */
#pragma once

#include "packet.h"

/* The quote ends with the error, or earlier if it says so. A length of 0 is not said. */
static __always_inline __u32 quoted_end(const struct packet *packet, __u32 offset, __u32 length)
{
	__u32 end = offset + length;

	return length == 0 || end > packet->end ? packet->end : end;
}

static __always_inline int quoted_ipv4(struct __sk_buff *skb, const struct packet *packet,
				       struct packet *quoted)
{
	__u32 offset = packet->offset + ICMP_HEADER_SIZE;
	struct ipv4_header ip;
	__u32 header;

	if (offset + sizeof(ip) > packet->end || packet_load(skb, offset, &ip))
		return REASON_UNPARSABLE;
	header = (ip.version_length & 15) * 4;
	/* Only the first part of a datagram has ports. */
	if (ip.version_length >> 4 != 4 || header < sizeof(ip) || ntohs(ip.fragment) & 0x1fff)
		return REASON_UNPARSABLE;
	quoted->protocol = ip.protocol;
	quoted->hop_limit = ip.hop_limit;
	quoted->fragment_id = ntohs(ip.id);
	quoted->offset = offset + header;
	quoted->end = quoted_end(packet, offset, ntohs(ip.total_length));
	address_from_ipv4(&quoted->source, ip.source);
	address_from_ipv4(&quoted->destination, ip.destination);
	return 0;
}

static __always_inline int quoted_ipv6(struct __sk_buff *skb, const struct packet *packet,
				       struct packet *quoted)
{
	__u32 offset = packet->offset + ICMP_HEADER_SIZE;
	struct chain chain = { .quoted = true };
	struct ipv6_header ip;
	__u32 payload;

	if (offset + sizeof(ip) > packet->end || packet_load(skb, offset, &ip))
		return REASON_UNPARSABLE;
	if ((ip.version_class_flow & 0xf0) != 0x60)
		return REASON_UNPARSABLE;
	payload = ntohs(ip.payload_length);
	quoted->protocol = ip.next;
	quoted->hop_limit = ip.hop_limit;
	quoted->offset = offset + sizeof(ip);
	quoted->end = quoted_end(packet, offset, payload ? sizeof(ip) + payload : 0);
	quoted->source = ip.source;
	quoted->destination = ip.destination;
	return packet_extensions(skb, quoted, &chain);
}

/* An echo has its identifier; nobody reports an error about an error (RFC 1122 section 3.2.2). */
static __always_inline int quoted_icmp(struct packet *quoted, const struct icmp_header *icmp)
{
	quoted->type = icmp->type;
	quoted->role = quoted->family == 4 ? packet_icmp_role(icmp->type, icmp->code) :
					     packet_icmpv6_role(icmp->type, quoted->hop_limit);
	if (quoted->role == ROLE_ERROR || quoted->role == ROLE_PATH_MTU)
		return REASON_UNPARSABLE;
	if (quoted->role == ROLE_OPEN || quoted->role == ROLE_ANSWER)
		quoted->source_port = ntohs(icmp->identifier);
	return 0;
}

/* Eight octets of the transport header are quoted at least (RFC 792). */
static __always_inline int quoted_transport(struct __sk_buff *skb, struct packet *quoted)
{
	union {
		struct icmp_header icmp;
		__u16 ports[4];
	} start;
	bool has_ports = quoted->protocol == PROTOCOL_TCP || quoted->protocol == PROTOCOL_UDP ||
			 quoted->protocol == PROTOCOL_SCTP;

	if (!has_ports && !packet_is_icmp(quoted))
		return 0;
	if (quoted->offset + sizeof(start) > quoted->end ||
	    packet_load(skb, quoted->offset, &start))
		return REASON_UNPARSABLE;
	if (!has_ports)
		return quoted_icmp(quoted, &start.icmp);
	quoted->source_port = ntohs(start.ports[0]);
	quoted->destination_port = ntohs(start.ports[1]);
	return 0;
}

/*
 * Reads what the ICMP error `packet` quotes; `quoted` is zero before.
 *
 * Returns: 0, or a reason where it names no connection.
 */
__checked_alone int quoted_read(struct __sk_buff *skb, const struct packet *packet,
				struct packet *quoted)
{
	int reason;

	if (!packet || !quoted)
		return REASON_UNPARSABLE;
	quoted->family = packet->family;
	reason = packet->family == 4 ? quoted_ipv4(skb, packet, quoted) :
				       quoted_ipv6(skb, packet, quoted);
	return reason ? reason : quoted_transport(skb, quoted);
}
