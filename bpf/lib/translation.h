// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Service translation at the socket: a Service's address becomes a backend's before there is a
 * packet, and becomes the Service's again where the program asks whom it talks to.
 *
 * Policy then judges the backend (ruling N13) and nobody has to rewrite packets. Both families are
 * one table: a mapped address on an IPv6 socket is the IPv4 address that it is. Translating twice
 * changes nothing, because a backend's address is no Service's.
 */
#pragma once

#include "affinity.h"
#include "judge.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct translation_key);
	__type(value, struct translation_value);
	__uint(max_entries, 65536);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} translations SEC(".maps");

/* By the cookie of its network namespace, the pod that a socket belongs to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct interface);
	__uint(max_entries, CAPACITY_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pods SEC(".maps");

enum { REFUSE = 0, PROCEED = 1 };

/* An address and port as a socket call names them. */
struct name {
	struct address address;
	__u16 port;
	__u8 protocol;
};

static __always_inline void name_read(struct bpf_sock_addr *context, bool ipv6, struct name *name)
{
	if (ipv6)
		address_set(&name->address, context->user_ip6[0], context->user_ip6[1],
			    context->user_ip6[2], context->user_ip6[3]);
	else
		address_from_ipv4(&name->address, context->user_ip4);
	name->port = ntohs((__u16)context->user_port);
	name->protocol = context->protocol;
}

static __always_inline void name_write(struct bpf_sock_addr *context, bool ipv6,
				       const struct address *address, __u16 port)
{
	if (ipv6) {
		context->user_ip6[0] = address_word(address, 0);
		context->user_ip6[1] = address_word(address, 1);
		context->user_ip6[2] = address_word(address, 2);
		context->user_ip6[3] = address_word(address, 3);
	} else {
		context->user_ip4 = address_word(address, 3);
	}
	context->user_port = htons(port);
}

/* Says whether one set lets the pod reach itself; tells of it where it does not. */
static __always_inline bool hairpin_passes(struct report *report, const struct maker *maker,
					   __u32 set, const struct backend_value *backend)
{
	table_answer(set, &backend->address, report->key.protocol, backend->port,
		     &report->judgement.enforced);
	if (report->judgement.enforced.verdict == VERDICT_ALLOW)
		return true;
	count(report->judgement.enforced.reason);
	event_repeated(report, maker);
	return false;
}

/*
 * The pod reaches itself through a Service (ruling N14). The packet never leaves its namespace, so
 * this is the only place where its policy can be asked.
 */
static __noinline int hairpin_allowed(struct bpf_sock_addr *context,
				      const struct backend_value *backend, __u8 protocol)
{
	__u64 cookie = bpf_get_netns_cookie(context);
	struct interface *pod = bpf_map_lookup_elem(&pods, &cookie);
	struct report report = { .kind = EVENT_DENIED };
	struct maker maker = {};
	struct endpoint *endpoint;
	__u64 sets;

	if (!pod || !interface_owns(pod, &backend->address))
		return true;
	endpoint = bpf_map_lookup_elem(&endpoints, &pod->endpoint);
	if (!endpoint)
		return true;
	sets = READ_ONCE(endpoint->hairpin);
	if (!sets_live(sets))
		return true;
	report.local = backend->address;
	report.key.remote = backend->address;
	report.key.endpoint = pod->endpoint;
	report.key.remote_port = backend->port;
	report.key.protocol = protocol;
	report.key.family = address_is_mapped(&backend->address) ? 4 : 6;
	report.generation = endpoint->generation;
	report.container = bpf_get_current_cgroup_id();
	maker_of_current(&maker);
	if (!hairpin_passes(&report, &maker, sets_of(sets, EGRESS), backend))
		return false;
	report.remote_opened = 1;
	report.key.local_port = backend->port;
	report.key.remote_port = 0;
	return hairpin_passes(&report, &maker, sets_of(sets, INGRESS), backend);
}

/*
 * From the Service to a backend. Without a usable backend the address stays what it is, and so does
 * one that the node has taken for itself, as a cache of names on each node does.
 */
static __always_inline int translate(struct bpf_sock_addr *context, bool ipv6)
{
	struct translation_key key = {};
	struct translation_value value = {};
	struct affinity_key client = {};
	struct service_value *service;
	struct backend_value *backend;
	struct name name = {};

	name_read(context, ipv6, &name);
	service = service_find(&name.address, name.port, name.protocol);
	if (!service || address_is_node(&name.address))
		return PROCEED;
	client.client = bpf_get_netns_cookie(context);
	client.address = name.address;
	client.port = name.port;
	client.protocol = name.protocol;
	backend = backend_choose(service, &client);
	if (!backend || address_is_mapped(&backend->address) != address_is_mapped(&name.address))
		return PROCEED;
	if (!hairpin_allowed(context, backend, name.protocol))
		return REFUSE;
	key.cookie = bpf_get_socket_cookie(context);
	key.address = backend->address;
	key.port = backend->port;
	key.protocol = name.protocol;
	value.address = name.address;
	value.port = name.port;
	bpf_map_update_elem(&translations, &key, &value, BPF_ANY);
	name_write(context, ipv6, &backend->address, backend->port);
	return PROCEED;
}

/* From a backend to the Service that this socket named. */
static __always_inline int translate_back(struct bpf_sock_addr *context, bool ipv6)
{
	struct translation_key key = {};
	struct translation_value *value;
	struct name name = {};

	name_read(context, ipv6, &name);
	key.cookie = bpf_get_socket_cookie(context);
	key.address = name.address;
	key.port = name.port;
	key.protocol = name.protocol;
	value = bpf_map_lookup_elem(&translations, &key);
	if (value)
		name_write(context, ipv6, &value->address, value->port);
	return PROCEED;
}
