/* SPDX-License-Identifier: MIT */
/*
 * users.h - a world with users of contiguous memory in it: memory sections of a block of 16 pages, drivers on the
 * chain.
 */
#ifndef TESTS_USERS_H
#define TESTS_USERS_H

#include "world.h"

struct users {
	struct world w;
	struct user_machine m;
	owner_t next;            /* of pages that a test allocates */
	struct user_outcome out; /* of the last request that was run */
	struct contig_diag diag; /* of the last call that takes one */
};

/* The drawing of world_open(), with free order-M runs behind it. */
void users_open(struct users *u, const char *backend, const char *drawing);
/* Only the drawing's free pages are there for movable requests. */
void users_open_alone(struct users *u, const char *backend, const char *drawing);
/* `pages` of a zone of this type, all free. */
void users_open_zone(struct users *u, const char *backend, uint32_t pages, enum contig_zone_type type);
void users_close(struct users *u);

/* Run a request to its end, nobody in its way, and check every invariant. Returns rc, outcome in u->out. */
int users_run(struct users *u, struct user_request *r);
/* One step: USER_DONE, USER_MORE or USER_WAITS. */
enum user_progress users_step(struct user_request *r);
/* Steps until it is done. */
int users_finish(struct users *u, struct user_request *r);

/* Allocate an order-0 page of a kind with a migratetype; PFN_NONE if there is none. */
pfn_t users_alloc(struct users *u, enum page_kind kind, enum migratetype mt);
/* Allocate movable pages until there are no more: how many. */
uint32_t users_fill(struct users *u);
/* Somebody who asks nobody takes these pages: a page in the way that the unmovable check of CMA does not see. */
void users_occupy(struct users *u, pfn_t pfn, uint32_t nr);
/* All pages of [start, start + nr) are of the kind. */
void users_expect_kind(struct users *u, pfn_t start, uint32_t nr, enum page_kind kind);
/* The message of the last call that takes a diag. */
void users_expect_said(const struct users *u, const char *text);

#endif
