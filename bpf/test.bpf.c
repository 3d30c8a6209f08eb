// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Entry points for test runs: everything below the hook files, with the hook's arguments taken from
 * the packet's control block instead of from devices and sockets.
 */
#define TEST_RUN

#include "lib/filter.h"
#include "lib/translation.h"

/* Places in the control block. */
enum {
	TEST_INTERFACE = 0,
	TEST_INCOMING = 1,
	TEST_LOCAL_SOCKET = 2,
	TEST_CONTAINER = 3,
};

static __always_inline int test_run(struct __sk_buff *skb, enum direction direction)
{
	struct passage passage = {
		.hook = {
			.interface = skb->cb[TEST_INTERFACE],
			.incoming = skb->cb[TEST_INCOMING],
			.direction = direction,
			.local_socket = skb->cb[TEST_LOCAL_SOCKET],
			.container = skb->cb[TEST_CONTAINER],
		},
	};

	return filter(skb, &passage);
}

SEC("classifier")
int ringfence_egress(struct __sk_buff *skb)
{
	return test_run(skb, EGRESS);
}

SEC("classifier")
int ringfence_ingress(struct __sk_buff *skb)
{
	return test_run(skb, INGRESS);
}

/* What every measurement of the others starts from. */
SEC("classifier")
int ringfence_empty(struct __sk_buff *skb)
{
	return TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
