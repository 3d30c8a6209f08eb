// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The verdict table: (policy set, peer class, port column) -> cell.
 *
 * At most four exact lookups whatever the number of rules, and one by longest prefix for addresses
 * that are no pod's or node's. What the table does not mention is denied as not programmed: a
 * missing entry is a fault, never a permission.
 */
#pragma once

#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct address);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PEERS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__type(key, struct prefix_key);
	__type(value, __u32);
	__uint(max_entries, CAPACITY_PREFIXES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} prefixes SEC(".maps");

/* Mapped, because it is read back before each change and a call for 200,000 entries takes longer than
 * all the rest. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, PORT_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct row_key);
	__type(value, struct row_value);
	__uint(max_entries, CAPACITY_ROWS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct cell);
	__uint(max_entries, CAPACITY_CELLS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} cells SEC(".maps");

enum { COLUMN_OTHER = 0 };

static __always_inline void cell_builtin(struct cell *cell, __u8 verdict, __u8 reason)
{
	cell->rule = 0;
	cell->verdict = verdict;
	cell->reason = reason;
	cell->counter = 0;
}

/* Returns: whether the address has a class. */
static __always_inline bool peer_class(const struct address *address, __u32 *class)
{
	struct prefix_key key = { .length = 128, .address = *address };
	__u32 *found = bpf_map_lookup_elem(&peers, &key.address);

	if (!found)
		found = bpf_map_lookup_elem(&prefixes, &key);
	if (!found)
		return false;
	*class = READ_ONCE(*found);
	return true;
}

static __always_inline __u32 port_column(__u8 protocol, __u16 port)
{
	__u32 slot = port, *column;

	if (protocol == PROTOCOL_UDP)
		slot |= 1 << 16;
	else if (protocol == PROTOCOL_SCTP)
		slot |= 2 << 16;
	else if (protocol != PROTOCOL_TCP)
		return COLUMN_OTHER;
	column = bpf_map_lookup_elem(&ports, &slot);
	return column ? READ_ONCE(*column) : COLUMN_OTHER;
}

/* Set 0 is no policy in this direction: such pods cost no lookup. */
__checked_alone int table_answer(__u32 set, const struct address *peer, __u8 protocol, __u16 port,
				   struct cell *answer)
{
	struct row_key key = { .set = set };
	struct row_value *row;
	struct cell *cell;
	__u32 column, index;

	if (!peer || !answer)
		return 0;
	cell_builtin(answer, VERDICT_ALLOW, REASON_DEFAULT_ALLOW);
	if (!set)
		return 0;
	cell_builtin(answer, VERDICT_DENY, REASON_NOT_PROGRAMMED);
	if (!peer_class(peer, &key.class))
		return 0;
	column = port_column(protocol, port);
	row = bpf_map_lookup_elem(&rows, &key);
	if (!row || column >= row->width)
		return 0;
	index = row->base + column;
	cell = bpf_map_lookup_elem(&cells, &index);
	if (!cell)
		return 0;
	*answer = *cell;
	/* Neither rule nor reason: a cell that nobody wrote. Codes that are not known deny. */
	if (answer->rule == 0 && answer->reason == 0)
		cell_builtin(answer, VERDICT_DENY, REASON_NOT_PROGRAMMED);
	else if (answer->verdict > VERDICT_DENY_KEEP)
		answer->verdict = VERDICT_DENY;
	return 0;
}
