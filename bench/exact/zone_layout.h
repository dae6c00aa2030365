/* SPDX-License-Identifier: MIT */
/*
 * zone_layout.h - a whole zone at one moment, as random-NAME.layout.gz has it (docs/formats.md): types, what every page is, and
 * where it was looked for, the free lists in their order.
 */
#ifndef ZONE_LAYOUT_H
#define ZONE_LAYOUT_H

#include <stdio.h>

#include "../../allocators/contig.h"

#define LAYOUT_NPB        512u /* pages of a pageblock */
#define LAYOUT_MAX_BLOCKS 4096u

struct block_layout {
	char type; /* 0: not given */
	uint8_t unmovable[LAYOUT_NPB / 8];
	uint8_t free[LAYOUT_NPB / 8];
};

struct zone_layout {
	uint32_t nr_blocks;
	struct block_layout block[LAYOUT_MAX_BLOCKS];
	/* 0: as on the machine whose answers were recorded first */
	uint32_t managed, wmark_min, wmark_low;
	/* Free runs, list by list, the head of each first. None: the largest aligned ones there are, in no known order. */
	bool listed;
	uint32_t nr_free, room_free;
	struct contig_run *free_run;
	/* Runs in use that are neither an order-0 kernel page nor an order-0 page on the LRU. */
	uint32_t nr_runs, room_runs;
	struct contig_run *run;
};

void zone_layout_free(struct zone_layout *l);

/* What a line says behind the kernel's name. 0, -EBADMSG or -ENOMEM. */
int zone_layout_parse(struct zone_layout *l, const char *line, struct contig_diag *diag);
/* After the last line: does it hold together? 0 or -EBADMSG. */
int zone_layout_check(const struct zone_layout *l, struct contig_diag *diag);
/* All of it, each line behind the kernel's name. */
void zone_layout_print(const struct zone_layout *l, const char *kernel, FILE *f);

/*
 * Add what was seen of a run, in ascending order: in the bitmaps, and to `run` if they do not say it all. Free ones once more, in
 * the order of their lists. 0, -EBADMSG or -ENOMEM.
 */
int zone_layout_saw(struct zone_layout *l, const struct contig_run *run, struct contig_diag *diag);
int zone_layout_add_run(struct zone_layout *l, const struct contig_run *run, struct contig_diag *diag);
int zone_layout_saw_free(struct zone_layout *l, pfn_t pfn, unsigned int order, enum migratetype list,
                         struct contig_diag *diag);

/*
 * Put it down: exactly, the order of lists included, if that is known. The other node of the machine is all free. NULL with
 * *diag, errno is -EINVAL or -EBADMSG as *rc has it.
 */
struct contig *zone_layout_load(const struct zone_layout *l, const char *backend, struct contig_geometry *g,
                                const struct contig_hooks *hooks, int *rc, struct contig_diag *diag);

#endif
