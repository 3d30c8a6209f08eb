// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The keys, values and events that both sides know: twins of crates/abi, same names, same order.
 *
 * A test compares every offset and size with the Rust types by this object's type information.
 * Ports and numbers are in host byte order, addresses in network byte order.
 */
#pragma once

#include "vmlinux.h"

/* An IPv6 address, or an IPv4 one mapped into IPv6. Four-byte alignment spares copying by bytes. */
struct address {
	__u8 octets[16];
} __attribute__((aligned(4)));

struct prefix_key {
	__u32 length;
	struct address address;
};

enum {
	CONNECTION_REMOTE_OPENED = 1,
	CONNECTION_REPLIED = 2,
	CONNECTION_CLOSING = 4,
	CONNECTION_CROWDED = 8,
	CONNECTION_ADOPTED = 16,
};

/* A tick of a connection's clock is 2^20 nanoseconds. */
enum { TICK_SHIFT = 20 };

/* With the map's own 48 octets an element of `est` is two cache lines: 48 + 24 + 56. */
struct connection_key {
	struct address remote;
	__u16 local_port;
	__u16 remote_port;
	__u16 endpoint;
	__u8 protocol;
	__u8 family;
};

struct connection {
	__u32 generation;
	__u32 rule;
	__u32 seen_ticks;
	__u32 opened_ticks;
	__u64 packets[2];
	__u64 bytes[2];
	__u32 subject;
	__u16 counter;
	__u8 reason;
	__u8 flags;
};

enum {
	ENDPOINT_LIVE = 1,
	/* What may be sent depends on the process: see `subjects`. */
	ENDPOINT_SUBJECTS = 2,
};

/* Subjects that no rule names; the ids of others are above. */
enum {
	/* Nobody knows the process. */
	SUBJECT_UNKNOWN = 0,
	/* It is known, and no rule names it or its container. */
	SUBJECT_OTHER = 1,
};

struct subject_key {
	__u32 endpoint;
	__u32 subject;
};

/* With inode and device zero: every executable of the container that has no entry of its own. */
struct process_key {
	__u64 container;
	__u64 inode;
	__u32 device;
	__u32 pad;
};

struct endpoint {
	__u64 sets;
	__u64 generation;
	__u64 staged;
	__u64 hairpin;
};

enum {
	INTERFACE_IPV4 = 1,
	INTERFACE_IPV6 = 2,
	INTERFACE_DHCP = 4,
};

struct interface {
	__u32 endpoint;
	__u32 flags;
	struct address ipv4;
	struct address ipv6;
	__u8 mac[6];
	__u8 pad[2];
	__u64 adopted_until_ns;
};

/* The key of the node's own record: no device has this index. */
enum { INTERFACE_OF_NODE = 0 };

struct node_address {
	__u32 reserved;
};

enum event_kind {
	EVENT_OPENED = 1,
	EVENT_DENIED = 2,
	EVENT_CUT = 3,
	EVENT_CLOSED = 4,
};

enum direction {
	EGRESS = 0,
	INGRESS = 1,
};

struct event {
	__u64 time_ns;
	struct address source;
	struct address destination;
	__u16 source_port;
	__u16 destination_port;
	__u32 endpoint;
	__u32 rule;
	__u32 staged_rule;
	__u8 kind;
	__u8 verdict;
	__u8 reason;
	__u8 direction;
	__u8 protocol;
	__u8 family;
	__u8 staged_verdict;
	__u8 staged_reason;
	__u32 denied;
	__u32 generation;
	__u64 packets;
	__u64 bytes;
	__u64 duration_ns;
	__u64 container;
	__u64 inode;
	__u64 started_ns;
	__u32 device;
	__u32 process;
};

/* The process that made a socket. */
struct maker {
	__u64 inode;
	__u64 started_ns;
	__u32 device;
	__u32 process;
};

struct executable_key {
	__u64 inode;
	__u32 device;
	__u32 pad;
};

enum { EXECUTABLE_PATH_MAX = 256 };

/* Ended by a zero. */
struct executable_value {
	char path[EXECUTABLE_PATH_MAX];
};

/* What was decided by one rule. */
struct rule_count {
	__u64 packets;
	__u64 bytes;
};

struct row_key {
	__u32 set;
	__u32 class;
};

struct row_value {
	__u32 base;
	__u32 width;
};

enum {
	VERDICT_DENY = 0,
	VERDICT_ALLOW = 1,
	VERDICT_DENY_KEEP = 2,
};

struct cell {
	__u32 rule;
	__u8 verdict;
	__u8 reason;
	__u16 counter;
};

struct denied_key {
	struct connection_key connection;
	__u32 rule;
	__u8 reason;
	__u8 verdict;
	__u8 direction;
	__u8 remote_opened;
};

struct denied_value {
	__u64 reported_ns;
	__u64 packets;
	struct address local;
};

struct fragment_key {
	struct address source;
	struct address destination;
	__u32 endpoint;
	__u32 id;
	__u8 direction;
	__u8 family;
	__u8 protocol;
	__u8 pad;
};

struct fragment_value {
	__u64 seen_ns;
	__u32 generation;
	__u16 end;
	__u16 counter;
	__u32 verdict;
	__u32 pad;
};

/* Slots of the counters: the first are denials by reason code, 0 where a rule denied. */
enum counter {
	COUNTER_EVENTS_LOST = 32,
	COUNTER_ESTABLISHED_FULL = 33,
	COUNTER_HALF_FAILED = 34,
	COUNTER_CUT = 35,
	COUNTER_SHARE_FULL = 36,
	COUNTER_SLOTS = 40,
};

struct service_key {
	struct address address;
	__u16 port;
	__u8 protocol;
	__u8 pad;
};

struct service_value {
	__u32 backends;
	__u32 count;
	__u32 affinity_seconds;
};

struct backend_key {
	__u32 backends;
	__u32 index;
};

struct backend_value {
	struct address address;
	__u16 port;
	__u16 pad;
};

struct affinity_key {
	__u64 client;
	struct address address;
	__u16 port;
	__u8 protocol;
	__u8 pad[5];
};

struct affinity_value {
	__u64 used_ns;
	struct address address;
	__u16 port;
	__u16 pad[3];
};

struct translation_key {
	__u64 cookie;
	struct address address;
	__u16 port;
	__u8 protocol;
	__u8 pad[5];
};

struct translation_value {
	struct address address;
	__u16 port;
	__u16 pad;
};

/* The most entries of each map unless the loader says otherwise; see abi::capacity. */
enum {
	CAPACITY_PEERS = 131072,
	CAPACITY_PREFIXES = 16384,
	CAPACITY_ROWS = 65536,
	CAPACITY_CELLS = 262144,
	CAPACITY_ENDPOINTS = 1024,
	CAPACITY_RULE_COUNTS = 4096,
	CAPACITY_EXECUTABLES = 2048,
	PORT_SLOTS = 3 << 16,
};
