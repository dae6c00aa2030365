/* SPDX-License-Identifier: MIT */
/*
 * range.h - a request for a range as a sequence of lock-held sections (5.1), shared by the files that do them:
 *
 *   ISOLATE -> DRAIN -> MIGRATE (collect, migrate, ...) -> TEST -> GRAB -> UNDO ALL -> done	alloc_contig_range
 *      |                   |                                 |       |       ^
 *      +-> UNDO OWN -------+---------------------------------+-------+-------+
 *
 *   ISOLATE -> NOTIFY -> (MIGRATE -> TEST) until it is free, and then gone -> done		memory offline
 *      |          |                     |                                     ^
 *      +----------+---------------------+--> UNDO ------------------------------+
 *
 * Each state is one function that does one section and names the next state.
 */
#ifndef RANGE_H
#define RANGE_H

#include "freelist.h"

#define OFFLINE_PASSES 5u /* unless the caller says how often it is worth trying */

enum range_state {
	R_PCP_OFF, /* switch the per-cpu lists off for as long as the request lasts */
	R_ISOLATE,
	R_DRAIN_BLOCK, /* after each isolated block, until v5.18 */
	R_DRAIN,       /* once, from v5.19 on */
	R_NOTIFY,      /* offline: drivers let go of their pages */
	R_COLLECT,
	R_MIGRATE,
	R_TEST,
	R_COUNT, /* the review of 2011: is all of it free? */
	R_GRAB,
	R_UNDO_OWN, /* isolation failed: what it has isolated itself */
	R_UNDO_ALL, /* every isolated block of the range, whoever isolated it */
	R_DONE,
	R_NR,
};

struct range {
	struct contig_range base;
	struct model *m;
	struct zone *z;
	struct contig_range_args args;
	enum range_state state;
	pfn_t start, end;             /* as asked for, end exclusive */
	block_t first, behind;        /* blocks to isolate, behind exclusive */
	block_t own;                  /* blocks [first, own) are isolated by this request ... */
	bool last_own;                /* ... and so is the last one */
	bool pcp_off;                 /* it has the per-cpu lists switched off ... */
	bool raised;                  /* ... the watermarks raised (v3.6) */
	bool told;                    /* offline: drivers know */
	enum range_state after_drain; /* DRAIN_BLOCK: what comes next */
	unsigned int isolated;        /* ISOLATE: calls so far */
	block_t next;                 /* UNDO: next block */
	pfn_t pfn;                    /* MIGRATE and GRAB: next page to look at */
	pfn_t outer;                  /* where the run that covers start begins */
	unsigned int tries;
	unsigned int passes; /* offline: left */
	struct migrate_list list;
	struct contig_outcome out;
	struct range *older; /* of the requests that are not done */
};

/* range.c: how it ends. The request fails with rc in this phase; by->pfn may be PFN_NONE. */
void range_fail(struct range *r, int rc, enum contig_phase phase, const struct blocker *by);
/* The zone's watermarks are higher by so many pages as long as it runs (v3.6), or lower again. */
void range_raise_marks(struct range *r, int64_t pages);
/* The state that un-isolates whatever is isolated in the range. */
enum range_state range_undo_all(struct range *r);

/* grab.c */
enum range_state step_test(struct range *r, struct contig_work *work);
enum range_state step_count(struct range *r, struct contig_work *work);
enum range_state step_grab(struct range *r, struct contig_work *work);
/* Every block isolated and every page from outer to end in a free run? */
bool test_isolated(const struct range *r, struct blocker *by, struct contig_work *work);

/* offline.c */
enum hugetlb_way offline_hugetlb_way(const struct model *m);
bool offline_range_ok(const struct model *m, const struct zone *z, const struct contig_range_args *args);
enum range_state step_notify(struct range *r, struct contig_work *work);
enum range_state offline_step_test(struct range *r, struct contig_work *work);

#endif
