/* SPDX-License-Identifier: MIT */
/* backend_inside.h - what the parts of a guest's backend share. */
#ifndef GUEST_BACKEND_INSIDE_H
#define GUEST_BACKEND_INSIDE_H

#include "backend.h"

/* A kernel by name, and the guest that runs it. */
struct machine {
	struct contig_backend ops;
	char name[CONTIG_MAX_NAME + 1]; /* "linux-6.1@guest" */
	char kernel[CONTIG_MAX_NAME + 1];
	char summary[320];
	backend_boot boot;
	struct guest *g;
	struct guest_contig *user; /* whose arena it has */
	uint64_t tainted;          /* what it has warned of before */
	bool went_offline;         /* memory of the zone, for the host */
	struct machine *next;
};

/* An allocation of the host's, by its owner number. */
struct held {
	owner_t owner; /* OWNER_NONE: no entry */
	pfn_t pfn;     /* PFN_NONE: gone */
	uint8_t kind;
	uint8_t order;
	bool host; /* the agent holds it as a request's result: only the host says that it is kernel memory */
};

/* A page of the arena: what is wanted there, or what was seen. Heads say it for their run; order 0 each by itself. */
struct spot {
	uint32_t head; /* offset of the run's first page */
	uint8_t kind;
	uint8_t order;
	uint8_t list;
	bool pinned, frozen;
	bool list_wanted; /* by relist() */
	owner_t owner;
};

struct guest_contig {
	struct contig c;
	struct machine *m;
	struct contig_geometry g;
	const struct contig_hooks *hooks;
	/* what went wrong, for verify(): 0, -EOPNOTSUPP or -EIO */
	int rc;
	struct contig_diag why;
	/* the arena, rounded up to runs of order M, and its zone */
	pfn_t start, zone_start;
	uint32_t pages, zone_pages;
	/* who has what: open addressing by owner, and by page of the zone */
	struct held *held;
	uint32_t held_room, nr_held;
	owner_t *at;
	/* until settle() */
	bool collecting;
	bool froze; /* pages in use, since */
	struct spot *wanted;
	char *wanted_type;
	/* as seen last; stale after any change */
	bool seen_valid, types_valid, stats_valid;
	struct spot *seen;
	char *type; /* of all blocks of the zone */
	struct contig_stats stats;
	int64_t drift, drift_cma;
	bool no_cma; /* the kernel was configured without */
	uint64_t tainted;
};

static inline struct guest_contig *guest_of(struct contig *c)
{
	return (struct guest_contig *)c;
}

/*
 * Ask the agent, or tell it without waiting. 0, or the error that also becomes gc->rc: -EIO when the guest is gone or answers
 * nonsense, -EOPNOTSUPP when this kernel can not do it. Other negative RCs are the caller's.
 */
int guest_ask(struct guest_contig *gc, struct guest_answer **ans, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int guest_tell(struct guest_contig *gc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The first of these counts; returns gc->rc. */
int guest_fails(struct guest_contig *gc, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A number of hello's; 0 if the guest is gone, too. */
uint64_t guest_says_number(const struct guest_contig *gc, const char *key);
/* What was seen is no longer so. */
void guest_changed(struct guest_contig *gc);

/* lab->arena */
int guest_arena(struct contig *c, uint32_t blocks, pfn_t *start, struct contig_diag *diag);

static inline bool in_arena(const struct guest_contig *gc, pfn_t pfn)
{
	return pfn - gc->start < gc->pages;
}

/* ---- backend_held.c ---- */

/* Note or change an allocation; PFN_NONE: it is gone. -ENOMEM. */
int held_set(struct guest_contig *gc, const struct held *h);
struct held *held_of(struct guest_contig *gc, owner_t owner);
struct held *held_at(struct guest_contig *gc, pfn_t pfn);
void held_forget(struct guest_contig *gc);

/* ---- backend_look.c ---- */

/* The kind that a letter of the layout string means; PAGE_NONE for none. */
enum page_kind kind_of_letter(char letter, bool *frozen);
char letter_of_kind(enum page_kind kind);
void seen_run(struct guest_contig *gc, pfn_t pfn, struct contig_run *out);
/* A letter as wire.h has it, 0 if the block is not in the zone. */
char seen_type(struct guest_contig *gc, block_t block);
int see_stats(struct guest_contig *gc);

/* ---- backend_place.c: what is wanted ---- */

int wanted_place(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner);
int wanted_relist(struct guest_contig *gc, pfn_t pfn, enum migratetype mt);
int wanted_pin(struct guest_contig *gc, pfn_t pfn, bool on);
int wanted_freeze(struct guest_contig *gc, pfn_t pfn);
void wanted_run(const struct guest_contig *gc, pfn_t pfn, struct contig_run *out);
/* Nothing is wanted yet: reserved pages in MOVABLE blocks. */
void wanted_clear(struct guest_contig *gc);

/* ---- backend_settle.c: and how it comes about ---- */

int guest_settle(struct contig *c, struct contig_diag *diag);

/* ---- backend_ops.c ---- */

extern const struct contig_lab guest_lab;
void guest_ops(struct contig_backend *b);
/* alloc and free as the agent has them; the pfn or a negative errno. */
int64_t guest_alloc(struct guest_contig *gc, owner_t owner, enum page_kind kind, unsigned int order,
                    enum migratetype mt, bool highatomic);

#endif
