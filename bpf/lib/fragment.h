// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fragments: only the first of a datagram has ports, so the others follow its verdict.
 *
 * The table is keyed with the endpoint and the direction because a datagram passes two hooks and is
 * put together and taken apart between them. A later fragment whose first was not seen is denied.
 */
#pragma once

#include "judge.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct fragment_key);
	__type(value, struct fragment_value);
	__uint(max_entries, 8192);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} fragments SEC(".maps");

static __always_inline void fragment_key_of(struct fragment_key *key, const struct packet *packet,
					    enum direction direction, __u32 endpoint)
{
	memset(key, 0, sizeof(*key));
	key->source = packet->source;
	key->destination = packet->destination;
	key->endpoint = endpoint;
	key->id = packet->fragment_id;
	key->direction = direction;
	key->family = packet->family;
	/* IPv6 names a datagram without it, and fragments may differ in it (RFC 8200 section 4.5). */
	if (packet->family == 4)
		key->protocol = packet->protocol;
}

static __noinline int fragment_remember(const struct passage *passage, __u32 endpoint, bool allowed)
{
	const struct packet *packet = &passage->packet;
	struct fragment_key key;
	struct fragment_value value = {
		.seen_ns = bpf_ktime_get_coarse_ns(),
		.generation = passage->words.stamp,
		.end = packet->fragment_end,
		.counter = passage->report.counter,
		.verdict = allowed ? VERDICT_ALLOW : VERDICT_DENY,
	};

	fragment_key_of(&key, packet, passage->hook.direction, endpoint);
	bpf_map_update_elem(&fragments, &key, &value, BPF_ANY);
	return 0;
}

/*
 * A policy change in the middle of a datagram loses it; it never lets a part of it through. What
 * overlaps the first fragment could change the ports that were judged (RFC 5722, RFC 1858).
 * Returns: whether it may pass; the rule that decided its datagram counts it.
 */
static __noinline int fragment_allowed(struct passage *passage, __u32 endpoint)
{
	const struct packet *packet = &passage->packet;
	struct fragment_key key;
	struct fragment_value *first;

	fragment_key_of(&key, packet, passage->hook.direction, endpoint);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (!first)
		return false;
	passage->report.counter = first->counter;
	return first->verdict == VERDICT_ALLOW && first->generation == passage->words.generation &&
	       packet->fragment_offset >= first->end &&
	       bpf_ktime_get_coarse_ns() - first->seen_ns < lifetime_fragment_ns;
}
