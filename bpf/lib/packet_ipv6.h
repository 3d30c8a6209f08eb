// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPv6 header and its extension headers, to a bound.
 *
 * The chain of a quoted packet is walked by the same steps, because an error must be matched to the
 * connection whatever headers its packet had.
 */
#pragma once

#include "packet_ipv4.h"

/* What is known of a chain while it is walked. */
struct chain {
	__u32 start;   /* where the first extension header is */
	__u32 options; /* octets of option headers */
	bool fragmented;
	bool quoted; /* cut off at any place, so its size says nothing */
};

struct extension {
	__u8 next;
	__u8 length;
	__u8 type;
	__u8 segments_left;
	__u32 fragment_id;
};

/*
 * The size of a header (RFC 8200 section 4, RFC 4302 section 2). Returns 0 for what may not be
 * where it is, or leads elsewhere.
 */
static __always_inline __u32 extension_size(const struct packet *packet,
					    const struct extension *extension,
					    const struct chain *chain)
{
	__u32 size = (extension->length + 1) * 8;

	switch (packet->protocol) {
	case PROTOCOL_HOP_BY_HOP:
		return packet->offset == chain->start ? size : 0;
	case PROTOCOL_ROUTING:
		return extension->segments_left ? 0 : size;
	case PROTOCOL_FRAGMENT:
		return chain->fragmented ? 0 : sizeof(*extension);
	case PROTOCOL_AUTHENTICATION:
		size = (extension->length + 2) * 4;
		return size < AUTHENTICATION_SIZE_MIN ? 0 : size;
	default:
		return size;
	}
}

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_DESTINATION_OPTIONS ||
	       protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
	       protocol == PROTOCOL_AUTHENTICATION;
}

/* The part of the datagram that is behind a fragment header. Returns as packet_extension does. */
static __always_inline int packet_extension_fragment(struct packet *packet,
						     const struct extension *extension,
						     struct chain *chain)
{
	__u16 field = ntohs(*(const __u16 *)&extension->type);

	chain->fragmented = true;
	packet->fragment_id = ntohl(extension->fragment_id);
	if (chain->quoted)
		return field & 0xfff8 ? -REASON_UNPARSABLE : 1;
	if (packet_fragment(packet, field & 0xfff8, field & 1))
		return -REASON_UNPARSABLE;
	return packet->flags & PACKET_LATER_FRAGMENT ? 0 : 1;
}

/*
 * One step along the chain.
 *
 * Returns: 1 to go on, 0 at the transport header, a reason below zero.
 */
static __always_inline int packet_extension(struct __sk_buff *skb, struct packet *packet,
					    struct chain *chain)
{
	struct extension extension;
	__u8 kind = packet->protocol;
	__u32 size;

	if (!is_extension(kind))
		return 0;
	if (packet_load(skb, packet->offset, &extension))
		return -REASON_UNPARSABLE;
	size = extension_size(packet, &extension, chain);
	if (size == 0 || packet->offset + size > packet->end)
		return -REASON_UNPARSABLE;
	if (kind == PROTOCOL_HOP_BY_HOP || kind == PROTOCOL_DESTINATION_OPTIONS)
		chain->options += size;
	packet->offset += size;
	packet->protocol = extension.next;
	if (kind == PROTOCOL_FRAGMENT)
		return packet_extension_fragment(packet, &extension, chain);
	return 1;
}

/* Walks to the transport header, or to what a later fragment carries. Returns 0 or a reason. */
static __always_inline int packet_extensions(struct __sk_buff *skb, struct packet *packet,
					     struct chain *chain)
{
	int step = 1;

	chain->start = packet->offset;
	for (int i = 0; i < EXTENSIONS_MAX && step == 1; i++)
		step = packet_extension(skb, packet, chain);
	/* The bound is on headers, and the last may be followed by the transport. */
	if (step == 1 && !is_extension(packet->protocol))
		step = 0;
	return step == 0 ? 0 : REASON_UNPARSABLE;
}

static __always_inline int packet_ipv6(struct __sk_buff *skb, struct packet *packet, bool from_pod)
{
	struct ipv6_header ip;
	struct chain chain = {};
	__u32 payload;

	if (packet_load(skb, NETWORK_START, &ip))
		return REASON_UNPARSABLE;
	payload = ntohs(ip.payload_length);
	if ((ip.version_class_flow & 0xf0) != 0x60 || address_is_mapped(&ip.source) ||
	    address_is_mapped(&ip.destination) ||
	    packet_length(skb, packet, sizeof(ip) + payload, sizeof(ip) + LENGTH_FIELD_MAX,
			  payload == 0))
		return REASON_UNPARSABLE;
	packet->family = 6;
	packet->protocol = ip.next;
	packet->hop_limit = ip.hop_limit;
	packet->source = ip.source;
	packet->destination = ip.destination;
	packet->offset = NETWORK_START + sizeof(ip);
	if (packet_extensions(skb, packet, &chain) ||
	    (from_pod && chain.options > OPTIONS_FROM_POD_MAX))
		return REASON_UNPARSABLE;
	return 0;
}
