// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The endpoint on one side of a hook: which pod an interface leads to, and the words that say what
 * its policy is at this moment.
 *
 * User space writes each word by one store, the sets first and the generation after them. Reading
 * generation, sets, generation tells whether the sets belong to the generation; where they may not,
 * a connection is judged but the judgement is not remembered as current.
 */
#pragma once

#include "config.h"
#include "address.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct interface);
	__uint(max_entries, CAPACITY_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct endpoint);
	__uint(max_entries, CAPACITY_ENDPOINTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct address);
	__type(value, struct node_address);
	__uint(max_entries, 1024);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} node_addresses SEC(".maps");

/* A reading of an endpoint's words. */
struct words {
	__u64 sets;
	__u64 staged;
	__u32 generation;
	/* What to stamp connections with: the generation, or a value that it is not. */
	__u32 stamp;
};

static __always_inline bool sets_live(__u64 sets)
{
	return sets >> 56 & ENDPOINT_LIVE;
}

static __always_inline __u32 sets_of(__u64 sets, enum direction direction)
{
	return (direction == INGRESS ? sets : sets >> 28) & 0xfffffff;
}

static __always_inline void load_barrier(void)
{
	__u64 word = 0;

	if (weak_memory)
		__sync_fetch_and_add(&word, 1);
	asm volatile("" ::: "memory");
}

static __always_inline void words_read(__u32 id, struct words *words)
{
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, &id);
	__u32 again;

	if (!endpoint) {
		words->sets = 0;
		return;
	}
	words->generation = READ_ONCE(endpoint->generation);
	load_barrier();
	words->sets = READ_ONCE(endpoint->sets);
	words->staged = READ_ONCE(endpoint->staged);
	load_barrier();
	again = READ_ONCE(endpoint->generation);
	words->stamp = again == words->generation ? again : ~again;
	words->generation = again;
}

#ifdef HOST
/* Whether `address` is the node's: it has many, so they are in a map of their own. */
static __always_inline bool interface_owns(const struct interface *interface,
					   const struct address *address)
{
	return bpf_map_lookup_elem(&node_addresses, address) != NULL;
}
#else
/* Whether `address` is the pod's, its link-local one included. */
static __always_inline bool interface_owns(const struct interface *interface,
					   const struct address *address)
{
	struct address link_local;

	if (interface->flags & INTERFACE_IPV4 && address_equal(&interface->ipv4, address))
		return true;
	if (!(interface->flags & INTERFACE_IPV6))
		return false;
	if (address_equal(&interface->ipv6, address))
		return true;
	address_link_local(&link_local, interface->mac);
	return address_equal(&link_local, address);
}
#endif
