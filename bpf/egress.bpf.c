// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a pod sends: tcx ingress on the host side of its veth.
 *
 * It derives what only the kernel knows of a packet and hands it on; see lib/hook.h. The sender's
 * cgroup can be read here and nowhere later.
 */
#include "lib/filter.h"

SEC("classifier")
int ringfence_egress(struct __sk_buff *skb)
{
	struct passage passage = {
		.hook = {
			.interface = skb->ifindex,
			.incoming = skb->ifindex,
			.device = skb->ifindex,
			.direction = EGRESS,
			.container = bpf_skb_cgroup_id(skb),
		},
	};

	return filter(skb, &passage);
}
