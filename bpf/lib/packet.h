// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A packet as the programs see it: parsed once, then never looked at again but by the rules for
 * neighbour discovery and for errors.
 *
 * It reads by bpf_skb_load_bytes because a packet's headers need not be in its linear part. What it
 * cannot read completely is `unparsable`, never a guess. Three ways to hide a port are closed here:
 * a header cut off by fragmentation, a second fragment that overlaps the first one's ports, and a
 * routing header that still has somewhere else to go.
 */
#pragma once

#include "../include/reason.h"
#include "address.h"

enum {
	ETHERNET_SIZE = 14,
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_IPV6 = 0x86dd,
};

enum {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_DESTINATION_OPTIONS = 60,
	PROTOCOL_SCTP = 132,
};

/* What a packet means to the connection it belongs to. */
enum role {
	ROLE_ANY = 0,	 /* opens a connection if there is none */
	ROLE_OPEN,	 /* wants a new connection: SYN, INIT, echo request */
	ROLE_ANSWER,	 /* answers one: SYN+ACK, INIT ACK, echo reply */
	ROLE_MIDDLE,	 /* belongs to one: other TCP */
	ROLE_RESET,	 /* ends one */
	ROLE_ERROR,	 /* an ICMP error about one */
	ROLE_PATH_MTU,	 /* an ICMP error without which large packets vanish */
	ROLE_NEIGHBOUR,	 /* neighbour discovery from this link */
	ROLE_MEMBERSHIP, /* multicast listener discovery */
};

enum {
	PACKET_ARP = 1,
	PACKET_FIRST_FRAGMENT = 2,
	PACKET_LATER_FRAGMENT = 4,
	PACKET_CLOSES = 8,
};

struct packet {
	struct address source;
	struct address destination;
	__u32 offset; /* of what follows the network header */
	__u32 end;    /* of the packet by its own length */
	__u32 fragment_id;
	__u16 source_port; /* an echo's identifier for ICMP, in both directions */
	__u16 destination_port;
	__u8 protocol;
	__u8 family;
	__u8 role;
	__u8 flags;
	__u8 type; /* of ICMP */
	__u8 hop_limit;
	__u8 source_mac[6];
};

struct ethernet_header {
	__u8 destination[6];
	__u8 source[6];
	__u16 type;
};

struct ipv4_header {
	__u8 version_length;
	__u8 service;
	__u16 total_length;
	__u16 id;
	__u16 fragment;
	__u8 hop_limit;
	__u8 protocol;
	__u16 checksum;
	__u32 source;
	__u32 destination;
};

struct ipv6_header {
	__u32 version_class_flow;
	__u16 payload_length;
	__u8 next;
	__u8 hop_limit;
	struct address source;
	struct address destination;
};

enum {
	EXTENSIONS_MAX = 8,
	OPTIONS_FROM_POD_MAX = 64,
	TCP_HEADER_SIZE = 20,
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
	SCTP_CHUNK_INIT = 1,
	SCTP_CHUNK_INIT_ACK = 2,
	SCTP_CHUNK_ABORT = 6,
	SCTP_CHUNK_SHUTDOWN_COMPLETE = 14,
	LENGTH_FIELD_MAX = 65535,
};

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
	    bpf_skb_load_bytes(skb, packet->offset, &tcp, sizeof(tcp)))
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
	__u16 udp[4];

	if (packet->end < packet->offset + sizeof(udp) ||
	    bpf_skb_load_bytes(skb, packet->offset, udp, sizeof(udp)))
		return REASON_UNPARSABLE;
	packet->source_port = ntohs(udp[0]);
	packet->destination_port = ntohs(udp[1]);
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
	    bpf_skb_load_bytes(skb, packet->offset, &sctp, sizeof(sctp)))
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
	    bpf_skb_load_bytes(skb, packet->offset, &icmp, sizeof(icmp)))
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

/* `offset` in octets. A later TCP fragment must not reach into the first one's header. */
static __always_inline int packet_fragment(struct packet *packet, __u32 offset, bool more)
{
	if (offset == 0) {
		if (more)
			packet->flags |= PACKET_FIRST_FRAGMENT;
		return 0;
	}
	if (packet->protocol == PROTOCOL_TCP && offset < TCP_HEADER_SIZE)
		return REASON_UNPARSABLE;
	packet->flags |= PACKET_LATER_FRAGMENT;
	return 0;
}

/* A length of 0 is how the kernel marks a segmented packet too long for the field. */
static __always_inline int packet_length(struct __sk_buff *skb, struct packet *packet, __u32 length,
					 __u32 least)
{
	__u32 end = ETHERNET_SIZE + length;

	if (length == least && skb->len > ETHERNET_SIZE + LENGTH_FIELD_MAX)
		end = skb->len;
	else if (length < least)
		return REASON_UNPARSABLE;
	if (end > skb->len)
		return REASON_UNPARSABLE;
	packet->end = end;
	return 0;
}

static __always_inline int packet_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv4_header ip;
	__u32 header, length;
	__u16 fragment;

	if (bpf_skb_load_bytes(skb, ETHERNET_SIZE, &ip, sizeof(ip)))
		return REASON_UNPARSABLE;
	header = (ip.version_length & 15) * 4;
	length = ntohs(ip.total_length);
	if (length == 0)
		length = header;
	if (ip.version_length >> 4 != 4 || header < sizeof(ip) ||
	    packet_length(skb, packet, length, header))
		return REASON_UNPARSABLE;
	packet->family = 4;
	packet->protocol = ip.protocol;
	packet->hop_limit = ip.hop_limit;
	packet->fragment_id = ip.id;
	packet->offset = ETHERNET_SIZE + header;
	address_from_ipv4(&packet->source, ip.source);
	address_from_ipv4(&packet->destination, ip.destination);
	fragment = ntohs(ip.fragment);
	return packet_fragment(packet, (fragment & 0x1fff) * 8, fragment & 0x2000);
}

/*
 * One step along an IPv6 header chain. `options` sums the sizes of option headers.
 *
 * Returns: 1 to go on, 0 at the transport header, a reason below zero.
 */
static __always_inline int packet_extension(struct __sk_buff *skb, struct packet *packet,
					    __u32 *options)
{
	struct {
		__u8 next;
		__u8 length;
		__u8 type;
		__u8 segments_left;
		__u32 fragment_id;
	} extension;
	__u32 size;

	switch (packet->protocol) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_DESTINATION_OPTIONS:
	case PROTOCOL_ROUTING:
	case PROTOCOL_FRAGMENT:
	case PROTOCOL_AUTHENTICATION:
		break;
	default:
		return 0;
	}
	if (bpf_skb_load_bytes(skb, packet->offset, &extension, sizeof(extension)))
		return -REASON_UNPARSABLE;
	size = (extension.length + 1) * 8;
	if (packet->protocol == PROTOCOL_AUTHENTICATION)
		size = (extension.length + 2) * 4;
	if (packet->protocol == PROTOCOL_FRAGMENT)
		size = 8;
	if (packet->protocol == PROTOCOL_ROUTING && extension.segments_left)
		return -REASON_UNPARSABLE;
	if (packet->protocol == PROTOCOL_HOP_BY_HOP ||
	    packet->protocol == PROTOCOL_DESTINATION_OPTIONS)
		*options += size;
	if (packet->offset + size > packet->end)
		return -REASON_UNPARSABLE;
	packet->offset += size;
	if (packet->protocol == PROTOCOL_FRAGMENT) {
		__u16 field = ntohs(*(__u16 *)&extension.type);

		packet->protocol = extension.next;
		packet->fragment_id = extension.fragment_id;
		if (packet_fragment(packet, field & 0xfff8, field & 1))
			return -REASON_UNPARSABLE;
		return packet->flags & PACKET_LATER_FRAGMENT ? 0 : 1;
	}
	packet->protocol = extension.next;
	return 1;
}

static __always_inline int packet_ipv6(struct __sk_buff *skb, struct packet *packet, bool from_pod)
{
	struct ipv6_header ip;
	__u32 options = 0;
	int step = 1;

	if (bpf_skb_load_bytes(skb, ETHERNET_SIZE, &ip, sizeof(ip)))
		return REASON_UNPARSABLE;
	if ((ip.version_class_flow & 0xf0) != 0x60 || address_is_mapped(&ip.source) ||
	    address_is_mapped(&ip.destination) ||
	    packet_length(skb, packet, sizeof(ip) + ntohs(ip.payload_length), sizeof(ip)))
		return REASON_UNPARSABLE;
	packet->family = 6;
	packet->protocol = ip.next;
	packet->hop_limit = ip.hop_limit;
	packet->source = ip.source;
	packet->destination = ip.destination;
	packet->offset = ETHERNET_SIZE + sizeof(ip);
	for (int i = 0; i < EXTENSIONS_MAX && step == 1; i++)
		step = packet_extension(skb, packet, &options);
	/* One look more: the bound is on headers, and the last may be followed by the transport. */
	if (step == 1) {
		__u32 offset = packet->offset;

		step = packet_extension(skb, packet, &options);
		if (packet->offset != offset)
			return REASON_UNPARSABLE;
	}
	if (step != 0 || (from_pod && options > OPTIONS_FROM_POD_MAX))
		return REASON_UNPARSABLE;
	return 0;
}

/*
 * Reads a packet. `from_pod`: limits that hold for what pods send.
 *
 * Returns: 0, or the code of the reason for which it is dropped.
 */
__checked_alone int packet_read(struct __sk_buff *skb, struct packet *packet, bool from_pod)
{
	struct ethernet_header ethernet;
	int reason;

	if (!packet)
		return REASON_UNPARSABLE;
	if (skb->vlan_present || bpf_skb_load_bytes(skb, 0, &ethernet, sizeof(ethernet)))
		return REASON_UNPARSABLE;
	memcpy(packet->source_mac, ethernet.source, 6);
	switch (ntohs(ethernet.type)) {
	case ETHERTYPE_ARP:
		packet->flags = PACKET_ARP;
		return 0;
	case ETHERTYPE_IPV4:
		reason = packet_ipv4(skb, packet);
		break;
	case ETHERTYPE_IPV6:
		reason = packet_ipv6(skb, packet, from_pod);
		break;
	default:
		return REASON_UNPARSABLE;
	}
	if (reason || packet->flags & PACKET_LATER_FRAGMENT)
		return reason;
	return packet_transport(skb, packet);
}
