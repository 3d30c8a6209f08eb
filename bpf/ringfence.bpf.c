// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All hooks as one object, because they share their maps.
 */
#include "egress.bpf.c"
#include "ingress.bpf.c"
#include "connect.bpf.c"
#include "getpeername.bpf.c"
#include "exec.bpf.c"
#include "recvmsg.bpf.c"
#include "sendmsg.bpf.c"
#include "sock_create.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
