// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hook where a program asks for its peer: it is told the Service that it connected to.
 */
#include "lib/translation.h"

SEC("cgroup/getpeername4")
int ringfence_getpeername4(struct bpf_sock_addr *context)
{
	return translate_back(context, false);
}

SEC("cgroup/getpeername6")
int ringfence_getpeername6(struct bpf_sock_addr *context)
{
	return translate_back(context, true);
}
