// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The layout of slots: the address leads by longest prefix to a list of ports, which is read in its
 * order until one matches.
 */
#include "prefix.h"
#include "peer.h"

enum { SLOTS = 24 };

struct slot {
	__u32 protocol;
	__u32 first;
	__u32 last;
};

struct slots {
	struct slot slot[SLOTS];
};

PREFIX_MAP(peers, struct slots);

static __always_inline __u32 look_up(__u32 peer)
{
	struct slots *found = prefix_find(&peers, peer);
	__u32 port = 8000;

	if (!found)
		return NOT_FOUND;
	for (int i = 0; i < SLOTS; i++)
		if (found->slot[i].protocol == 6 && found->slot[i].first <= port &&
		    port <= found->slot[i].last)
			return i;
	return NOT_FOUND;
}

#include "race.h"
