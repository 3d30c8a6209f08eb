// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which peer comes next: a sequence that user space filled in random order.
 *
 * It is read in order, so that reading it costs little, while what it leads to is spread over all
 * of the maps that are measured.
 */
#pragma once

#include "../../../bpf/include/helpers.h"

/* The most. The map has as many entries as are used. */
enum { SEQUENCE = 1 << 20 };

/* What a lookup answers where it did not find what it must; other answers are smaller. */
#define NOT_FOUND 0x80000000u

/* IPv4 addresses as numbers. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, SEQUENCE);
} sequence SEC(".maps");

/* Where the next run goes on. */
static volatile __u32 position;

/* The part of the sequence that is used, less one: a power of two that has room for all peers. */
volatile const __u32 sequence_mask = SEQUENCE - 1;

static __always_inline __u32 peer_at(__u32 index)
{
	__u32 *peer;

	index &= sequence_mask & (SEQUENCE - 1);
	peer = bpf_map_lookup_elem(&sequence, &index);
	return peer ? *peer : 0;
}
