// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What follows the network header: ports, flags, chunks and ICMP types, and what they mean to a
 * connection.
 *
 * A header that is not there in full is `unparsable`; a protocol without ports has none to read.
 */
#pragma once

#include "packet_types.h"

static __always_inline bool protocol_is_icmp(__u8 protocol)
{
	return protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6;
}

/* Whether it is ICMP of the packet's own family; of the other's it is a protocol like any other. */
static __always_inline bool packet_is_icmp(const struct packet *packet)
{
	return packet->protocol == (packet->family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
}

/*
 * Whether some TCP sends these flags (RFC 9293 section 3.10.7): an opening neither ends nor resets
 * anything, and all else acknowledges or resets.
 */
static __always_inline bool tcp_flags_sensible(__u8 flags)
{
	if (flags & TCP_SYN)
		return !(flags & (TCP_FIN | TCP_RST));
	return flags & (TCP_RST | TCP_ACK);
}

static __always_inline int packet_tcp(struct __sk_buff *skb, struct packet *packet)
{
	__u32 size;
	struct {
		__u16 source;
		__u16 destination;
		__u32 sequence;
		__u32 acknowledgement;
		__u8 length;
		__u8 flags;
		__u16 window;
		__u32 rest;
	} tcp;

	if (packet->end < packet->offset + sizeof(tcp) ||
	    packet_load(skb, packet->offset, &tcp))
		return REASON_UNPARSABLE;
	size = (tcp.length >> 4) * 4;
	if (size < sizeof(tcp) || packet->offset + size > packet->end ||
	    !tcp_flags_sensible(tcp.flags))
		return REASON_UNPARSABLE;
	packet->source_port = ntohs(tcp.source);
	packet->destination_port = ntohs(tcp.destination);
	if (tcp.flags & (TCP_FIN | TCP_RST))
		packet->flags |= PACKET_CLOSES;
	if (tcp.flags & TCP_RST)
		packet->role = ROLE_RESET;
	else if (tcp.flags & TCP_SYN)
		packet->role = tcp.flags & TCP_ACK ? ROLE_ANSWER : ROLE_OPEN;
	else
		packet->role = ROLE_MIDDLE;
	return 0;
}

/*
 * Whether a datagram of `room` octets may say that it has `length` (RFC 768). Of a first fragment
 * the rest is elsewhere. 0 is said of what is too long for the field (RFC 2675 section 4).
 */
static __always_inline bool udp_length_true(const struct packet *packet, __u32 length)
{
	__u32 room = packet->end - packet->offset;

	if (length == 0)
		return room > LENGTH_FIELD_MAX;
	return length >= UDP_HEADER_SIZE &&
	       (length <= room || packet->flags & PACKET_FIRST_FRAGMENT);
}

static __always_inline int packet_udp(struct __sk_buff *skb, struct packet *packet)
{
	struct {
		__u16 source;
		__u16 destination;
		__u16 length;
		__u16 checksum;
	} udp;

	if (packet->end < packet->offset + sizeof(udp) ||
	    packet_load(skb, packet->offset, &udp) ||
	    !udp_length_true(packet, ntohs(udp.length)))
		return REASON_UNPARSABLE;
	packet->source_port = ntohs(udp.source);
	packet->destination_port = ntohs(udp.destination);
	return 0;
}

/* Whether the first chunk is as long as it says (RFC 9260 section 3.2). */
static __always_inline bool sctp_length_true(const struct packet *packet, __u32 length)
{
	__u32 room = packet->end - packet->offset - SCTP_COMMON_SIZE;

	return length >= SCTP_CHUNK_HEADER_SIZE &&
	       (length <= room || packet->flags & PACKET_FIRST_FRAGMENT);
}

/* The common header and the first chunk's type. */
static __always_inline int packet_sctp(struct __sk_buff *skb, struct packet *packet)
{
	struct {
		__u16 source;
		__u16 destination;
		__u32 tag;
		__u32 checksum;
		__u8 chunk;
		__u8 flags;
		__u16 length;
	} sctp;

	if (packet->end < packet->offset + sizeof(sctp) ||
	    packet_load(skb, packet->offset, &sctp) ||
	    !sctp_length_true(packet, ntohs(sctp.length)))
		return REASON_UNPARSABLE;
	packet->source_port = ntohs(sctp.source);
	packet->destination_port = ntohs(sctp.destination);
	if (sctp.chunk == SCTP_CHUNK_INIT)
		packet->role = ROLE_OPEN;
	else if (sctp.chunk == SCTP_CHUNK_INIT_ACK)
		packet->role = ROLE_ANSWER;
	if (sctp.chunk == SCTP_CHUNK_ABORT || sctp.chunk == SCTP_CHUNK_SHUTDOWN_COMPLETE)
		packet->flags |= PACKET_CLOSES;
	return 0;
}

static __always_inline enum role packet_icmp_role(__u8 type, __u8 code)
{
	switch (type) {
	case 8:
		return ROLE_OPEN;
	case 0:
		return ROLE_ANSWER;
	case 3:
		return code == 4 ? ROLE_PATH_MTU : ROLE_ERROR;
	case 11:
	case 12:
		return ROLE_ERROR;
	default:
		return ROLE_ANY;
	}
}

/* Only a hop limit of 255 proves that a neighbour's message was never forwarded. */
static __always_inline enum role packet_icmpv6_role(__u8 type, __u8 hop_limit)
{
	switch (type) {
	case 128:
		return ROLE_OPEN;
	case 129:
		return ROLE_ANSWER;
	case 2:
		return ROLE_PATH_MTU;
	case 1:
	case 3:
	case 4:
		return ROLE_ERROR;
	case 130:
	case 131:
	case 132:
	case 143:
		return ROLE_MEMBERSHIP;
	case 133:
	case 134:
	case 135:
	case 136:
	case 137:
		return hop_limit == 255 ? ROLE_NEIGHBOUR : ROLE_ANY;
	default:
		return ROLE_ANY;
	}
}

struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__u16 identifier;
	__u16 sequence;
};

static __always_inline int packet_icmp(struct __sk_buff *skb, struct packet *packet)
{
	struct icmp_header icmp;

	if (packet->end < packet->offset + sizeof(icmp) ||
	    packet_load(skb, packet->offset, &icmp))
		return REASON_UNPARSABLE;
	packet->type = icmp.type;
	packet->role = packet->family == 4 ? packet_icmp_role(icmp.type, icmp.code) :
					     packet_icmpv6_role(icmp.type, packet->hop_limit);
	/* Neighbour discovery is never fragmented, or its options could be hidden (RFC 6980). */
	if (packet->role == ROLE_NEIGHBOUR && packet->flags & PACKET_FIRST_FRAGMENT)
		return REASON_UNPARSABLE;
	if (packet->role == ROLE_OPEN || packet->role == ROLE_ANSWER)
		packet->source_port = ntohs(icmp.identifier);
	return 0;
}

static __always_inline int packet_transport(struct __sk_buff *skb, struct packet *packet)
{
	if (packet_is_icmp(packet))
		return packet_icmp(skb, packet);
	switch (packet->protocol) {
	case PROTOCOL_TCP:
		return packet_tcp(skb, packet);
	case PROTOCOL_UDP:
		return packet_udp(skb, packet);
	case PROTOCOL_SCTP:
		return packet_sctp(skb, packet);
	default:
		return 0;
	}
}
