/* SPDX-License-Identifier: MIT */
/*
 * world.h - a small zone with a drawing in it: pageblocks of 8 pages (P = 3), M = 4, region R of two or more blocks with
 * free order-M runs behind it for migration to go to.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "../../allocators/users/user.h"

#define NPB         8u
#define NMAX        16u
#define WORLD_PAGES 256u

struct world {
	struct contig *c;
	struct contig_geometry g;
	uint32_t nr_blocks;        /* of the drawing, which begins at pfn 0 */
	pfn_t at[2 * WORLD_PAGES]; /* by owner: where its pages are */
	uint32_t moves;
	struct user_drivers drivers; /* who is told by the hooks */
	struct contig_outcome out;   /* of the last request */
};

/* The drawing has types: "[MU] F3 | K L*7". Asserts that it can be. Watermarks are out of the way. */
void world_open(struct world *w, const char *backend, const char *drawing);
/* The same where the low watermark is out of reach: everybody takes the slow path. */
void world_open_short(struct world *w, const char *backend, const char *drawing);
/* The same with nothing behind it that a U, M or R request could get. */
void world_open_alone(struct world *w, const char *backend, const char *drawing);
/* `pages` of one zone of this type, all free. */
void world_open_zone(struct world *w, const char *backend, uint32_t pages, enum contig_zone_type type);
void world_close(struct world *w);

/* alloc_contig_range of [start, start + nr) after a drain; verify afterwards. Returns rc, outcome in w->out. */
int world_take(struct world *w, enum contig_caller caller, pfn_t start, uint32_t nr);
void world_give(struct world *w, pfn_t start, uint32_t nr);
/* Free what the drawing had at this page, wherever it is now, and drain. */
void world_free(struct world *w, pfn_t drawn_at);
void world_drain(struct world *w);
void world_verify(struct world *w);

/* The drawing as it is now must be this one; prints both otherwise. */
void world_expect(struct world *w, const char *drawing);
void world_expect_types(struct world *w, const char *types);

/* Pages that NR_FREE_PAGES or NR_FREE_CMA has too many (+) or too few, against free pages by block (I6b). */
int64_t world_drift(struct world *w, bool cma);

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#endif
