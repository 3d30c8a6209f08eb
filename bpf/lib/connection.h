// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Connections: what is remembered so that replies need no rule.
 *
 * Two tables. Whoever sends first packets can fill a table, so those are in `half`, which forgets
 * the oldest. A connection moves to `est`, which forgets nothing, when the peer has proved that it
 * receives: the third packet of TCP, the reply of the others. A flood of first packets then cannot
 * push out connections that work. One entry serves both directions, seen from the endpoint.
 *
 * `est` is shared by all endpoints, so each has its share: one that opens connections without end
 * crowds out its own and nobody else's.
 */
#pragma once

#include "event.h"
#include "hook.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct connection_key);
	__type(value, struct connection);
	__uint(max_entries, 65536);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} half SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct connection_key);
	__type(value, struct connection);
	__uint(max_entries, 131072);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} est SEC(".maps");

/* How many entries of `est` each endpoint holds. User space subtracts what it collects. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, CAPACITY_ENDPOINTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} held SEC(".maps");

/* What user space adds to each count while it exchanges `est`: nothing moves there then. */
static const __s64 SHARES_FROZEN = 1LL << 40;

enum share {
	SHARE_TAKEN,
	SHARE_FULL,
	/* Later: the table is being exchanged. */
	SHARE_FROZEN,
};

/* Takes a place of the endpoint's share, if there is one. */
static __always_inline enum share share_take(__u32 endpoint)
{
	__u64 *places = bpf_map_lookup_elem(&held, &endpoint);
	__s64 before;

	if (!places)
		return SHARE_FULL;
	before = __sync_fetch_and_add(places, 1);
	if (before < (__s64)established_share)
		return SHARE_TAKEN;
	__sync_fetch_and_add(places, -1);
	return before < SHARES_FROZEN ? SHARE_FULL : SHARE_FROZEN;
}

static __always_inline void share_return(__u32 endpoint)
{
	__u64 *places = bpf_map_lookup_elem(&held, &endpoint);

	if (places)
		__sync_fetch_and_add(places, -1);
}

/* Whoever really removed the entry returns its place: of two at once it is one. */
static __always_inline void est_remove(const struct connection_key *key)
{
	if (!bpf_map_delete_elem(&est, key))
		share_return(key->endpoint);
}

static __always_inline void connection_key_of(struct connection_key *key, const struct packet *packet,
					      enum direction direction, __u32 endpoint)
{
	bool out = direction == EGRESS;

	memset(key, 0, sizeof(*key));
	key->remote = out ? packet->destination : packet->source;
	key->endpoint = endpoint;
	key->local_port = out ? packet->source_port : packet->destination_port;
	key->remote_port = out ? packet->destination_port : packet->source_port;
	key->protocol = packet->protocol;
	key->family = packet->family;
	if (protocol_is_icmp(packet->protocol)) {
		key->local_port = packet->source_port;
		key->remote_port = 0;
	}
}

static __always_inline bool connection_expired(const struct connection *connection, __u8 protocol,
					       bool established, __u64 now)
{
	__u64 lifetime = protocol == PROTOCOL_TCP ? lifetime_stream_ns : lifetime_datagram_ns;

	if (!established)
		lifetime = lifetime_half_ns;
	else if (connection->flags & CONNECTION_CLOSING)
		lifetime = lifetime_closing_ns;
	return (__s32)(ticks_of(now) - connection->seen_ticks) > (__s64)(lifetime >> TICK_SHIFT);
}

static __always_inline struct connection *connection_find(const struct connection_key *key, __u64 now,
							  bool *established)
{
	struct connection *connection = bpf_map_lookup_elem(&est, key);

	*established = true;
	if (connection && !connection_expired(connection, key->protocol, true, now))
		return connection;
	*established = false;
	connection = bpf_map_lookup_elem(&half, key);
	if (connection && !connection_expired(connection, key->protocol, false, now))
		return connection;
	return NULL;
}

/* Whether this packet goes the way of the connection's first one. */
static __always_inline bool connection_forward(const struct connection *connection,
					       enum direction direction)
{
	return !(connection->flags & CONNECTION_REMOTE_OPENED) == (direction == EGRESS);
}

/*
 * An answer whose opening nobody remembers makes an entry, because a flood may have pushed out that
 * of its opening. Whoever forges one is to get no further: until the opener has sent something, its
 * peer may only answer.
 */
static __always_inline bool opener_is_silent(const struct connection *connection)
{
	if (connection->flags & CONNECTION_ADOPTED)
		return false;
	return !(connection->flags & CONNECTION_REMOTE_OPENED ? connection->packets[1] :
								connection->packets[0]);
}

static __always_inline void connection_touch(struct __sk_buff *skb, struct connection *connection,
					     enum direction direction, __u64 now)
{
	__u64 packets = skb->gso_segs ? skb->gso_segs : 1;

	connection->seen_ticks = ticks_of(now);
	if (direction == EGRESS) {
		__sync_fetch_and_add(&connection->packets[0], packets);
		__sync_fetch_and_add(&connection->bytes[0], skb->len);
	} else {
		__sync_fetch_and_add(&connection->packets[1], packets);
		__sync_fetch_and_add(&connection->bytes[1], skb->len);
	}
}

/* A connection that found no room is counted once, though it asks again with every packet. */
static __always_inline void connection_crowded(struct connection *connection, __u32 counter)
{
	if (connection->flags & CONNECTION_CROWDED)
		return;
	connection->flags |= CONNECTION_CROWDED;
	count(counter);
}

/*
 * Moves a connection that proved its return path. Where `est` or the endpoint's share is full, or
 * `est` is being exchanged for a larger one, it stays where it is. Two processors may try at once;
 * the second finds it there.
 */
static __noinline int connection_promote(const struct connection_key *key,
					 struct connection *connection)
{
	struct connection copy = *connection;
	enum share share = share_take(key->endpoint);
	long failed;

	if (share == SHARE_FULL)
		connection_crowded(connection, COUNTER_SHARE_FULL);
	if (share != SHARE_TAKEN)
		return 0;
	copy.flags &= ~CONNECTION_CROWDED;
	failed = bpf_map_update_elem(&est, key, &copy, BPF_NOEXIST);
	if (failed)
		share_return(key->endpoint);
	if (failed && failed != -EEXIST) {
		connection_crowded(connection, COUNTER_ESTABLISHED_FULL);
		return 0;
	}
	bpf_map_delete_elem(&half, key);
	return 0;
}

/* Follows the handshake: who answered, who closed, and whether the path is proved both ways. */
static __always_inline void connection_follow(const struct connection_key *key,
					      struct connection *connection,
					      const struct packet *packet, enum direction direction,
					      bool established)
{
	bool forward = connection_forward(connection, direction);
	bool proved = false;

	if (packet->flags & PACKET_CLOSES && !(connection->flags & CONNECTION_CLOSING))
		connection->flags |= CONNECTION_CLOSING;
	if (established)
		return;
	switch (key->protocol) {
	case PROTOCOL_TCP:
		/* Of an adopted one the first packet that was seen may be a reply. */
		proved = packet->role == ROLE_MIDDLE &&
			 (connection->flags & CONNECTION_REPLIED ?
				  forward :
				  connection->flags & CONNECTION_ADOPTED && !forward);
		if (!forward && packet->role == ROLE_ANSWER)
			connection->flags |= CONNECTION_REPLIED;
		break;
	case PROTOCOL_SCTP:
		proved = !forward && packet->role == ROLE_ANSWER && !opener_is_silent(connection);
		break;
	case PROTOCOL_UDP:
		proved = !forward;
		break;
	}
	if (!forward && key->protocol != PROTOCOL_TCP)
		connection->flags |= CONNECTION_REPLIED;
	if (proved)
		connection_promote(key, connection);
}

static __noinline int connection_open(const struct connection_key *key, const struct report *report,
				      __u32 stamp, __u32 flags, __u32 length)
{
	bool out = !(flags & CONNECTION_REMOTE_OPENED);
	__u32 now = ticks_of(bpf_ktime_get_coarse_ns());
	struct connection connection = {
		.generation = stamp,
		.rule = report->judgement.enforced.rule,
		.reason = report->judgement.enforced.reason,
		.counter = report->judgement.enforced.counter,
		.subject = report->subject,
		.flags = flags,
		.opened_ticks = now,
		.seen_ticks = now,
	};

	/* An answer without an entry went the other way than the connection. */
	if (flags & CONNECTION_REPLIED)
		out = !out;
	connection.packets[out ? 0 : 1] = 1;
	connection.bytes[out ? 0 : 1] = length;
	est_remove(key);
	if (bpf_map_update_elem(&half, key, &connection, BPF_ANY))
		count(COUNTER_HALF_FAILED);
	return 0;
}
