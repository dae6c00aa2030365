/* SPDX-License-Identifier: MIT */
/* placement_inside.h - what the parts of placement share: nodes to nodes, then threads to cpus. */
#ifndef PLACEMENT_INSIDE_H
#define PLACEMENT_INSIDE_H

#include "placement.h"
#include "topology.h"

/* Fill in p->node_of from the wish's map, or in ascending order. 0, -EINVAL, -ENODEV, -ENOMEM with *diag. */
int placement_map_nodes(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag);
/* Then p->threads, p->thread_of, and p->sharing. 0 or -EINVAL with *diag. */
int placement_map_threads(struct placement *p, const struct placement_wish *wish, struct contig_diag *diag);

#endif
