// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a pod receives: tcx egress on the host side of its veth.
 *
 * A packet is this node's own if it came in by no device and has a socket, of the node's network
 * namespace where that can be read. One of these alone can be forged, see docs. The addresses are
 * checked where the packet has been parsed.
 */
#include "lib/filter.h"

static __always_inline bool made_here(struct __sk_buff *skb)
{
	if (skb->ingress_ifindex || !skb->sk)
		return false;
	if (feature_netns_cookie && node_netns_cookie)
		return bpf_get_netns_cookie(skb) == node_netns_cookie;
	return true;
}

SEC("classifier")
int ringfence_ingress(struct __sk_buff *skb)
{
	struct passage passage = {
		.hook = {
			.interface = skb->ifindex,
			.incoming = skb->ingress_ifindex,
			.device = skb->ifindex,
			.direction = INGRESS,
			.local_socket = made_here(skb),
		},
	};

	return filter(skb, &passage);
}
