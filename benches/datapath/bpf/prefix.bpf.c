// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One longest-prefix lookup by itself: how much slower it becomes with more peers. */
#include "prefix.h"
#include "peer.h"

PREFIX_MAP(longest, __u32);

static __always_inline __u32 look_up(__u32 peer)
{
	__u32 *found = prefix_find(&longest, peer);

	return found ? *found : NOT_FOUND;
}

#include "race.h"
