// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The way of a packet through a hook: parse, whose address, known connection, else judge.
 *
 * Everything that is not explicitly let through is dropped. What is let through goes to the next
 * program on the hook, never past it: other programs keep their say.
 */
#pragma once

#include "fragment.h"
#include "related.h"
#include "reset.h"
#include "spoof.h"

/* Who made the packet's socket, where that can be told: where it is sent. */
static __always_inline struct maker *sender(struct __sk_buff *skb, const struct passage *passage)
{
	return passage->hook.direction == EGRESS ? maker_find(skb) : NULL;
}

static __noinline int refuse(struct __sk_buff *skb, struct passage *passage)
{
	struct report *report = &passage->report;

	if (decides_nothing(passage->words.sets))
		return TCX_NEXT;
	report->counter = report->judgement.enforced.counter;
	report->kind = EVENT_DENIED;
	count(report->judgement.enforced.reason);
	event_repeated(report, sender(skb, passage));
	return TC_ACT_SHOT;
}

static __always_inline int refuse_because(struct __sk_buff *skb, struct passage *passage,
					   __u8 reason)
{
	memset(&passage->report.judgement, 0, sizeof(passage->report.judgement));
	cell_builtin(&passage->report.judgement.enforced, VERDICT_DENY, reason);
	return refuse(skb, passage);
}

/*
 * A connection that was allowed and no longer is. Only where both ends have proved that they take
 * part are they told by a reset: a denied opening stays silent (ruling N26). A program of a socket
 * may change no packet, so what it cuts ends in silence.
 */
static __noinline int cut(struct __sk_buff *skb, struct passage *passage,
			  struct connection *connection, bool established)
{
	struct report *report = &passage->report;

	report->counter = report->judgement.enforced.counter;
	report->kind = EVENT_CUT;
	count(report->judgement.enforced.reason);
	count(COUNTER_CUT);
	event_emit(report, connection, sender(skb, passage));
	est_remove(&report->key);
	bpf_map_delete_elem(&half, &report->key);
#ifndef HOST
	if (established && report->key.protocol == PROTOCOL_TCP && reset_both(skb, passage))
		return TCX_NEXT;
#endif
	return TC_ACT_SHOT;
}

/*
 * A decision that needs no table stays what it was while the endpoint is live. The pod's way to
 * itself needs one where the node translated it.
 */
static __always_inline bool keeps(const struct connection *connection,
				  const struct connection_key *key,
				  const struct interface *interface)
{
	return connection->reason == REASON_LOCAL_NODE ||
	       (connection->reason == REASON_SELF && interface_owns(interface, &key->remote));
}

/*
 * Finds out which subject opens this, as far as a packet of the pod's own can tell and rules ask.
 */
static __always_inline void subject_find(struct __sk_buff *skb, struct passage *passage)
{
	struct report *report = &passage->report;

	if (passage->hook.direction == EGRESS && words_have_subjects(&passage->words))
		report->subject = subject_of(report->container, maker_find(skb));
}

/*
 * Judges a connection whose opener nobody saw: it may be if either end may have opened it. The
 * report's opener is tried first. Where the other one decides, `connection` is turned round.
 */
static __always_inline int judge_either(struct __sk_buff *skb, struct passage *passage,
				   const struct interface *interface, struct connection *connection)
{
	struct report *report = &passage->report;
	struct judgement first;

	judge(skb, passage, interface);
	if (report->judgement.enforced.verdict == VERDICT_ALLOW)
		return 0;
	first = report->judgement;
	report->remote_opened = !report->remote_opened;
	judge(skb, passage, interface);
	if (report->judgement.enforced.verdict != VERDICT_ALLOW) {
		report->remote_opened = !report->remote_opened;
		report->judgement = first;
	} else if (connection) {
		/* What was heard of the one is now heard of the other. */
		connection->flags ^= CONNECTION_REMOTE_OPENED | CONNECTION_REPLIED;
	}
	return 0;
}

/*
 * Who opened a connection, by the name that it remembers. One that nobody has now says no more than
 * none. That it was one of the others may be as old; of datagrams, which do not wait, it is believed.
 */
static __always_inline __u32 subject_remembered(const struct passage *passage,
						const struct connection *connection)
{
	struct subject_key key = { passage->report.key.endpoint, connection->subject };

	if (!words_have_subjects(&passage->words) || bpf_map_lookup_elem(&subjects, &key))
		return connection->subject;
	if (connection->subject == SUBJECT_OTHER && passage->report.key.protocol != PROTOCOL_TCP)
		return SUBJECT_OTHER;
	return SUBJECT_UNKNOWN;
}

/*
 * A connection that is older than the names of processes does not say who opened it. Of TCP the
 * opener's next packet will: at the latest it acknowledges what this one brings.
 */
static __always_inline bool waits_for_its_opener(const struct passage *passage)
{
	const struct report *report = &passage->report;

	return sets_have_subjects(passage->words.sets) && report->subject == SUBJECT_UNKNOWN &&
	       !report->remote_opened && report->key.protocol == PROTOCOL_TCP &&
	       passage->hook.direction == INGRESS;
}

/*
 * Returns: whether the connection may still be. Where all who deny it now keep what exists, it stays
 * what it was, and is asked about again after the next change (ruling N25).
 */
static __noinline int judge_again(struct __sk_buff *skb, struct passage *passage,
				  const struct interface *interface,
				  struct connection *connection)
{
	struct report *report = &passage->report;

	if (keeps(connection, &report->key, interface)) {
		connection->generation = passage->words.stamp;
		return true;
	}
	report->remote_opened = connection->flags & CONNECTION_REMOTE_OPENED;
	report->subject = subject_remembered(passage, connection);
	if (report->subject == SUBJECT_UNKNOWN)
		subject_find(skb, passage);
	if (waits_for_its_opener(passage))
		return true;
	if (connection->flags & CONNECTION_ADOPTED)
		judge_either(skb, passage, interface, connection);
	else
		judge(skb, passage, interface);
	if (report->judgement.enforced.verdict == VERDICT_DENY_KEEP) {
		connection->generation = passage->words.stamp;
		return true;
	}
	if (report->judgement.enforced.verdict != VERDICT_ALLOW)
		return false;
	connection->rule = report->judgement.enforced.rule;
	connection->reason = report->judgement.enforced.reason;
	connection->counter = report->judgement.enforced.counter;
	connection->subject = report->subject;
	connection->generation = passage->words.stamp;
	return true;
}

static __always_inline bool opens_anew(const struct packet *packet,
				       const struct connection *connection,
				       enum direction direction)
{
	return packet->role == ROLE_OPEN && (!connection_forward(connection, direction) ||
					     connection->flags & CONNECTION_CLOSING);
}

static __always_inline bool adopts(const struct interface *interface)
{
	return interface->adopted_until_ns &&
	       bpf_ktime_get_coarse_ns() < interface->adopted_until_ns;
}

/*
 * TCP that nobody saw opened, of a pod that ran before the programs: a connection of that time goes
 * on where either end may have opened it. A reset of one is let through and remembered by nobody.
 */
static __always_inline int filter_adopted(struct __sk_buff *skb, struct passage *passage,
				     const struct interface *interface)
{
	struct packet *packet = &passage->packet;
	struct report *report = &passage->report;
	__u32 flags = CONNECTION_ADOPTED;

	report->remote_opened = true;
	subject_find(skb, passage);
	judge_either(skb, passage, interface, NULL);
	if (report->judgement.enforced.verdict != VERDICT_ALLOW)
		return refuse(skb, passage);
	if (packet->role == ROLE_RESET)
		return TCX_NEXT;
	if (report->remote_opened)
		flags |= CONNECTION_REMOTE_OPENED;
	if (report->remote_opened != (passage->hook.direction == INGRESS))
		flags |= CONNECTION_REPLIED;
	connection_open(&report->key, report, passage->words.stamp, flags, skb->len);
	report->counter = report->judgement.enforced.counter;
	report->kind = EVENT_OPENED;
	event_emit(report, NULL, sender(skb, passage));
	return TCX_NEXT;
}

/* No connection knows this packet. */
static __noinline int filter_new(struct __sk_buff *skb, struct passage *passage,
				 const struct interface *interface, bool keep)
{
	struct packet *packet = &passage->packet;
	struct report *report = &passage->report;
	__u32 flags = 0;

	if (packet->role == ROLE_MIDDLE || packet->role == ROLE_RESET)
		return adopts(interface) ? filter_adopted(skb, passage, interface) :
					   refuse_because(skb, passage, REASON_NO_SYN);
	report->remote_opened = (passage->hook.direction == INGRESS) != (packet->role == ROLE_ANSWER);
	subject_find(skb, passage);
	judge(skb, passage, interface);
	if (report->judgement.enforced.verdict != VERDICT_ALLOW)
		return refuse(skb, passage);
	if (report->remote_opened)
		flags |= CONNECTION_REMOTE_OPENED;
	if (packet->role == ROLE_ANSWER)
		flags |= CONNECTION_REPLIED;
	report->counter = report->judgement.enforced.counter;
	if (!keep)
		connection_open(&report->key, report, passage->words.stamp, flags, skb->len);
	report->kind = EVENT_OPENED;
	event_emit(report, NULL, sender(skb, passage));
	return TCX_NEXT;
}

/* Packets to groups have no replies, so nothing is remembered (ruling N33). */
static __noinline int filter_group(struct __sk_buff *skb, struct passage *passage,
				   const struct interface *interface)
{
	struct report *report = &passage->report;

	report->remote_opened = passage->hook.direction == INGRESS;
	subject_find(skb, passage);
	judge(skb, passage, interface);
	if (report->judgement.enforced.verdict != VERDICT_ALLOW)
		return refuse(skb, passage);
	report->counter = report->judgement.enforced.counter;
	report->kind = EVENT_OPENED;
	event_repeated(report, sender(skb, passage));
	return TCX_NEXT;
}

/* More of a connection than an answer, from the peer of an opener that has not been heard. */
static __always_inline bool goes_on_unasked(const struct connection *connection,
					    const struct packet *packet, enum direction direction)
{
	return (packet->role == ROLE_MIDDLE || packet->role == ROLE_ANY) &&
	       !connection_forward(connection, direction) && opener_is_silent(connection);
}

/* What an answer gets that nobody asked for: it counts for nothing. */
static __always_inline bool rejects_unasked(const struct connection *connection,
					    const struct packet *packet)
{
	return (packet->role == ROLE_RESET ||
		(packet->role == ROLE_ANY && packet->flags & PACKET_CLOSES)) &&
	       opener_is_silent(connection);
}

static __always_inline int filter_connection(struct __sk_buff *skb, struct passage *passage,
					     const struct interface *interface)
{
	struct report *report = &passage->report;
	enum direction direction = passage->hook.direction;
	__u64 now = bpf_ktime_get_coarse_ns();
	struct connection *connection;
	bool established, keep = false;

	connection = connection_find(&report->key, now, &established);
	if (connection && !opens_anew(&passage->packet, connection, direction)) {
		if (connection->generation != passage->words.stamp &&
		    !judge_again(skb, passage, interface, connection))
			return cut(skb, passage, connection, established);
		if (rejects_unasked(connection, &passage->packet))
			return TCX_NEXT;
		if (goes_on_unasked(connection, &passage->packet, direction))
			return filter_new(skb, passage, interface, true);
		passage->report.counter = connection->counter;
		connection_touch(skb, connection, direction, now);
		connection_follow(&report->key, connection, &passage->packet, direction, established);
		return TCX_NEXT;
	}
	if (connection)
		keep = !(connection->flags & CONNECTION_CLOSING);
	return filter_new(skb, passage, interface, keep);
}

/* Policy's part: the packet is well-formed and its addresses are what they may be. */
static __always_inline int filter_policy(struct __sk_buff *skb, struct passage *passage,
					 const struct interface *interface)
{
	const struct packet *packet = &passage->packet;

	if (address_is_multicast(&packet->destination))
		return filter_group(skb, passage, interface);
	if (packet->role == ROLE_ERROR && related_allowed(skb, passage, interface))
		return TCX_NEXT;
	return filter_connection(skb, passage, interface);
}

static __always_inline int filter_datagram(struct __sk_buff *skb, struct passage *passage,
					   const struct interface *interface)
{
	struct packet *packet = &passage->packet;
	int verdict;

	if (packet->flags & PACKET_LATER_FRAGMENT)
		return fragment_allowed(passage, interface->endpoint) ?
			       TCX_NEXT :
			       refuse_because(skb, passage, REASON_FRAGMENT);
	if (packet->role == ROLE_PATH_MTU)
		return TCX_NEXT;
	verdict = filter_policy(skb, passage, interface);
	if (packet->flags & PACKET_FIRST_FRAGMENT)
		fragment_remember(passage, interface->endpoint, verdict == TCX_NEXT);
	return verdict;
}

/* Says of the packet what events and connections go by. `interface`: NULL where none is known. */
static __always_inline void passage_begin(struct passage *passage,
					  const struct interface *interface)
{
	const struct packet *packet = &passage->packet;
	enum direction direction = passage->hook.direction;

	passage->report.container = passage->hook.container;
	passage->report.remote_opened = direction == INGRESS;
	passage->report.local = direction == EGRESS ? packet->source : packet->destination;
	connection_key_of(&passage->report.key, packet, direction,
			  interface ? interface->endpoint : 0);
}

static __always_inline int filter_packet(struct __sk_buff *skb, struct passage *passage)
{
	struct packet *packet = &passage->packet;
	enum direction direction = passage->hook.direction;
	int reason = packet_read(skb, packet, direction == EGRESS);
	struct interface *interface = bpf_map_lookup_elem(&interfaces, &passage->hook.interface);

	passage_begin(passage, interface);
	if (!interface)
		return refuse_because(skb, passage, REASON_QUARANTINE);
	words_read(interface->endpoint, &passage->words);
	passage->report.generation = passage->words.generation;
	if (reason)
		return refuse_because(skb, passage, reason);
	if (reset_is_ours(skb, packet))
		return TCX_NEXT;
	if (direction == EGRESS && !source_allowed(skb, packet, interface))
		return refuse_because(skb, passage, REASON_SPOOFED);
	if (direction == EGRESS && packet_is_error(packet) && !error_is_own(skb, packet, interface))
		return refuse_because(skb, passage, REASON_SPOOFED);
	if (is_addressing(packet, interface, direction))
		return TCX_NEXT;
	if (!sets_live(passage->words.sets))
		return refuse_because(skb, passage, REASON_QUARANTINE);
	/* A bridge that does not know a neighbour yet hands its packets to everybody. */
	if (direction == INGRESS && !address_is_multicast(&packet->destination) &&
	    !interface_owns(interface, &packet->destination))
		return refuse_because(skb, passage, REASON_NOT_PROGRAMMED);
	return filter_datagram(skb, passage, interface);
}

static __always_inline int filter(struct __sk_buff *skb, struct passage *passage)
{
	/* Programs change the packet only to end a connection. */
	__u32 length = skb->len, segments = skb->gso_segs;
	int verdict = filter_packet(skb, passage);

	if (passage->report.counter)
		count_rule(passage->report.counter, segments ? segments : 1, length);
	return verdict;
}
