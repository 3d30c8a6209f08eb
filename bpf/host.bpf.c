// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hooks of the node itself: every socket of its cgroup that is in its own network namespace.
 *
 * An object of its own, because the kernel has these hooks' helper only since 6.15 (the namespace of
 * a packet's socket); where it refuses them, the pods' hooks are there all the same. It shares their
 * maps by name.
 */
#include "lib/host.h"

/* In every network namespace. What a node sends to itself goes this way and nowhere else. */
enum { LOOPBACK = 1 };

/* The cgroup holds the pods too, whose sockets are in namespaces of their own. */
static __always_inline bool is_of_node(struct __sk_buff *skb)
{
	return skb->ifindex != LOOPBACK && node_netns_cookie &&
	       bpf_get_netns_cookie(skb) == node_netns_cookie;
}

SEC("cgroup_skb/egress")
int ringfence_host_egress(struct __sk_buff *skb)
{
	struct passage passage = {
		.hook = {
			.interface = INTERFACE_OF_NODE,
			.direction = EGRESS,
		},
	};

	if (!is_of_node(skb))
		return SOCKET_PASS;
	passage.hook.container = bpf_skb_cgroup_id(skb);
	return host_filter(skb, &passage);
}

SEC("cgroup_skb/ingress")
int ringfence_host_ingress(struct __sk_buff *skb)
{
	struct passage passage = {
		.hook = {
			.interface = INTERFACE_OF_NODE,
			.direction = INGRESS,
		},
	};

	return is_of_node(skb) ? host_filter(skb, &passage) : SOCKET_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
