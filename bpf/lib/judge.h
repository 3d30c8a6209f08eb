// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The judgement of one connection at one endpoint: always of the initiator's tuple, whichever way
 * the packet goes.
 *
 * If replies were judged by their own direction, a one-way stream of them would live for ever after
 * the policy changed. So a packet in either direction leads to the same question.
 */
#pragma once

#include "connection.h"
#include "origin.h"
#include "service.h"
#include "subject.h"

/* One packet on its way through a hook. */
struct passage {
	struct hook hook;
	struct packet packet;
	struct words words;
	struct report report;
};

/*
 * The pod reaches itself through a Service that the node translated: only cluster-wide policies have
 * a say (ruling N14). Returns: the reason that decides where none has, or 0.
 */
static __always_inline __u8 hairpin_peer(const struct report *report, struct address *peer,
					 __u64 *sets)
{
	__u32 id = report->key.endpoint;
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, &id);

	*peer = report->local;
	*sets = endpoint ? READ_ONCE(endpoint->hairpin) : 0;
	return sets_of(*sets, INGRESS) ? 0 : REASON_SELF;
}

#ifdef HOST
/*
 * No enforced rule speaks for the node, in either direction: what is staged is told, and nothing is
 * refused, not even what has no opening (rulings N37 and N39).
 */
static __always_inline bool decides_nothing(__u64 sets)
{
	return sets_live(sets) && !sets_of(sets, INGRESS) && !sets_of(sets, EGRESS);
}

/* Nobody but the node uses its addresses, and its own way to itself is not seen here. */
static __always_inline __u8 remote_peer(struct __sk_buff *skb, struct passage *passage,
					const struct interface *interface, struct address *peer,
					__u64 *sets)
{
	/* Who calls `judge` passes no context that it does not use, and the verifier demands one. */
	asm volatile("" ::"r"(skb));
	*peer = passage->report.key.remote;
	return interface_owns(interface, peer) ? REASON_SPOOFED : 0;
}
#else
static __always_inline bool decides_nothing(__u64 sets)
{
	return false;
}

/*
 * Who the remote end is, for the ingress set, which may become another. Returns: a reason that
 * decides, or 0.
 */
static __always_inline __u8 remote_peer(struct __sk_buff *skb, struct passage *passage,
					const struct interface *interface, struct address *peer,
					__u64 *sets)
{
	const struct hook *hook = &passage->hook;
	bool returns = hook->direction == EGRESS ||
		       (hook->incoming && hook->incoming == hook->interface);

	*peer = passage->report.key.remote;
	if (interface_owns(interface, peer))
		return returns ? REASON_SELF : REASON_SPOOFED;
	if (hook->direction == INGRESS && returns)
		return hairpin_peer(&passage->report, peer, sets);
	if (!address_is_node(peer))
		return 0;
	if (hook->local_socket)
		return REASON_LOCAL_NODE;
	if (original_source(skb, &passage->packet, peer) && interface_owns(interface, peer))
		return hairpin_peer(&passage->report, peer, sets);
	return 0;
}
#endif

static __always_inline void judge_both(struct judgement *judgement, __u8 verdict, __u8 reason)
{
	cell_builtin(&judgement->enforced, verdict, reason);
}

/* What a reason that needs no table means. */
static __always_inline __u8 verdict_of(__u8 reason)
{
	return reason == REASON_SELF || reason == REASON_LOCAL_NODE ? VERDICT_ALLOW : VERDICT_DENY;
}

/* Fills the report's judgement of its connection key. */
__checked_alone int judge(struct __sk_buff *skb, struct passage *passage,
			    const struct interface *interface)
{
	struct report *report;
	const struct words *words;
	struct address peer;
	__u64 sets, staged;
	__u8 reason = 0;

	if (!passage || !interface)
		return 0;
	report = &passage->report;
	words = &passage->words;
	memset(&report->judgement, 0, sizeof(report->judgement));
	sets = words->sets;
	staged = words->staged;
	if (!sets_live(sets)) {
		judge_both(&report->judgement, VERDICT_DENY, REASON_QUARANTINE);
		return 0;
	}
	if (report->remote_opened)
		reason = remote_peer(skb, passage, interface, &peer, &sets);
	else if (interface_owns(interface, &report->key.remote))
		reason = REASON_SELF;
	else if (words_have_subjects(words))
		reason = subject_words(report, &sets, &staged);
	if (reason) {
		judge_both(&report->judgement, verdict_of(reason), reason);
	} else if (report->remote_opened) {
		table_answer(sets_of(sets, INGRESS), &peer, report->key.protocol,
			     report->key.local_port, &report->judgement.enforced);
		/* Nothing is staged for the pod's way to itself. */
		if (sets_live(staged) && sets == words->sets)
			table_answer(sets_of(staged, INGRESS), &peer, report->key.protocol,
				     report->key.local_port, &report->judgement.staged);
	} else {
		destination_answer(sets_of(sets, EGRESS), &report->key.remote, report->key.protocol,
				   report->key.remote_port, &report->judgement.enforced);
		if (sets_live(staged))
			destination_answer(sets_of(staged, EGRESS), &report->key.remote,
					   report->key.protocol, report->key.remote_port,
					   &report->judgement.staged);
	}
	if (decides_nothing(words->sets))
		cell_builtin(&report->judgement.enforced, VERDICT_ALLOW, REASON_HOST);
	return 0;
}
