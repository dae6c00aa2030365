/* SPDX-License-Identifier: MIT */
/*
 * reshape.h - a trace made to fit another machine than the one it was recorded on: more nodes, another page size.
 *
 * Events keep their number and their time, so that an autopsy still names events of the trace; one that has nothing left
 * to do becomes a TRACE_MARK. Identities are those of the trace, too.
 */
#ifndef RESHAPE_H
#define RESHAPE_H

#include "../../workloads/trace/trace.h"

/*
 * Deal the cpus of a trace of one node out to `nodes`, in turn; allocations follow their cpu's node. With fewer cpus than
 * nodes each cpu stands for several, among which its allocations are dealt 64 at a time; what an allocation's cpu has
 * done, that share of it does. Whose the pages older than the trace were nobody knows: they are dealt to all nodes.
 * 0; -EINVAL with the reason when that is not possible.
 */
int reshape_nodes(struct trace *t, uint32_t nodes, struct contig_diag *diag);

/*
 * The same bytes on pages of 2^page_shift bytes. An allocation of 2^order pages takes as many bytes as before; where that
 * is less than a page, it shares one: what a cpu allocates of one kind and migratetype on one node goes into one page, in
 * the order of time, until something does not fit any more. Such a page is allocated with its first piece and freed with
 * its last one, pinned as long as one of them is, and never refilled. A split ends at whole pages: its pieces live in these
 * until the last of each is freed. A page's identity is that of its first piece.
 * 0; -EBADMSG when events contradict each other, -ERANGE beyond the largest order there is, -ENOMEM.
 */
int reshape_pages(struct trace *t, uint8_t page_shift, struct contig_diag *diag);

#endif
