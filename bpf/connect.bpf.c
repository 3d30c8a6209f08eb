// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a socket is connected: the Service becomes a backend for its whole life.
 */
#include "lib/translation.h"

SEC("cgroup/connect4")
int ringfence_connect4(struct bpf_sock_addr *context)
{
	maker_stamp(context->sk);
	return translate(context, false);
}

SEC("cgroup/connect6")
int ringfence_connect6(struct bpf_sock_addr *context)
{
	maker_stamp(context->sk);
	return translate(context, true);
}
