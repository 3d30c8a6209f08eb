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

#include "transport.h"

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

	if (packet_load(skb, ETHERNET_SIZE, &ip))
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
	if (packet_load(skb, packet->offset, &extension))
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

	if (packet_load(skb, ETHERNET_SIZE, &ip))
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
	if (skb->vlan_present || packet_load(skb, 0, &ethernet))
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
