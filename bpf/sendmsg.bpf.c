// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a datagram names its receiver: each one may go to another backend.
 */
#include "lib/translation.h"

SEC("cgroup/sendmsg4")
int ringfence_sendmsg4(struct bpf_sock_addr *context)
{
	maker_stamp(context->sk);
	return translate(context, false);
}

SEC("cgroup/sendmsg6")
int ringfence_sendmsg6(struct bpf_sock_addr *context)
{
	maker_stamp(context->sk);
	return translate(context, true);
}
