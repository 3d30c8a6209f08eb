// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Subjects: processes of one pod that rules tell apart, by container and executable.
 *
 * Each has words of its own, at an index of `endpoints` that no interface leads to, and only for
 * what it opens. A process that nobody knows is no subject: where rules ask who it is, it may open
 * nothing.
 */
#pragma once

#include "endpoint.h"
#include "event.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct subject_key);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} subjects SEC(".maps");

/* Most nodes have few or none, and no packet writes here, so memory is found when it is needed. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct process_key);
	__type(value, __u32);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} processes SEC(".maps");

static __always_inline bool sets_have_subjects(__u64 sets)
{
	return sets >> 56 & ENDPOINT_SUBJECTS;
}

/* Staged rules ask who sends, wherever enforced ones do and perhaps where those do not. */
static __always_inline bool staged_has_subjects(__u64 staged)
{
	return sets_live(staged) && sets_have_subjects(staged);
}

/* Whether it matters who opens a connection, be it for what is told alone. */
static __always_inline bool words_have_subjects(const struct words *words)
{
	return sets_have_subjects(words->sets) || staged_has_subjects(words->staged);
}

/* The subject that a container's process is. */
static __always_inline __u32 subject_of(__u64 container, const struct maker *maker)
{
	struct process_key key = { .container = container };
	__u32 *subject;

	if (!container || !maker || !maker->inode)
		return SUBJECT_UNKNOWN;
	key.inode = maker->inode;
	key.device = maker->device;
	subject = bpf_map_lookup_elem(&processes, &key);
	if (!subject) {
		key.inode = 0;
		key.device = 0;
		subject = bpf_map_lookup_elem(&processes, &key);
	}
	return subject ? *subject : SUBJECT_OTHER;
}

/*
 * The words that say what the report's subject may open; the endpoint's own where no rule names it.
 * Where only staged rules ask, `sets` stay what they are: who sends is told and decides nothing.
 * Returns: a reason that decides, or 0.
 */
static __always_inline __u8 subject_words(struct report *report, __u64 *sets, __u64 *staged)
{
	struct subject_key key = { .endpoint = report->key.endpoint, .subject = report->subject };
	bool decides = sets_have_subjects(*sets);
	struct endpoint *endpoint;
	__u32 *index;

	if (report->subject == SUBJECT_UNKNOWN) {
		if (decides)
			return REASON_UNTAGGED;
		cell_builtin(&report->judgement.staged, VERDICT_DENY, REASON_UNTAGGED);
		*staged = 0;
		return 0;
	}
	index = bpf_map_lookup_elem(&subjects, &key);
	if (!index)
		return 0;
	endpoint = bpf_map_lookup_elem(&endpoints, index);
	*staged = endpoint ? READ_ONCE(endpoint->staged) : 0;
	if (!decides)
		return 0;
	*sets = endpoint ? READ_ONCE(endpoint->sets) : 0;
	return sets_live(*sets) ? 0 : REASON_QUARANTINE;
}
