// SPDX-License-Identifier: MIT
/*
 * first_fit_range.c - contiguous requests of the first-fit baseline, step by step:
 *
 *	ISOLATE   look at every page of exactly the range; something that can not move: -EBUSY, nothing has changed.
 *		  Else hold the range: free pages are taken now, used ones become the request's when they are freed.
 *	MIGRATE   move away what is still in use, 32 pages at a time (COMPACT_CLUSTER_MAX), for as many steps as needed.
 *	GRAB	  every page of the range is there: hand it over.
 *	UNDO	  no memory to migrate to (-ENOMEM): let go of what was held.
 *
 * A held page is a used page of kind PAGE_CONTIG whose bit in the held map is set; one that the caller got has the bit
 * cleared. As nobody can allocate inside a held range, nothing that failed to block in ISOLATE can block later.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "first_fit.h"

#define PAGES_A_STEP 32u

struct ff_range {
	struct contig_range range; /* must be first */
	struct first_fit *ff;
	struct ff_zone *zone;
	uint32_t from, to; /* indices into the zone's arrays; to is exclusive */
	uint32_t cursor;   /* everything before it is held */
	uint8_t phase;     /* of the next step */
	struct contig_outcome out;
};

int ff_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct first_fit *ff = (struct first_fit *)c;
	struct ff_zone *z = ff_zone_of(ff, args->start);

	if (!args->nr || !z || args->nr > z->end - args->start || args->caller >= CALLER_NR)
		return -EINVAL;

	struct ff_range *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->range.ops = c->ops;
	r->ff = ff;
	r->zone = z;
	r->from = r->cursor = args->start - z->base;
	r->to = r->from + args->nr;
	r->phase = PHASE_ISOLATE;
	r->out.autopsy.pfn = PFN_NONE;
	*out = &r->range;
	return 0;
}

static void fail(struct ff_range *r, int rc, enum contig_reason reason, uint32_t index)
{
	struct ff_zone *z = r->zone;

	r->out.rc = rc;
	r->out.autopsy = (struct contig_autopsy){
		.phase = r->phase,
		.reason = (uint8_t)reason,
		.kind = z->page[index].kind,
		.pfn = z->base + index,
		.owner = z->page[index].kind == PAGE_CONTIG ? OWNER_NONE : z->owner[index],
	};
}

static uint32_t blocks_touched(const struct ff_range *r)
{
	unsigned int p = r->ff->g.pageblock_order;

	return ((r->zone->base + r->to - 1) >> p) - ((r->zone->base + r->from) >> p) + 1;
}

/* The first page that forbids the request, or NULL-like r->to. Counts a free stretch or an allocation as one look. */
static uint32_t find_blocker(struct ff_range *r, struct contig_work *work, enum contig_reason *reason)
{
	const struct ff_zone *z = r->zone;
	uint32_t i = r->from;

	while (i < r->to) {
		work->scanned++;
		if (ff_bit(z->free_map, i)) {
			/* to the next used page of this word, or to the next word */
			uint64_t used = ~z->free_map[i / 64] >> (i % 64);

			i += used ? (uint32_t)__builtin_ctzll(used) : 64 - i % 64;
			continue;
		}
		uint32_t head = ff_head(z, i, r->ff->g.max_order);
		if (ff_bit(z->held_map, i) || !ff_movable(z->page[head].kind)) {
			bool taken = ff_bit(z->held_map, i) || z->page[head].kind == PAGE_CONTIG;

			*reason = taken ? WHY_ALREADY_ISOLATED : WHY_UNMOVABLE;
			return head;
		}
		i = head + (1u << z->page[head].order);
	}
	return r->to;
}

static void step_isolate(struct ff_range *r, struct contig_work *work)
{
	struct ff_zone *z = r->zone;
	enum contig_reason reason = WHY_NONE;
	uint32_t blocker = find_blocker(r, work, &reason);

	if (reason != WHY_NONE) {
		fail(r, -EBUSY, reason, blocker);
		r->phase = PHASE_DONE;
		return;
	}
	work->blocks = blocks_touched(r);
	for (uint32_t w = r->from / 64; w * 64 < r->to; w++) {
		uint64_t mask = ff_word_mask(w, r->from, r->to);
		uint64_t taken = z->free_map[w] & mask;

		z->held_map[w] |= mask;
		z->free_map[w] &= ~mask;
		z->nr_free -= (uint32_t)__builtin_popcountll(taken);
		work->moved += (uint32_t)__builtin_popcountll(taken);
		for (; taken; taken &= taken - 1)
			z->page[w * 64 + (uint32_t)__builtin_ctzll(taken)] = (struct ff_page){ .kind = PAGE_CONTIG };
	}
	r->phase = PHASE_MIGRATE;
}

/* Move one allocation out of the way; false if there is no room for it. */
static bool migrate(struct ff_range *r, uint32_t head)
{
	struct first_fit *ff = r->ff;
	struct ff_zone *from = r->zone;
	struct ff_page p = from->page[head];
	owner_t owner = from->owner[head];
	uint32_t to;
	struct ff_zone *z = ff_take(ff, p.order, from->node, false, true, &to);

	if (!z)
		return false;
	z->page[to] = p;
	z->owner[to] = owner;
	ff_release(ff, from, head, 1u << p.order);
	from->migrated += 1u << p.order;
	if (ff->hooks.moved)
		ff->hooks.moved(ff->hooks.ctx, owner, from->base + head, z->base + to, p.order);
	return true;
}

static void step_migrate(struct ff_range *r, struct contig_work *work)
{
	const struct ff_zone *z = r->zone;

	while (r->cursor < r->to && work->migrated < PAGES_A_STEP) {
		work->scanned++;
		if (z->page[r->cursor].kind == PAGE_CONTIG) {
			r->cursor++;
			continue;
		}
		uint32_t head = ff_head(z, r->cursor, r->ff->g.max_order);
		uint32_t nr = 1u << z->page[head].order;

		if (work->migrated && work->migrated + nr > PAGES_A_STEP)
			return;
		if (!migrate(r, head)) {
			work->not_migrated += nr;
			fail(r, -ENOMEM, WHY_NO_TARGET, head);
			r->phase = PHASE_UNDO;
			return;
		}
		work->migrated += nr;
		r->cursor = head + nr < r->to ? head + nr : r->to;
	}
	if (r->cursor == r->to)
		r->phase = PHASE_GRAB;
}

static void let_go(struct ff_range *r)
{
	struct ff_zone *z = r->zone;

	for (uint32_t w = r->from / 64; w * 64 < r->to; w++)
		z->held_map[w] &= ~ff_word_mask(w, r->from, r->to);
}

static void step_grab(struct ff_range *r, struct contig_work *work)
{
	let_go(r);
	work->blocks = blocks_touched(r);
	work->grabbed = r->to - r->from;
	r->phase = PHASE_DONE;
}

static void step_undo(struct ff_range *r, struct contig_work *work)
{
	struct ff_zone *z = r->zone;

	let_go(r);
	work->blocks = blocks_touched(r);
	for (uint32_t i = r->from; i < r->to; i++) {
		if (z->page[i].kind == PAGE_CONTIG) {
			ff_set_free(r->ff, z, i, 1);
			work->moved++;
		}
	}
	r->phase = PHASE_DONE;
}

static void add(struct contig_work *sum, const struct contig_work *work)
{
	sum->phase = work->phase;
	sum->blocks += work->blocks;
	sum->scanned += work->scanned;
	sum->moved += work->moved;
	sum->migrated += work->migrated;
	sum->not_migrated += work->not_migrated;
	sum->grabbed += work->grabbed;
}

int ff_range_step(struct contig_range *range, struct contig_work *work)
{
	static void (*const steps[PHASE_NR])(struct ff_range *, struct contig_work *) = {
		[PHASE_ISOLATE] = step_isolate,
		[PHASE_MIGRATE] = step_migrate,
		[PHASE_GRAB] = step_grab,
		[PHASE_UNDO] = step_undo,
	};
	struct ff_range *r = (struct ff_range *)range;

	*work = (struct contig_work){ .phase = r->phase };
	assert(steps[r->phase]);
	steps[r->phase](r, work);
	add(&r->out.by_phase[work->phase], work);
	add(&r->out.total, work);
	return r->phase != PHASE_DONE;
}

void ff_range_end(struct contig_range *range, struct contig_outcome *out)
{
	struct ff_range *r = (struct ff_range *)range;

	assert(r->phase == PHASE_DONE);
	*out = r->out;
	free(r);
}

int ff_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	struct first_fit *ff = (struct first_fit *)c;
	struct ff_zone *z = ff_zone_of(ff, start);

	(void)cpu;
	if (!nr || !z || nr > z->end - start)
		return -EINVAL;
	for (uint32_t i = start - z->base; i < start - z->base + nr; i++) {
		if (z->page[i].kind != PAGE_CONTIG || ff_bit(z->held_map, i))
			return -EINVAL;
	}
	ff_set_free(ff, z, start - z->base, nr);
	return 0;
}
