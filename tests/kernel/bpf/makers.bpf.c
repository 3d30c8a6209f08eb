// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A tap that writes down what a packet shows of its sender: the maker of its socket and its cgroup.
 * It stands before ours on a hook and reads what ours keeps with sockets.
 */
#include "../../../bpf/lib/maker.h"

/* Leaves the packet to the next program. */
struct sighting {
	__u64 inode;
	__u64 container;
	__u32 process;
	__u16 fragment;
	__u8 protocol;
	__u8 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} sightings SEC(".maps");

/* Offsets in a frame over Ethernet with an IPv4 header without options. */
enum { KIND = 12, FRAGMENT = 20, PROTOCOL = 23, PAYLOAD = 34, TCP_FLAGS = 47, IPV4 = 0x0800, TCP = 6, ICMP = 1 };

SEC("classifier")
int tap(struct __sk_buff *skb)
{
	struct maker *maker = maker_find(skb);
	struct sighting *seen;
	__u16 kind = 0;

	bpf_skb_load_bytes(skb, KIND, &kind, sizeof(kind));
	if (kind != htons(IPV4))
		return TCX_NEXT;
	seen = bpf_ringbuf_reserve(&sightings, sizeof(*seen), 0);
	if (!seen)
		return TCX_NEXT;
	seen->container = bpf_skb_cgroup_id(skb);
	seen->inode = maker ? maker->inode : 0;
	seen->process = maker ? maker->process : 0;
	seen->fragment = 0;
	seen->protocol = 0;
	seen->flags = 0;
	bpf_skb_load_bytes(skb, FRAGMENT, &seen->fragment, sizeof(seen->fragment));
	bpf_skb_load_bytes(skb, PROTOCOL, &seen->protocol, sizeof(seen->protocol));
	if (seen->protocol == TCP)
		bpf_skb_load_bytes(skb, TCP_FLAGS, &seen->flags, sizeof(seen->flags));
	else if (seen->protocol == ICMP)
		bpf_skb_load_bytes(skb, PAYLOAD, &seen->flags, sizeof(seen->flags));
	seen->fragment = ntohs(seen->fragment) & 0x1fff;
	bpf_ringbuf_submit(seen, 0);
	return TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
