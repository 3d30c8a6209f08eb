// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Services that a packet still names: what a raw socket or a virtual machine sent past the
 * translation at the socket (ruling N13).
 *
 * Which backend it will reach is decided later, by somebody else. So it is allowed only if every
 * backend is.
 */
#pragma once

#include "table.h"

enum { BACKENDS_MAX = 64 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct service_key);
	__type(value, struct service_value);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct backend_key);
	__type(value, struct backend_value);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} backends SEC(".maps");

static __always_inline struct service_value *service_find(const struct address *address, __u16 port,
							  __u8 protocol)
{
	struct service_key key = { .address = *address, .port = port, .protocol = protocol };

	return bpf_map_lookup_elem(&services, &key);
}

/* The answer for a destination: the table's, or the conjunction over a Service's backends. */
__checked_alone int destination_answer(__u32 set, const struct address *address, __u8 protocol,
					 __u16 port, struct cell *answer)
{
	struct service_value *service;
	struct backend_key key = {};
	__u32 total;

	if (!address || !answer)
		return 0;
	service = service_find(address, port, protocol);
	if (!set || !service || service->count == 0)
		return table_answer(set, address, protocol, port, answer);
	key.backends = service->backends;
	total = service->count;
	cell_builtin(answer, VERDICT_DENY, REASON_NOT_PROGRAMMED);
	if (total > BACKENDS_MAX)
		return 0;
	for (__u32 i = 0; i < BACKENDS_MAX && i < total; i++) {
		struct backend_value *backend;

		key.index = i;
		backend = bpf_map_lookup_elem(&backends, &key);
		if (!backend) {
			cell_builtin(answer, VERDICT_DENY, REASON_NOT_PROGRAMMED);
			return 0;
		}
		table_answer(set, &backend->address, protocol, backend->port, answer);
		if (answer->verdict != VERDICT_ALLOW)
			return 0;
	}
	return 0;
}
