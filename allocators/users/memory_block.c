// SPDX-License-Identifier: MIT
/* memory_block.c - what is checked before memory goes or comes, who is told, and the hotplug lock. */
#include "memory_block.h"

struct hotplug_request {
	struct user_request base;
	struct memory_blocks *blocks;
	pfn_t start;
	uint32_t nr;
	uint32_t cpu;
	uint16_t passes;
};

static struct hotplug_request *of(struct user_request *r)
{
	return (struct hotplug_request *)r;
}

int memory_blocks_init(struct memory_blocks *b, const struct user_machine *m, uint32_t pages, struct contig_diag *diag)
{
	uint32_t least = user_npb(m->g) > user_nmax(m->g) ? user_npb(m->g) : user_nmax(m->g);
	uint32_t section = m->g->section_order ? 1u << m->g->section_order : 1;

	if (!pages || pages & (pages - 1))
		return contig_diag_set(diag, -EINVAL, "memory block of %u pages: must be a power of two", pages);
	if (pages < least)
		return contig_diag_set(
			diag, -EINVAL,
			"memory block of %u pages: at least %u, a pageblock and the largest free run (--memory-block)",
			pages, least);
	if (pages < section)
		return contig_diag_set(diag, -EINVAL, "memory block of %u pages: at least a section, %u pages", pages,
		                       section);
	*b = (struct memory_blocks){ .m = *m, .pages = pages };
	return 0;
}

/* ---- checks ---------------------------------------------------------------------------------- */

static int check(const struct memory_blocks *b, pfn_t start, uint32_t nr, const char *what, struct contig_diag *diag)
{
	if (!nr || (start | nr) & (b->pages - 1))
		return contig_diag_set(
			diag, -EINVAL,
			"%s of %u pages at pfn %u: memory blocks are of %u pages, and only whole ones go", what, nr,
			start, b->pages);
	if (!user_zone(b->m.g, start, nr))
		return contig_diag_set(diag, -EINVAL, "%s of %u pages at pfn %u: they lie in no one zone", what, nr,
		                       start);
	return 0;
}

/* All of it absent, or none of it. */
static int check_holes(const struct memory_blocks *b, pfn_t start, uint32_t nr, bool absent, struct contig_diag *diag)
{
	struct contig_run run;

	for (uint64_t pfn = start; pfn < (uint64_t)start + nr; pfn = (uint64_t)run.pfn + run.nr) {
		b->m.lab->run(b->m.c, (pfn_t)pfn, &run);
		if ((run.kind == PAGE_ABSENT) == absent)
			continue;
		return contig_diag_set(diag, -EINVAL, "%s of %u pages at pfn %u: page %u is %s",
		                       absent ? "online" : "offline", nr, start, (pfn_t)pfn,
		                       absent ? "there already" : "not there");
	}
	return 0;
}

static int begin(struct memory_blocks *b, pfn_t start, uint32_t nr, uint32_t cpu, user_state *state,
                 struct user_request **out, struct contig_diag *diag)
{
	*out = user_begin(b->m.c, sizeof(struct hotplug_request), state);
	if (!*out)
		return contig_diag_set(diag, -ENOMEM, "no memory for a hotplug request");
	struct hotplug_request *q = of(*out);

	q->blocks = b;
	q->start = start;
	q->nr = nr;
	q->cpu = cpu;
	return 0;
}

/* ---- offline --------------------------------------------------------------------------------- */

static enum user_progress offline_over(struct user_request *r, struct contig_work *work)
{
	struct hotplug_request *q = of(r);

	(void)work;
	if (r->call.rc)
		drivers_cancel_offline(q->blocks->m.drivers, q->start, q->nr);
	else
		r->out.nr = q->nr;
	user_unlock(&q->blocks->lock, r);
	return user_finish(r, r->call.rc);
}

static enum user_progress offline(struct user_request *r, struct contig_work *work)
{
	struct hotplug_request *q = of(r);
	const struct contig_range_args args = {
		.start = q->start, .nr = q->nr, .cpu = q->cpu, .op = RANGE_OFFLINE, .passes = q->passes
	};

	(void)work;
	if (!user_lock(&q->blocks->lock, r))
		return USER_WAITS;
	return user_call(r, &args, offline_over);
}

int memory_offline_begin(struct memory_blocks *b, pfn_t start, uint32_t nr, uint32_t cpu, uint16_t passes,
                         struct user_request **out, struct contig_diag *diag)
{
	int rc = check(b, start, nr, "offline", diag);

	if (!rc)
		rc = check_holes(b, start, nr, false, diag);
	if (!rc)
		rc = begin(b, start, nr, cpu, offline, out, diag);
	if (!rc)
		of(*out)->passes = passes;
	return rc;
}

/* ---- online ---------------------------------------------------------------------------------- */

static enum user_progress online(struct user_request *r, struct contig_work *work)
{
	struct hotplug_request *q = of(r);

	if (!user_lock(&q->blocks->lock, r))
		return USER_WAITS;
	int rc = contig_range_online(r->c, q->cpu, q->start, q->nr);

	/* every block comes isolated and is un-isolated */
	work->phase = PHASE_UNDO;
	work->blocks = q->nr >> q->blocks->m.g->pageblock_order;
	r->out.start = q->start;
	r->out.nr = rc ? 0 : q->nr;
	if (!rc)
		drivers_came_online(q->blocks->m.drivers, q->start, q->nr);
	user_unlock(&q->blocks->lock, r);
	return user_finish(r, rc);
}

int memory_online_begin(struct memory_blocks *b, pfn_t start, uint32_t nr, uint32_t cpu, struct user_request **out,
                        struct contig_diag *diag)
{
	int rc = check(b, start, nr, "online", diag);

	if (!rc)
		rc = check_holes(b, start, nr, true, diag);
	return rc ? rc : begin(b, start, nr, cpu, online, out, diag);
}
