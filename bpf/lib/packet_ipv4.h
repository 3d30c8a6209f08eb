// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPv4 header, and what both families have in common: their lengths and their fragments.
 *
 * A length that is longer than the packet or shorter than the header lies, and so does a fragment
 * that no sender could have cut.
 */
#pragma once

#include "packet_types.h"

/* The octets of a transport header that decide: its first fragment has them all, so no other may. */
static __always_inline __u32 transport_least(__u8 protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		return TCP_HEADER_SIZE;
	case PROTOCOL_SCTP:
		return SCTP_COMMON_SIZE + SCTP_CHUNK_HEADER_SIZE;
	default:
		return 0;
	}
}

/*
 * `offset` in octets; the fragment is what is left of the packet. A later fragment must not reach
 * into the transport header of the first (RFC 1858 section 3, RFC 3128).
 */
static __always_inline int packet_fragment(struct packet *packet, __u32 offset, bool more)
{
	__u32 size = packet->end - packet->offset;

	if (offset == 0 && !more)
		return 0;
	if ((more && size % 8) || offset + size > LENGTH_FIELD_MAX)
		return REASON_UNPARSABLE;
	packet->fragment_offset = offset;
	packet->fragment_end = offset + size;
	if (offset == 0) {
		packet->flags |= PACKET_FIRST_FRAGMENT;
		return 0;
	}
	if (offset < transport_least(packet->protocol))
		return REASON_UNPARSABLE;
	packet->flags |= PACKET_LATER_FRAGMENT;
	return 0;
}

/*
 * `length`: of header and payload, as the header says. `unsaid`: its field is 0, which is how the
 * kernel marks a segmented packet too long for the field; such a packet ends where it ends.
 */
static __always_inline int packet_length(struct __sk_buff *skb, struct packet *packet, __u32 length,
					 __u32 length_max, bool unsaid)
{
	if (unsaid && skb->len > NETWORK_START + length_max)
		length = skb->len - NETWORK_START;
	if (NETWORK_START + length > skb->len)
		return REASON_UNPARSABLE;
	packet->end = NETWORK_START + length;
	return 0;
}

/*
 * Looks at the options between `offset` and `end` (RFC 791 section 3.1). Each must be whole, and a
 * source route must have been followed to its end: otherwise the packet goes on to somewhere else
 * than its destination says.
 */
__checked_alone int ipv4_options_read(struct __sk_buff *skb, __u32 offset, __u32 end)
{
	__u8 kind, length, pointer;

	for (int i = 0; i < IPV4_OPTIONS_MAX && offset < end; i++) {
		if (bpf_skb_load_bytes(skb, offset, &kind, sizeof(kind)))
			return REASON_UNPARSABLE;
		if (kind == IPV4_OPTION_END)
			return 0;
		if (kind == IPV4_OPTION_NONE) {
			offset++;
			continue;
		}
		if (bpf_skb_load_bytes(skb, offset + 1, &length, sizeof(length)) || length < 2 ||
		    offset + length > end)
			return REASON_UNPARSABLE;
		if ((kind == IPV4_OPTION_LOOSE_ROUTE || kind == IPV4_OPTION_STRICT_ROUTE) &&
		    (length < 3 ||
		     bpf_skb_load_bytes(skb, offset + 2, &pointer, sizeof(pointer)) ||
		     pointer <= length))
			return REASON_UNPARSABLE;
		offset += length;
	}
	return 0;
}

static __always_inline int packet_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	struct ipv4_header ip;
	__u32 header, length;
	__u16 fragment;

	if (packet_load(skb, NETWORK_START, &ip))
		return REASON_UNPARSABLE;
	header = (ip.version_length & 15) * 4;
	length = ntohs(ip.total_length);
	if (ip.version_length >> 4 != 4 || header < sizeof(ip) ||
	    packet_length(skb, packet, length, LENGTH_FIELD_MAX, length == 0) ||
	    packet->end < NETWORK_START + header)
		return REASON_UNPARSABLE;
	packet->family = 4;
	packet->protocol = ip.protocol;
	packet->hop_limit = ip.hop_limit;
	packet->fragment_id = ntohs(ip.id);
	packet->offset = NETWORK_START + header;
	address_from_ipv4(&packet->source, ip.source);
	address_from_ipv4(&packet->destination, ip.destination);
	if (header > sizeof(ip) &&
	    ipv4_options_read(skb, NETWORK_START + sizeof(ip), packet->offset))
		return REASON_UNPARSABLE;
	fragment = ntohs(ip.fragment);
	return packet_fragment(packet, (fragment & 0x1fff) * 8, fragment & 0x2000);
}
