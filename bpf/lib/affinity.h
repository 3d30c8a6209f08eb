// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which backend of a Service a client reaches, and that it reaches the same one again where the
 * Service wants that (sessionAffinity: ClientIP).
 *
 * A pod's address is its network namespace's, so the client is known by the namespace's cookie: it
 * is there before there is a packet with an address, and nobody can forge it.
 */
#pragma once

#include "service.h"

enum {
	/* The longest list in which the last backend is looked for; of a longer one, any is taken. */
	AFFINITY_BACKENDS_MAX = 512,
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct affinity_key);
	__type(value, struct affinity_value);
	__uint(max_entries, 65536);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} affinities SEC(".maps");

/* Returns: the place of a backend among the Service's, or their number where it is none of them. */
__checked_alone int backend_place(const struct service_value *service, const struct address *address,
				  __u16 port)
{
	struct backend_key key = {};
	__u32 total;

	if (!service || !address)
		return 0;
	key.backends = service->backends;
	total = service->count;
	for (__u32 i = 0; i < AFFINITY_BACKENDS_MAX && i < total; i++) {
		struct backend_value *backend;

		key.index = i;
		backend = bpf_map_lookup_elem(&backends, &key);
		if (backend && backend->port == port && address_equal(&backend->address, address))
			return i;
	}
	return total;
}

/* Any backend, each as often as another. Returns: NULL where there is none. */
static __always_inline struct backend_value *backend_any(const struct service_value *service)
{
	struct backend_key key = { .backends = service->backends };

	if (service->count == 0)
		return NULL;
	key.index = bpf_get_prandom_u32() % service->count;
	return bpf_map_lookup_elem(&backends, &key);
}

/* The backend that this client reached last, if it is one still and the time has not passed. */
static __always_inline struct backend_value *backend_again(const struct service_value *service,
							   const struct affinity_value *last,
							   __u64 now)
{
	struct backend_key key = { .backends = service->backends };

	if (now - last->used_ns > service->affinity_seconds * 1000000000ULL)
		return NULL;
	key.index = backend_place(service, &last->address, last->port);
	return bpf_map_lookup_elem(&backends, &key);
}

/* The backend for the client and Service of `key`; it counts as reached. */
static __always_inline struct backend_value *backend_choose(const struct service_value *service,
							    struct affinity_key *key)
{
	struct affinity_value *last, value = {};
	struct backend_value *backend = NULL;

	if (!service->affinity_seconds)
		return backend_any(service);
	value.used_ns = bpf_ktime_get_coarse_ns();
	last = bpf_map_lookup_elem(&affinities, key);
	if (last)
		backend = backend_again(service, last, value.used_ns);
	if (!backend)
		backend = backend_any(service);
	if (!backend)
		return NULL;
	value.address = backend->address;
	value.port = backend->port;
	bpf_map_update_elem(&affinities, key, &value, BPF_ANY);
	return backend;
}
