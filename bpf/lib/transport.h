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

static __always_inline int packet_tcp(struct __sk_buff *skb, struct packet *packet)
{
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

static __always_inline int packet_udp(struct __sk_buff *skb, struct packet *packet)
{
	struct {
		__u16 source;
		__u16 destination;
		__u16 length;
		__u16 checksum;
	} udp;

	if (packet->end < packet->offset + sizeof(udp) ||
	    packet_load(skb, packet->offset, &udp))
		return REASON_UNPARSABLE;
	packet->source_port = ntohs(udp.source);
	packet->destination_port = ntohs(udp.destination);
	return 0;
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
	    packet_load(skb, packet->offset, &sctp))
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

static __always_inline int packet_icmp(struct __sk_buff *skb, struct packet *packet)
{
	struct {
		__u8 type;
		__u8 code;
		__u16 checksum;
		__u16 identifier;
		__u16 sequence;
	} icmp;

	if (packet->end < packet->offset + sizeof(icmp) ||
	    packet_load(skb, packet->offset, &icmp))
		return REASON_UNPARSABLE;
	packet->type = icmp.type;
	packet->role = packet->family == 4 ? packet_icmp_role(icmp.type, icmp.code) :
					     packet_icmpv6_role(icmp.type, packet->hop_limit);
	if (packet->role == ROLE_OPEN || packet->role == ROLE_ANSWER)
		packet->source_port = ntohs(icmp.identifier);
	return 0;
}

static __always_inline int packet_transport(struct __sk_buff *skb, struct packet *packet)
{
	switch (packet->protocol) {
	case PROTOCOL_TCP:
		return packet_tcp(skb, packet);
	case PROTOCOL_UDP:
		return packet_udp(skb, packet);
	case PROTOCOL_SCTP:
		return packet_sctp(skb, packet);
	case PROTOCOL_ICMP:
		return packet->family == 4 ? packet_icmp(skb, packet) : 0;
	case PROTOCOL_ICMPV6:
		return packet->family == 6 ? packet_icmp(skb, packet) : 0;
	default:
		return 0;
	}
}
