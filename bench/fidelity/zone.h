/* SPDX-License-Identifier: MIT */
/* zone.h - the zone of a guest's arena as its agent tells of it: types, runs and lists, to be put into the model or drawn. */
#ifndef FIDELITY_ZONE_H
#define FIDELITY_ZONE_H

#include "../exact/zone_layout.h"
#include "../guest/guest.h"

struct guest_zone {
	struct guest *g;
	pfn_t start;
	uint32_t nr_blocks;
};

/* An agent's answer; a negative RC is an error, too: its number, with the agent's words in *diag. */
int guest_zone_ask(struct guest *g, struct guest_answer **answer, struct contig_diag *diag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* -EOPNOTSUPP if its pageblocks are not 512 pages, or it does not begin aligned to the largest run. */
int guest_zone_find(struct guest_zone *z, struct guest *g, struct contig_diag *diag);

/* All of it as it is now; what was there before is freed. Pages that requests got are kernel pages like others. */
int guest_zone_dump(const struct guest_zone *z, struct zone_layout *l, struct contig_diag *diag);

/* Types of these pageblocks; room for nr + 1. */
int guest_zone_types(const struct guest_zone *z, block_t first, uint32_t nr, char *out, struct contig_diag *diag);

/* Their map as layout_map() draws it, marks included; of what requests got only [got, got + nr_got) is told apart. Free it. */
int guest_zone_map(const struct guest_zone *z, block_t first, uint32_t nr, pfn_t got, uint32_t nr_got, char **map,
                   struct contig_diag *diag);

#endif
