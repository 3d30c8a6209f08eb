// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Entry points for test runs of the node's own hooks: everything below lib/host.h.
 *
 * A test run has neither the node's namespace nor a device but the loopback, so only these two
 * conditions of a real packet are missing here.
 */
#define TEST_RUN

#include "lib/host.h"

static __always_inline int test_run(struct __sk_buff *skb, enum direction direction)
{
	struct passage passage = {
		.hook = {
			.interface = INTERFACE_OF_NODE,
			.direction = direction,
		},
	};

	return host_filter(skb, &passage);
}

SEC("cgroup_skb/egress")
int ringfence_host_egress(struct __sk_buff *skb)
{
	return test_run(skb, EGRESS);
}

SEC("cgroup_skb/ingress")
int ringfence_host_ingress(struct __sk_buff *skb)
{
	return test_run(skb, INGRESS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
