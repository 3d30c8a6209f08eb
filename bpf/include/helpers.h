// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The helpers that the programs call and the words that describe maps.
 *
 * Helpers are known to the kernel by number; these numbers never change. They are listed here, few
 * as they are, so that building needs no header of the system.
 */
#pragma once

#include "vmlinux.h"

#define SEC(name) __attribute__((section(name), used))
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
/*
 * A function that the verifier checks by itself, once, instead of at every call with every state of
 * its caller. In exchange it trusts no argument, so these functions check their pointers again.
 */
#define __checked_alone __attribute__((noinline))
#define __weak __attribute__((weak))
#define __ksym __attribute__((section(".ksyms")))

/* Describes a map by its type information: a number, a type. */
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name
#define LIBBPF_PIN_BY_NAME 1

enum { BPF_SK_STORAGE_GET_F_CREATE = 1 };

enum { BPF_F_RECOMPUTE_CSUM = 1, BPF_F_INGRESS = 1 };

/* What a helper says, negated, where the entry is there already. */
#define EEXIST 17

#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))

#define ntohs(x) ((__u16)__builtin_bswap16(x))
#define htons(x) ((__u16)__builtin_bswap16(x))
#define ntohl(x) ((__u32)__builtin_bswap32(x))
#define htonl(x) ((__u32)__builtin_bswap32(x))
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "big-endian machines are not supported"
#endif

#define memcpy(to, from, size) __builtin_memcpy(to, from, size)
#define memset(to, byte, size) __builtin_memset(to, byte, size)

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value,
					 __u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static long (*const bpf_skb_store_bytes)(struct __sk_buff *skb, __u32 offset, const void *from,
					 __u32 size, __u64 flags) = (void *)9;
static long (*const bpf_l3_csum_replace)(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to,
					 __u64 flags) = (void *)10;
static long (*const bpf_l4_csum_replace)(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to,
					 __u64 flags) = (void *)11;
static long (*const bpf_clone_redirect)(struct __sk_buff *skb, __u32 interface,
					__u64 flags) = (void *)13;
static long (*const bpf_skb_load_bytes)(const void *skb, __u32 offset, void *to,
					__u32 size) = (void *)26;
static __s64 (*const bpf_csum_diff)(const void *from, __u32 from_size, const void *to,
				    __u32 to_size, __u32 seed) = (void *)28;
static long (*const bpf_skb_change_tail)(struct __sk_buff *skb, __u32 length,
					 __u64 flags) = (void *)38;
static __u64 (*const bpf_get_socket_cookie)(void *context) = (void *)46;
static __u64 (*const bpf_skb_cgroup_id)(struct __sk_buff *skb) = (void *)79;
static __u64 (*const bpf_get_current_cgroup_id)(void) = (void *)80;
static struct bpf_sock *(*const bpf_sk_fullsock)(struct bpf_sock *socket) = (void *)95;
static void *(*const bpf_sk_storage_get)(void *map, void *socket, void *value,
					 __u64 flags) = (void *)107;
static long (*const bpf_probe_read_kernel_str)(void *to, __u32 size, const void *from) = (void *)115;
static __u64 (*const bpf_get_netns_cookie)(void *context) = (void *)122;
static void *(*const bpf_ringbuf_reserve)(void *ring, __u64 size, __u64 flags) = (void *)131;
static void (*const bpf_ringbuf_submit)(void *data, __u64 flags) = (void *)132;
static struct task_struct *(*const bpf_get_current_task_btf)(void) = (void *)158;
static __u64 (*const bpf_ktime_get_coarse_ns)(void) = (void *)160;
