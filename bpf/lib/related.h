// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ICMP errors: messages about a connection belong to it.
 *
 * The error quotes the packet that caused it, so its connection can be found. An error about no
 * known connection is an ordinary packet and needs a rule like any other.
 */
#pragma once

#include "judge.h"
#include "quoted.h"

static __always_inline bool packet_is_error(const struct packet *packet)
{
	return packet->role == ROLE_ERROR || packet->role == ROLE_PATH_MTU;
}

/*
 * A pod is no router: its errors are about packets that were sent to it, and it tells who sent them.
 * Else it could end or slow down connections of others, who take such news from anybody.
 */
__checked_alone int error_is_own(struct __sk_buff *skb, const struct packet *packet,
				 const struct interface *interface)
{
	struct packet quoted = {};

	if (!packet || !interface || quoted_read(skb, packet, &quoted))
		return false;
	return address_equal(&quoted.source, &packet->destination) &&
	       interface_owns(interface, &quoted.destination);
}

/*
 * Makes the report's key that of the quoted packet's connection, which must be the endpoint's own.
 * Returns: whether it could.
 */
__checked_alone int quoted_key(struct __sk_buff *skb, struct passage *passage,
			       const struct interface *interface)
{
	struct packet quoted = {};
	enum direction direction;

	if (!passage || !interface || quoted_read(skb, &passage->packet, &quoted))
		return false;
	/* The quoted packet went the other way than the error. */
	direction = passage->hook.direction == EGRESS ? INGRESS : EGRESS;
	if (!interface_owns(interface, direction == EGRESS ? &quoted.source : &quoted.destination))
		return false;
	connection_key_of(&passage->report.key, &quoted, direction, passage->report.key.endpoint);
	return true;
}

/* Returns: whether the error is about a connection that is allowed now. */
__checked_alone int related_allowed(struct __sk_buff *skb, struct passage *passage,
				    const struct interface *interface)
{
	struct report *report;
	struct connection *connection;
	struct connection_key key;
	bool established, allowed;

	if (!passage || !interface || !quoted_key(skb, passage, interface))
		return false;
	report = &passage->report;
	/* Before Linux 6.2 a key must be on the stack of whoever the verifier checks alone. */
	key = report->key;
	connection = connection_find(&key, bpf_ktime_get_coarse_ns(), &established);
	allowed = connection && connection->generation == passage->words.generation;
	if (connection && !allowed) {
		report->remote_opened = connection->flags & CONNECTION_REMOTE_OPENED;
		report->subject = connection->subject;
		judge(skb, passage, interface);
		allowed = report->judgement.enforced.verdict == VERDICT_ALLOW ||
			  report->judgement.enforced.verdict == VERDICT_DENY_KEEP;
	}
	connection_key_of(&report->key, &passage->packet, passage->hook.direction,
			  interface->endpoint);
	return allowed;
}
