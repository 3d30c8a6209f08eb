// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Events: what people are told, and the counts behind it.
 *
 * New flows are told once. A flow that is denied again and again is told at most once in an
 * interval, with the exact number of packets in between; the numbers by reason are exact whatever
 * happens to the ring.
 */
#pragma once

#include "endpoint.h"
#include "maker.h"
#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, COUNTER_SLOTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} counters SEC(".maps");

/* By the number that a cell gives its rule; user space knows which rule that is. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct rule_count);
	__uint(max_entries, CAPACITY_RULE_COUNTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} rule_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct denied_key);
	__type(value, struct denied_value);
	__uint(max_entries, 16384);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} denied SEC(".maps");

/* The type information of an event has no map to hang on. */
const struct event *event_type __attribute__((unused));

/* What a judgement says: the enforced answer and the staged one. */
struct judgement {
	struct cell enforced;
	struct cell staged;
};

/*
 * Adds to a number of this processor's own. Programs of devices do not interrupt each other; one of a
 * socket can be interrupted by one of a device.
 */
static __always_inline void add_own(__u64 *value, __u64 more)
{
#ifdef HOST
	__sync_fetch_and_add(value, more);
#else
	*value += more;
#endif
}

static __always_inline void count(__u32 counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		add_own(value, 1);
}

/* Counter 0 is that of what no rule decided. */
static __always_inline void count_rule(__u32 counter, __u32 packets, __u32 bytes)
{
	struct rule_count *value = bpf_map_lookup_elem(&rule_counts, &counter);

	if (!value)
		return;
	add_own(&value->packets, packets);
	add_own(&value->bytes, bytes);
}

static __always_inline __u32 ticks_of(__u64 ns)
{
	return ns >> TICK_SHIFT;
}

/* Everything that an event says of a flow. */
struct report {
	struct connection_key key;
	struct address local;
	struct judgement judgement;
	__u32 generation;
	__u32 denied;
	__u64 container;
	__u32 subject;
	__u8 kind;
	__u8 remote_opened;
	/* Of the rule that decided, as `cell` has it: no event says it, but it fits here. */
	__u16 counter;
};

__checked_alone int event_emit(const struct report *report, const struct connection *connection,
			       const struct maker *maker)
{
	struct event *event;
	bool remote;

	if (!report)
		return 0;
	remote = report->remote_opened;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count(COUNTER_EVENTS_LOST);
		return 0;
	}
	memset(event, 0, sizeof(*event));
	event->time_ns = bpf_ktime_get_coarse_ns();
	event->source = remote ? report->key.remote : report->local;
	event->destination = remote ? report->local : report->key.remote;
	event->source_port = report->key.local_port;
	event->destination_port = report->key.remote_port;
	if (remote && !protocol_is_icmp(report->key.protocol)) {
		event->source_port = report->key.remote_port;
		event->destination_port = report->key.local_port;
	}
	event->endpoint = report->key.endpoint;
	event->rule = report->judgement.enforced.rule;
	event->staged_rule = report->judgement.staged.rule;
	event->kind = report->kind;
	event->verdict = report->judgement.enforced.verdict;
	event->reason = report->judgement.enforced.reason;
	event->direction = remote ? INGRESS : EGRESS;
	event->protocol = report->key.protocol;
	event->family = report->key.family;
	event->staged_verdict = report->judgement.staged.verdict;
	event->staged_reason = report->judgement.staged.reason;
	event->denied = report->denied;
	event->generation = report->generation;
	event->container = report->container;
	if (maker) {
		event->inode = maker->inode;
		event->device = maker->device;
		event->process = maker->process;
		event->started_ns = maker->started_ns;
	}
	if (connection) {
		event->packets = connection->packets[0] + connection->packets[1];
		event->bytes = connection->bytes[0] + connection->bytes[1];
		event->duration_ns = (__u64)(ticks_of(event->time_ns) - connection->opened_ticks)
				     << TICK_SHIFT;
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * Reports a packet that makes no connection: a denied one, or one to a group of receivers. Equal
 * ones of the same interval are counted into the next report.
 */
__checked_alone int event_repeated(struct report *report, const struct maker *maker)
{
	struct denied_key key;
	struct denied_value *seen;
	__u64 now;

	if (!report)
		return 0;
	key = (struct denied_key){
		.connection = report->key,
		.rule = report->judgement.enforced.rule,
		.reason = report->judgement.enforced.reason,
		.verdict = report->judgement.enforced.verdict,
		.remote_opened = report->remote_opened,
	};
	now = bpf_ktime_get_coarse_ns();
	seen = bpf_map_lookup_elem(&denied, &key);
	if (seen && now - seen->reported_ns < report_interval_ns) {
		__sync_fetch_and_add(&seen->packets, 1);
		return 0;
	}
	if (seen) {
		report->denied = __sync_lock_test_and_set(&seen->packets, 0) + 1;
		seen->reported_ns = now;
	} else {
		struct denied_value value = { .reported_ns = now, .local = report->local };

		report->denied = 1;
		bpf_map_update_elem(&denied, &key, &value, BPF_ANY);
	}
	return event_emit(report, NULL, maker);
}
