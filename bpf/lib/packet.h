// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A packet as the programs see it: parsed once, then never looked at again but by the rules for
 * neighbour discovery and for errors.
 *
 * What it cannot read completely is `unparsable`, never a guess; so is what no honest sender makes.
 * Ways to hide a port are closed here: a header cut off by fragmentation, a later fragment that
 * overlaps it, and a route that still leads somewhere else. crates/packet says the same in Rust.
 */
#pragma once

#include "packet_ipv6.h"
#include "transport.h"

/* Only the one form that asks for IPv4 addresses on Ethernet, and only whole (RFC 826). */
static __always_inline int packet_arp(struct __sk_buff *skb, struct packet *packet)
{
	struct arp_header arp;

	if (skb->len < ETHERNET_SIZE + ARP_SIZE || packet_load(skb, ETHERNET_SIZE, &arp) ||
	    arp.hardware != htons(ARP_HARDWARE_ETHERNET) ||
	    arp.protocol != htons(ETHERTYPE_IPV4) || arp.hardware_size != 6 ||
	    arp.protocol_size != 4)
		return REASON_UNPARSABLE;
	packet->flags = PACKET_ARP;
	return 0;
}

/* A group never sends (RFC 1122 section 3.2.1.3, RFC 4291 section 2.7). */
static __always_inline int packet_above(struct __sk_buff *skb, struct packet *packet)
{
	if (address_is_multicast(&packet->source))
		return REASON_UNPARSABLE;
	return packet->flags & PACKET_LATER_FRAGMENT ? 0 : packet_transport(skb, packet);
}

/* Which protocol the link layer says that this is. Returns: 0, or the code of a reason. */
static __always_inline int packet_link(struct __sk_buff *skb, struct packet *packet, __u16 *type)
{
#ifdef HOST
	*type = ntohs(skb->protocol);
#else
	struct ethernet_header ethernet;

	if (skb->vlan_present || packet_load(skb, 0, &ethernet))
		return REASON_UNPARSABLE;
	memcpy(packet->source_mac, ethernet.source, 6);
	*type = ntohs(ethernet.type);
#endif
	return 0;
}

/*
 * Reads a packet. `from_pod`: limits that hold for what pods send.
 *
 * Returns: 0, or the code of the reason for which it is dropped.
 */
__checked_alone int packet_read(struct __sk_buff *skb, struct packet *packet, bool from_pod)
{
	__u16 type;
	int reason;

	if (!packet || packet_link(skb, packet, &type))
		return REASON_UNPARSABLE;
	switch (type) {
	case ETHERTYPE_ARP:
		return packet_arp(skb, packet);
	case ETHERTYPE_IPV4:
		reason = packet_ipv4(skb, packet);
		break;
	case ETHERTYPE_IPV6:
		reason = packet_ipv6(skb, packet, from_pod);
		break;
	default:
		return REASON_UNPARSABLE;
	}
	return reason ? reason : packet_above(skb, packet);
}
