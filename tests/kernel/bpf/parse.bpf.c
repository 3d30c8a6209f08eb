// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The parser by itself: what it makes of a packet is written where a test can read it.
 *
 * An object of its own, so that neither hooks nor test runs carry the map. In a test run the control
 * block says where the packet comes from; attached to a device it is from a pod, and goes nowhere.
 */
#include "../../../bpf/lib/quoted.h"

/* tests/kernel/tests/twin/parser.rs reads these words. */
struct parsed {
	__u32 runs;
	/* 0, or the reason for which the packet is dropped. */
	__s32 reason;
	/* The same for what an ICMP error quotes; -1 where the packet is none. */
	__s32 quoted_reason;
	__u32 length;
	struct packet packet;
	struct packet quoted;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct parsed);
	__uint(max_entries, 1);
} parsed SEC(".maps");

static __always_inline int parse(struct __sk_buff *skb, bool from_pod)
{
	__u32 zero = 0;
	struct parsed *to = bpf_map_lookup_elem(&parsed, &zero);

	if (!to)
		return TC_ACT_SHOT;
	memset(&to->packet, 0, sizeof(to->packet));
	memset(&to->quoted, 0, sizeof(to->quoted));
	to->length = skb->len;
	to->reason = packet_read(skb, &to->packet, from_pod);
	to->quoted_reason = -1;
	if (!to->reason && (to->packet.role == ROLE_ERROR || to->packet.role == ROLE_PATH_MTU))
		to->quoted_reason = quoted_read(skb, &to->packet, &to->quoted);
	/* Last, because whoever waits for a packet waits for this. */
	__sync_fetch_and_add(&to->runs, 1);
	return TC_ACT_SHOT;
}

SEC("classifier")
int ringfence_parse(struct __sk_buff *skb)
{
	return parse(skb, skb->cb[0]);
}

SEC("classifier")
int ringfence_parse_sent(struct __sk_buff *skb)
{
	return parse(skb, true);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
