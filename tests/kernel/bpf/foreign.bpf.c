// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs of somebody else, who shares a hook with ours. Each counts the datagrams over IPv4 that
 * it sees: what else there is on a wire, as ARP, comes when it likes.
 */
#include "../../../bpf/include/helpers.h"

/* Lets the packet pass and asks nobody else. */
enum { TCX_PASS = 0 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} seen SEC(".maps");

/* Offsets in a frame over Ethernet, without options. */
enum { KIND = 12, PROTOCOL = 23, UDP = 17, IPV4 = 0x0800 };

static __always_inline void see(struct __sk_buff *skb)
{
	__u32 slot = 0;
	__u64 *datagrams = bpf_map_lookup_elem(&seen, &slot);
	__u16 kind = 0;
	__u8 protocol = 0;

	bpf_skb_load_bytes(skb, KIND, &kind, sizeof(kind));
	bpf_skb_load_bytes(skb, PROTOCOL, &protocol, sizeof(protocol));
	if (datagrams && kind == htons(IPV4) && protocol == UDP)
		__sync_fetch_and_add(datagrams, 1);
}

/* Leaves the packet to whoever comes next. */
SEC("classifier")
int foreign_watches(struct __sk_buff *skb)
{
	see(skb);
	return TCX_NEXT;
}

/* Ends the chain: whoever stands behind it has no say. */
SEC("classifier")
int foreign_passes(struct __sk_buff *skb)
{
	see(skb);
	return TCX_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
