// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The course that every layout runs: look_up() of many peers, one after the other.
 *
 * The file that includes this defines look_up() before. A processor would overlap lookups that do
 * not depend on each other, which packets never do; so the place of the next peer depends on the
 * last answer, though only its top bit, which is set where the answer is wrong.
 */
#pragma once

#include "peer.h"

#ifndef LOOKUPS
#define LOOKUPS 64
#endif

/* Returns: how many peers were not answered as they must be. */
SEC("classifier")
int race(struct __sk_buff *skb)
{
	__u32 start = position, wrong = 0;

	for (__u32 i = 0; i < LOOKUPS; i++)
		wrong += look_up(peer_at(start + i + wrong)) >> 31;
	position = start + LOOKUPS;
	return wrong;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
