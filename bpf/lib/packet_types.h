// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The words for packets: protocols, roles, headers, and what is kept of a packet.
 *
 * Apart from the parsing, because everything that looks at a parsed packet needs just these.
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

/* Where the network header begins: programs of sockets are not shown what is before it. */
enum {
#ifdef HOST
	NETWORK_START = 0,
#else
	NETWORK_START = ETHERNET_SIZE,
#endif
};

enum {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_IGMP = 2,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_AUTHENTICATION = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_DESTINATION_OPTIONS = 60,
	PROTOCOL_PIM = 103,
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
	__u16 fragment_offset; /* octets into the datagram */
	__u16 fragment_end;    /* where the next fragment begins */
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

/* What every ARP packet begins with (RFC 826). */
struct arp_header {
	__u16 hardware;
	__u16 protocol;
	__u8 hardware_size;
	__u8 protocol_size;
	__u16 operation;
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
	ARP_HARDWARE_ETHERNET = 1,
	ARP_SIZE = 28, /* of Ethernet and IPv4 */
	IPV4_OPTIONS_MAX = 40,
	IPV4_OPTION_END = 0,
	IPV4_OPTION_NONE = 1,
	IPV4_OPTION_LOOSE_ROUTE = 131,
	IPV4_OPTION_STRICT_ROUTE = 137,
	EXTENSIONS_MAX = 8,
	OPTIONS_FROM_POD_MAX = 64,
	AUTHENTICATION_SIZE_MIN = 12,
	TCP_HEADER_SIZE = 20,
	UDP_HEADER_SIZE = 8,
	SCTP_COMMON_SIZE = 12,
	SCTP_CHUNK_HEADER_SIZE = 4,
	ICMP_HEADER_SIZE = 8,
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
	SCTP_CHUNK_INIT = 1,
	SCTP_CHUNK_INIT_ACK = 2,
	SCTP_CHUNK_ABORT = 6,
	SCTP_CHUNK_SHUTDOWN_COMPLETE = 14,
	LENGTH_FIELD_MAX = 65535,
	LINEAR_MAX = 255,
};

/*
 * Reads a header at a small offset: 0, or -1 where the packet ends before. Headers are nearly always
 * in the packet's linear part, where reading costs nothing; a call into the kernel finds the others.
 * The copy is by the header's own words, though packets are not aligned to them: the verifier allows
 * that where the machine does.
 */
#define packet_load(skb, offset, to)                                                               \
	({                                                                                         \
		void *start_ = (void *)(long)(skb)->data, *end_ = (void *)(long)(skb)->data_end;   \
		__u32 offset_ = (offset);                                                          \
		int failed_ = 0;                                                                   \
                                                                                                   \
		if (offset_ <= LINEAR_MAX && start_ + offset_ + sizeof(*(to)) <= end_)             \
			*(to) = *(typeof(*(to)) *)(start_ + offset_);                              \
		else if (bpf_skb_load_bytes(skb, offset_, to, sizeof(*(to))))                      \
			failed_ = -1;                                                              \
		failed_;                                                                           \
	})
