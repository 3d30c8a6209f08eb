// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Our own lookup: not a copy, but the function that the hooks call, on the maps that they read. */
#include "../../../bpf/lib/table.h"
#include "peer.h"

volatile const __u32 set = 0;

static __always_inline __u32 look_up(__u32 peer)
{
	struct address address;
	struct cell answer;

	address_from_ipv4(&address, htonl(peer));
	table_answer(set, &address, PROTOCOL_TCP, 8000 + (peer & 7), &answer);
	/* Computed, not compared: a processor would guess the outcome of a comparison. */
	return (answer.verdict ^ VERDICT_ALLOW) * NOT_FOUND;
}

#include "race.h"
