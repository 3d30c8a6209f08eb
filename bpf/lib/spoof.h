// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whose address: what a pod may claim to be, and what may be handed to it.
 *
 * On a bridge the claim is not only the IP source. Forged ARP and neighbour advertisements move
 * other pods' traffic, router advertisements and DHCP answers move everybody's. What addressing
 * itself needs passes even in quarantine, or duplicate address detection could never finish.
 */
#pragma once

#include "hook.h"
#include "packet.h"

struct arp {
	__u16 hardware;
	__u16 protocol;
	__u8 hardware_size;
	__u8 protocol_size;
	__u16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

enum {
	ND_ROUTER_SOLICITATION = 133,
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_NEIGHBOUR_SOLICITATION = 135,
	ND_NEIGHBOUR_ADVERTISEMENT = 136,
	ND_REDIRECT = 137,
	ND_OPTION_SOURCE = 1,
	ND_OPTION_TARGET = 2,
	ND_OPTIONS_MAX = 4,
	LISTENER_QUERY = 130,
	MULTICAST_ROUTER = 151,
	ICMP_REDIRECT = 5,
	ICMP_ROUTER_ADVERTISEMENT = 9,
	IGMP_QUERY = 0x11,
	IGMP_MULTICAST_ROUTER = 0x30,
	DHCP_SERVER_PORT = 67,
	DHCP_CLIENT_PORT = 68,
	DHCPV6_SERVER_PORT = 547,
};

/* Returns: whether a parsed ARP packet from the pod claims nothing but its own addresses. */
static __noinline int arp_allowed(struct __sk_buff *skb, const struct interface *interface)
{
	struct arp arp;
	struct address sender;
	__u32 word;

	if (bpf_skb_load_bytes(skb, ETHERNET_SIZE, &arp, sizeof(arp)))
		return false;
	if (!mac_equal(arp.sender_mac, interface->mac))
		return false;
	memcpy(&word, arp.sender, 4);
	/* A probe claims its target, as duplicate address detection does. */
	if (word == 0) {
		if (arp.operation != htons(1))
			return false;
		if (interface->flags & INTERFACE_DHCP)
			return true;
		memcpy(&word, arp.target, 4);
	}
	address_from_ipv4(&sender, word);
	return interface->flags & INTERFACE_IPV4 && address_equal(&sender, &interface->ipv4);
}

/*
 * Whether only a router says this. Other pods would send their traffic by whoever says it, a bridge
 * that listens would send all multicast there.
 */
static __always_inline bool router_speaks(struct __sk_buff *skb, const struct packet *packet)
{
	__u8 type;

	if (packet->flags & PACKET_LATER_FRAGMENT)
		return false;
	switch (packet->protocol) {
	case PROTOCOL_ICMP:
		return packet->family == 4 && (packet->type == ICMP_REDIRECT ||
					       packet->type == ICMP_ROUTER_ADVERTISEMENT);
	case PROTOCOL_ICMPV6:
		return packet->family == 6 &&
		       (packet->type == LISTENER_QUERY || packet->type == MULTICAST_ROUTER ||
			packet->type == ND_ROUTER_ADVERTISEMENT || packet->type == ND_REDIRECT);
	case PROTOCOL_IGMP:
		if (bpf_skb_load_bytes(skb, packet->offset, &type, sizeof(type)))
			return false;
		return type == IGMP_QUERY || type == IGMP_MULTICAST_ROUTER;
	case PROTOCOL_PIM:
		return address_is_multicast(&packet->destination);
	default:
		return false;
	}
}

/* Returns: whether every link-layer address among the options is the pod's own. */
static __always_inline bool neighbour_options_own(struct __sk_buff *skb,
						  const struct packet *packet,
						  const struct interface *interface, __u32 offset)
{
	for (int i = 0; i < ND_OPTIONS_MAX; i++) {
		struct {
			__u8 type;
			__u8 length;
			__u8 mac[6];
		} option;

		if (offset >= packet->end)
			return true;
		if (bpf_skb_load_bytes(skb, offset, &option, sizeof(option)) || option.length == 0)
			return false;
		if ((option.type == ND_OPTION_SOURCE || option.type == ND_OPTION_TARGET) &&
		    (option.length != 1 || !mac_equal(option.mac, interface->mac)))
			return false;
		offset += option.length * 8;
	}
	return offset >= packet->end;
}

/* Returns: whether a pod may send this message of neighbour discovery. */
static __noinline int neighbour_allowed(struct __sk_buff *skb, const struct packet *packet,
					const struct interface *interface)
{
	struct address target;
	bool own;

	if (packet->type == ND_ROUTER_SOLICITATION)
		return neighbour_options_own(skb, packet, interface, packet->offset + 8);
	if (packet->type != ND_NEIGHBOUR_SOLICITATION && packet->type != ND_NEIGHBOUR_ADVERTISEMENT)
		return false;
	if (packet->end < packet->offset + 24 ||
	    bpf_skb_load_bytes(skb, packet->offset + 8, &target, sizeof(target)))
		return false;
	own = interface_owns(interface, &target);
	/* An advertisement claims its target; so does a solicitation without a source (DAD). */
	if (!own && (packet->type == ND_NEIGHBOUR_ADVERTISEMENT ||
		     address_is_unspecified(&packet->source)))
		return false;
	return neighbour_options_own(skb, packet, interface, packet->offset + 24);
}

static __always_inline bool dhcp_request(const struct packet *packet,
					 const struct interface *interface)
{
	return interface->flags & INTERFACE_DHCP && packet->family == 4 &&
	       packet->protocol == PROTOCOL_UDP && packet->source_port == DHCP_CLIENT_PORT &&
	       packet->destination_port == DHCP_SERVER_PORT &&
	       address_word(&packet->destination, 3) == 0xffffffff &&
	       !(packet->flags & PACKET_LATER_FRAGMENT);
}

static __always_inline bool dhcp_answer(const struct packet *packet)
{
	return packet->protocol == PROTOCOL_UDP && !(packet->flags & PACKET_LATER_FRAGMENT) &&
	       packet->source_port == (packet->family == 4 ? DHCP_SERVER_PORT : DHCPV6_SERVER_PORT);
}

/* Whether this is a message that a pod without an address may send. */
static __always_inline bool needs_no_source(const struct packet *packet,
					    const struct interface *interface)
{
	if (packet->family == 4)
		return dhcp_request(packet, interface);
	return packet->role == ROLE_MEMBERSHIP ||
	       (packet->role == ROLE_NEIGHBOUR && (packet->type == ND_ROUTER_SOLICITATION ||
						   packet->type == ND_NEIGHBOUR_SOLICITATION));
}

/* Returns: whether the pod may claim what this packet claims. */
__checked_alone int source_allowed(struct __sk_buff *skb, const struct packet *packet,
				     const struct interface *interface)
{
	if (!packet || !interface)
		return false;
	if (!mac_equal(packet->source_mac, interface->mac))
		return false;
	if (packet->flags & PACKET_ARP)
		return arp_allowed(skb, interface);
	if (address_is_unspecified(&packet->source)) {
		if (!needs_no_source(packet, interface))
			return false;
	} else if (!interface_owns(interface, &packet->source)) {
		return false;
	}
	if (dhcp_answer(packet) || router_speaks(skb, packet))
		return false;
	return packet->role != ROLE_NEIGHBOUR || neighbour_allowed(skb, packet, interface);
}

/* Returns: whether this is something that addressing needs, which policy does not judge. */
static __always_inline bool is_addressing(const struct packet *packet,
					  const struct interface *interface, enum direction direction)
{
	if (packet->flags & PACKET_ARP)
		return true;
	if (packet->flags & PACKET_LATER_FRAGMENT)
		return false;
	if (packet->role == ROLE_NEIGHBOUR)
		return true;
	if (packet->role == ROLE_MEMBERSHIP)
		return packet->hop_limit == 1 && address_is_multicast(&packet->destination);
	if (direction == EGRESS)
		return dhcp_request(packet, interface);
	return interface->flags & INTERFACE_DHCP && packet->family == 4 && dhcp_answer(packet) &&
	       packet->destination_port == DHCP_CLIENT_PORT;
}
