// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Addresses: comparing them and knowing their kinds.
 *
 * Both families share one form, IPv4 mapped into IPv6, so that one table and one comparison do.
 */
#pragma once

#include "../include/abi.h"
#include "../include/helpers.h"

static __always_inline __u32 address_word(const struct address *address, int index)
{
	return ((const __u32 *)address)[index];
}

static __always_inline bool address_equal(const struct address *a, const struct address *b)
{
	return address_word(a, 0) == address_word(b, 0) && address_word(a, 1) == address_word(b, 1) &&
	       address_word(a, 2) == address_word(b, 2) && address_word(a, 3) == address_word(b, 3);
}

static __always_inline void address_set(struct address *address, __u32 a, __u32 b, __u32 c, __u32 d)
{
	__u32 *words = (__u32 *)address;

	words[0] = a;
	words[1] = b;
	words[2] = c;
	words[3] = d;
}

/* `word`: the four octets as they are in the packet. */
static __always_inline void address_from_ipv4(struct address *address, __u32 word)
{
	address_set(address, 0, 0, htonl(0xffff), word);
}

static __always_inline bool address_is_mapped(const struct address *address)
{
	return address_word(address, 0) == 0 && address_word(address, 1) == 0 &&
	       address_word(address, 2) == htonl(0xffff);
}

static __always_inline bool address_is_unspecified(const struct address *address)
{
	return address_word(address, 0) == 0 && address_word(address, 1) == 0 &&
	       (address_word(address, 2) == 0 || address_word(address, 2) == htonl(0xffff)) &&
	       address_word(address, 3) == 0;
}

/* Multicast of both families and the limited broadcast; a subnet's own broadcast is not known. */
static __always_inline bool address_is_multicast(const struct address *address)
{
	if (address_is_mapped(address))
		return address->octets[12] >> 4 == 0xe || address_word(address, 3) == 0xffffffff;
	return address->octets[0] == 0xff;
}

/* The link-local address that follows from a link-layer address (modified EUI-64). */
static __always_inline void address_link_local(struct address *address, const __u8 mac[6])
{
	address_set(address, htonl(0xfe800000), 0, 0, 0);
	address->octets[8] = mac[0] ^ 2;
	address->octets[9] = mac[1];
	address->octets[10] = mac[2];
	address->octets[11] = 0xff;
	address->octets[12] = 0xfe;
	address->octets[13] = mac[3];
	address->octets[14] = mac[4];
	address->octets[15] = mac[5];
}

static __always_inline bool mac_equal(const __u8 a[6], const __u8 b[6])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] && a[4] == b[4] &&
	       a[5] == b[5];
}
