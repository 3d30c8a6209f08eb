// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reasons that name no rule. Generated from crates/model/src/reason.rs: change it there,
 * then write the text that the test of this file prints.
 */
#pragma once

enum reason {
	REASON_DEFAULT_ALLOW = 1, /* No rule of any tier decided, so the flow is allowed. */
	REASON_LOCAL_NODE = 2, /* The pod's own node made this packet, which is always allowed in. */
	REASON_SELF = 3, /* The pod talks to its own address. */
	REASON_HOST = 4, /* This end is a node or runs on the host's network, where no policy applies. */
	REASON_ADDRESSING = 5, /* Neighbour discovery, address configuration and path-MTU messages always work. */
	REASON_QUARANTINE = 6, /* The pod has no programmed policy yet. */
	REASON_SPOOFED = 7, /* The sender does not own the address it used. */
	REASON_UNPARSABLE = 8, /* The packet cannot be read. */
	REASON_FRAGMENT = 9, /* A fragment whose first part was not seen. */
	REASON_NO_SYN = 10, /* A TCP packet of no known connection that does not open one. */
	REASON_NOT_PROGRAMMED = 11, /* The table has no row or cell for this flow. */
	REASON_UNTAGGED = 12, /* Rules ask which process sends, and this packet's is not known. */
};
