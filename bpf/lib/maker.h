// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who made a socket: the executable and the process, as they were when it was created or last used
 * to open a connection.
 *
 * A packet knows its socket only at its sender's own veth, so that is where this is read. Whoever
 * passes a socket on, or becomes another executable with it open, keeps the maker's name on it.
 */
#pragma once

#include "../include/helpers.h"
#include "../include/abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__type(key, __s32);
	__type(value, struct maker);
	/* An accepted socket begins with what its listener had. */
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} makers SEC(".maps");

static __always_inline void maker_of_current(struct maker *maker)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = task->mm->exe_file->f_inode;

	maker->inode = inode->i_ino;
	maker->device = inode->i_sb->s_dev;
	maker->process = task->tgid;
	maker->started_ns = task->group_leader->start_boottime;
}

/* Says of a socket that the process at hand made it. */
static __always_inline void maker_stamp(void *socket)
{
	struct maker *maker = bpf_sk_storage_get(&makers, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (maker)
		maker_of_current(maker);
}

#ifdef TEST_RUN
/* A test run has no sockets, so it is told. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct maker);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} test_maker SEC(".maps");

static __always_inline struct maker *maker_find(struct __sk_buff *skb)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&test_maker, &first);
}
#else
/* Who made the packet's socket. Returns: NULL where that is not known. */
static __always_inline struct maker *maker_find(struct __sk_buff *skb)
{
	struct bpf_sock *socket = skb->sk;

	if (!socket)
		return NULL;
	socket = bpf_sk_fullsock(socket);
	if (!socket)
		return NULL;
	return bpf_sk_storage_get(&makers, socket, NULL, 0);
}
#endif
