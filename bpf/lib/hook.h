// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A hook's view of one packet: what the thin hook files derive from the kernel and hand on.
 *
 * A test run can supply neither sockets nor incoming devices. So nothing below the hook files reads
 * them: they are arguments, and all but the derivation is tested without a network.
 */
#pragma once

#include "endpoint.h"

struct hook {
	/* Index of the host side of the pod's veth. */
	__u32 interface;
	/* Index of the device that the packet came in by; 0 for none. */
	__u32 incoming;
	/* Index of the device that resets are sent by; 0 in a test run, which has none. */
	__u32 device;
	/* EGRESS: the pod sends. INGRESS: the pod receives. */
	__u8 direction;
	/*
	 * A socket of this node made the packet, as far as device, socket and namespace tell. It
	 * counts only together with one of the node's own addresses as source.
	 */
	__u8 local_socket;
	/* The sender's cgroup, read at its own veth; 0 elsewhere. */
	__u64 container;
};
