// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a socket is created: its first maker. Connecting and sending name another one.
 */
#include "lib/maker.h"

SEC("cgroup/sock_create")
int ringfence_sock_create(struct bpf_sock *context)
{
	maker_stamp(context);
	return 1;
}
