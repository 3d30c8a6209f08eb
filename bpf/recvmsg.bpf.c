// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a datagram names its sender: a backend becomes the Service that was asked.
 */
#include "lib/translation.h"

SEC("cgroup/recvmsg4")
int ringfence_recvmsg4(struct bpf_sock_addr *context)
{
	return translate_back(context, false);
}

SEC("cgroup/recvmsg6")
int ringfence_recvmsg6(struct bpf_sock_addr *context)
{
	return translate_back(context, true);
}
