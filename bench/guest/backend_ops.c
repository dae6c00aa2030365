// SPDX-License-Identifier: MIT
/* backend_ops.c - the operations of contig.h in terms of what the agent does (allocators/linux/wire.h). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend_inside.h"

/* Anything but placing: from here on the arena is what the kernel makes of it. */
static void leave_collecting(struct guest_contig *gc)
{
	gc->collecting = false;
}

/* ---- pages ------------------------------------------------------------------------------------- */

int64_t guest_alloc(struct guest_contig *gc, owner_t owner, enum page_kind kind, unsigned int order,
                    enum migratetype mt, bool highatomic)
{
	unsigned long long number = owner, node = guest_says_number(gc, "node");
	struct guest_answer *ans;
	char letter = letter_of_kind(kind);
	int rc = guest_ask(gc, &ans, "alloc %llu %c %u %c %llu%s", number, letter, order, contig_type_letter(mt), node,
	                   highatomic ? " highatomic" : "");

	guest_changed(gc);
	if (rc || ans->rc < 0)
		return rc ? rc : ans->rc;
	if (ans->rc >= PFN_NONE)
		return guest_fails(gc, -EIO, "%s: an allocation at pfn %lld", gc->m->name, (long long)ans->rc);
	const struct held h = { owner, (pfn_t)ans->rc, (uint8_t)kind, (uint8_t)order, false };

	rc = held_set(gc, &h);
	return rc ? rc : ans->rc;
}

static int64_t op_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct guest_contig *gc = guest_of(c);

	(void)cpu; /* the agent's */
	leave_collecting(gc);
	if (gc->rc)
		return gc->rc;
	if (what.last_chance)
		return guest_fails(gc, -EOPNOTSUPP,
		                   "not possible here: no allocation can be made the last one before OOM");
	if (!what.this_node)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: allocations are from the arena's node only");
	return guest_alloc(gc, owner, (enum page_kind)what.kind, what.order, (enum migratetype)what.migratetype,
	                   what.highatomic);
}

/* The last reference to a page frees it, and this one has none. */
static bool is_frozen(struct guest_contig *gc, pfn_t pfn)
{
	struct contig_run run = { .frozen = false };

	if (gc->froze)
		seen_run(gc, pfn, &run);
	return run.frozen && run.kind != PAGE_OFFLINE;
}

static int op_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct guest_contig *gc = guest_of(c);
	struct held *h = held_of(gc, owner);
	struct guest_answer *ans;
	int rc;

	(void)cpu;
	if (gc->rc)
		return gc->rc;
	if (!h || h->pfn != pfn)
		return -EAGAIN;
	if (is_frozen(gc, pfn))
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: a page with refcount 0 can not be freed");
	struct held gone = *h;

	gone.pfn = PFN_NONE;
	if (h->host) {
		if (h->kind != PAGE_KERNEL && h->kind != PAGE_RECLAIMABLE)
			guest_ask(gc, NULL, "convert %u %u A", pfn, 1u << h->order);
		rc = guest_tell(gc, "give %u %u", pfn, 1u << h->order);
		return rc ? rc : held_set(gc, &gone);
	}
	rc = guest_ask(gc, &ans, "free %llu", (unsigned long long)owner);
	guest_changed(gc);
	if (rc || ans->rc < 0)
		return rc ? rc : (int)ans->rc;
	return held_set(gc, &gone);
}

static int op_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	(void)pfn;
	(void)owner;
	(void)new_order;
	(void)pieces;
	return guest_fails(guest_of(c), -EOPNOTSUPP, "not possible here: an allocation can not be split");
}

static int op_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	(void)cpu;
	return guest_tell(guest_of(c), "give %u %u", start, nr);
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* All of it happens in the first step. */
struct guest_range {
	struct contig_range r;
	struct guest_contig *gc;
	struct contig_range_args args;
	struct contig_outcome out;
	bool done;
};

static int whole_blocks(struct guest_contig *gc, pfn_t start, uint32_t nr)
{
	uint32_t section = 1u << guest_says_number(gc, "section_order");

	if ((start | nr) & (section - 1))
		return guest_fails(gc, -EOPNOTSUPP,
		                   "not possible here: memory comes and goes in blocks of %u pages, aligned to that",
		                   section);
	return 0;
}

static int op_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	struct guest_contig *gc = guest_of(c);
	unsigned int mask = (1u << gc->g.pageblock_order) - 1;
	int rc = gc->rc;

	leave_collecting(gc);
	if (rc)
		return rc;
	if (!args->nr || args->start - gc->zone_start >= gc->zone_pages ||
	    args->nr > gc->zone_pages - (args->start - gc->zone_start))
		return -EINVAL;
	if (args->op != RANGE_ALLOC && (args->start | args->nr) & mask)
		return -EINVAL;
	if (args->op == RANGE_OFFLINE)
		rc = whole_blocks(gc, args->start, args->nr);
	if (rc)
		return rc;
	struct guest_range *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->r.ops = c->ops;
	r->gc = gc;
	r->args = *args;
	*out = &r->r;
	return 0;
}

/* "moved OWNER FROM TO", and "replaced" of a page of the hugetlb pool */
static int take_move(struct guest_contig *gc, const char *line)
{
	unsigned long long owner, from, to;
	char what[16], end;

	if (sscanf(line, "%15s %llu %llu %llu%c", what, &owner, &from, &to, &end) != 4 || to >= PFN_NONE ||
	    (strcmp(what, "moved") && strcmp(what, "replaced")))
		return guest_fails(gc, -EIO, "%s: '%.100s' says nothing of a move", gc->m->name, line);
	struct held *h = held_of(gc, owner);

	if (!h || h->pfn != from)
		return guest_fails(gc, -EIO, "%s: page %llu of owner %llu moved, which is not there", gc->m->name, from,
		                   owner);
	struct held now = *h;

	now.pfn = (pfn_t)to;
	if (gc->hooks->moved)
		gc->hooks->moved(gc->hooks->ctx, owner, (pfn_t)from, (pfn_t)to, h->order);
	return held_set(gc, &now);
}

static int take_outcome(struct guest_range *r, const struct guest_answer *ans)
{
	static const struct {
		const char *name;
		enum contig_phase phase;
	} stages[] = {
		{ "ok", PHASE_DONE }, { "isolate", PHASE_ISOLATE }, { "migrate", PHASE_MIGRATE }, { "test", PHASE_TEST }
	};
	struct contig_outcome *o = &r->out;
	unsigned long long ns;
	char stage[16];
	size_t i = 0;
	int rc = 0;

	if (sscanf(ans->words, "%15s %u %u %u %llu", stage, &o->total.migrated, &o->total.not_migrated,
	           &o->total.replaced, &ns) != 5)
		stage[0] = '\0';
	while (i < sizeof(stages) / sizeof(stages[0]) && strcmp(stage, stages[i].name))
		i++;
	if (i == sizeof(stages) / sizeof(stages[0]) || ans->rc > 0 || (!ans->rc) != !strcmp(stage, "ok"))
		return guest_fails(r->gc, -EIO, "%s: '%lld %.100s' does not say how a request ended", r->gc->m->name,
		                   (long long)ans->rc, ans->words);
	o->rc = (int)ans->rc;
	o->ns = ns;
	o->total.phase = (uint8_t)stages[i].phase;
	o->autopsy = (struct contig_autopsy){ .phase = (uint8_t)stages[i].phase, .pfn = PFN_NONE };
	for (uint32_t l = 0; l < ans->nr_lines && !rc; l++)
		rc = take_move(r->gc, ans->line[l]);
	return rc;
}

static int run_request(struct guest_range *r)
{
	static const char *const verbs[] = {
		[RANGE_ALLOC] = "range", [RANGE_ISOLATE] = "isolate", [RANGE_UNDO] = "undo", [RANGE_OFFLINE] = "offline"
	};
	static const char *const callers[] = {
		[CALLER_MOVABLE] = "movable", [CALLER_CMA] = "cma", [CALLER_OFFLINE] = "offline"
	};
	const struct contig_range_args *a = &r->args;
	struct guest_answer *ans;
	int rc;

	if (a->op == RANGE_OFFLINE)
		rc = guest_ask(r->gc, &ans, "offline %u %u %u", a->start, a->nr, a->passes ? a->passes : 5);
	else
		rc = guest_ask(r->gc, &ans, "%s %u %u %s", verbs[a->op], a->start, a->nr, callers[a->caller]);
	guest_changed(r->gc);
	if (rc)
		return rc;
	if (a->op == RANGE_OFFLINE && !ans->rc)
		r->gc->m->went_offline = true;
	if (a->op != RANGE_UNDO)
		return take_outcome(r, ans);
	r->out.rc = (int)ans->rc;
	return 0;
}

static int op_step(struct contig_range *range, struct contig_work *work)
{
	struct guest_range *r = (struct guest_range *)range;

	if (!r->done) {
		int rc = run_request(r);

		if (rc)
			r->out = (struct contig_outcome){ .rc = rc };
	}
	r->done = true;
	*work = r->out.total;
	work->next = PHASE_DONE;
	return 0;
}

static void op_end(struct contig_range *range, struct contig_outcome *out)
{
	*out = ((struct guest_range *)range)->out;
	free(range);
}

static int op_online(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	struct guest_contig *gc = guest_of(c);
	struct guest_answer *ans;
	int rc = whole_blocks(gc, start, nr);

	(void)cpu;
	rc = rc ? rc : guest_ask(gc, &ans, "online %u %u", start, nr);
	guest_changed(gc);
	/* -EOPNOTSUPP of ours is told by verify(), which has the reason */
	return rc ? 0 : (int)ans->rc;
}

static void op_stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	struct guest_contig *gc = guest_of(c);

	(void)zone;
	see_stats(gc);
	*out = gc->stats;
}

/* ---- the lab ------------------------------------------------------------------------------------ */

static int lab_set_type(struct contig *c, block_t block, enum migratetype mt)
{
	struct guest_contig *gc = guest_of(c);
	pfn_t pfn = block << gc->g.pageblock_order;
	struct guest_answer *ans;

	if (mt >= MT_ISOLATE || !in_arena(gc, pfn))
		return -EINVAL;
	if (gc->collecting) {
		gc->wanted_type[(pfn - gc->start) >> gc->g.pageblock_order] = contig_type_letter(mt);
		return 0;
	}
	int rc = guest_ask(gc, &ans, "type %u %u %c", pfn, 1u << gc->g.pageblock_order, contig_type_letter(mt));

	guest_changed(gc);
	return rc ? rc : (int)ans->rc;
}

static enum migratetype lab_type(struct contig *c, block_t block, enum migratetype *stored)
{
	struct guest_contig *gc = guest_of(c);
	uint32_t at = ((block << gc->g.pageblock_order) - gc->start) >> gc->g.pageblock_order;
	char letter = gc->collecting && in_arena(gc, block << gc->g.pageblock_order) ? gc->wanted_type[at]
	                                                                             : seen_type(gc, block);
	enum migratetype mt =
		letter && letter != 'i' ? contig_type_of_letter((char)toupper((unsigned char)letter)) : MT_ISOLATE;

	if (stored)
		*stored = mt;
	return islower((unsigned char)letter) ? MT_ISOLATE : mt;
}

static int change_page(struct guest_contig *gc, const char *what, pfn_t pfn, bool on)
{
	struct guest_answer *ans;
	int rc = guest_ask(gc, &ans, "%s %u %d", what, pfn, on);

	return rc ? rc : (int)ans->rc;
}

static int lab_pin(struct contig *c, pfn_t pfn, bool on)
{
	struct guest_contig *gc = guest_of(c);

	if (gc->collecting)
		return wanted_pin(gc, pfn, on);
	int rc = change_page(gc, "pin", pfn, on);

	/* a run that was freed meanwhile goes with its last reference */
	if (!on || rc || !in_arena(gc, pfn))
		guest_changed(gc);
	else if (gc->seen_valid)
		gc->seen[gc->seen[pfn - gc->start].head].pinned = true;
	gc->stats_valid = false;
	return rc;
}

static int lab_pin_owned(struct contig *c, pfn_t pfn, owner_t owner, bool on)
{
	const struct held *h = held_of(guest_of(c), owner);

	return h && h->pfn == pfn && !lab_pin(c, pfn, on) ? 0 : -EAGAIN;
}

static int lab_freeze(struct contig *c, pfn_t pfn)
{
	struct guest_contig *gc = guest_of(c);

	gc->froze = true;
	if (gc->collecting)
		return wanted_freeze(gc, pfn);
	guest_changed(gc);
	return change_page(gc, "freeze", pfn, true);
}

static int lab_relist(struct contig *c, pfn_t pfn, enum migratetype mt)
{
	struct guest_contig *gc = guest_of(c);

	return gc->collecting ? wanted_relist(gc, pfn, mt) : -EOPNOTSUPP;
}

static int lab_to_lru(struct contig *c, pfn_t pfn)
{
	(void)pfn;
	return guest_fails(guest_of(c), -EOPNOTSUPP, "not possible here: batches are flushed all at once");
}

static int lab_flush_lru(struct contig *c)
{
	return guest_tell(guest_of(c), "lru");
}

static uint32_t lab_drain(struct contig *c)
{
	guest_tell(guest_of(c), "drain");
	return 0;
}

/* What the agent can make of pages by their flags. */
static int lab_convert(struct contig *c, pfn_t pfn, uint32_t nr, enum page_kind kind, owner_t owner)
{
	struct guest_contig *gc = guest_of(c);
	struct guest_answer *ans;

	(void)owner;
	leave_collecting(gc);
	if (!nr || !in_arena(gc, pfn) || nr > gc->pages - (pfn - gc->start))
		return -EINVAL;
	if (kind != PAGE_CONTIG && kind != PAGE_KERNEL && kind != PAGE_RECLAIMABLE && kind != PAGE_OFFLINE &&
	    kind != PAGE_HWPOISON && kind != PAGE_RESERVED)
		return guest_fails(gc, -EOPNOTSUPP, "not possible here: a request's result does not become '%c'",
		                   letter_of_kind(kind));
	int rc = guest_ask(gc, &ans, "convert %u %u %c", pfn, nr, letter_of_kind(kind));

	guest_changed(gc);
	return rc ? rc : (int)ans->rc;
}

static void lab_run(struct contig *c, pfn_t pfn, struct contig_run *out)
{
	struct guest_contig *gc = guest_of(c);

	if (gc->collecting)
		wanted_run(gc, pfn, out);
	else
		seen_run(gc, pfn, out);
}

static int lab_drift(struct contig *c, int64_t *all, int64_t *cma)
{
	struct guest_contig *gc = guest_of(c);
	int rc = see_stats(gc);

	*all = gc->drift;
	*cma = gc->drift_cma;
	return rc;
}

static int lab_verify(struct contig *c, struct contig_diag *diag)
{
	struct guest_contig *gc = guest_of(c);

	if (!gc->collecting && !see_stats(gc) && gc->tainted != gc->m->tainted)
		return contig_diag_set(diag, -EUCLEAN, "%s warns: `contigbench guest exec %s -- dmesg` says of what",
		                       gc->m->name, gc->m->kernel);
	if (gc->rc)
		*diag = gc->why;
	return gc->rc;
}

const struct contig_lab guest_lab = {
	.place = wanted_place,
	.set_type = lab_set_type,
	.type = lab_type,
	.pin = lab_pin,
	.pin_owned = lab_pin_owned,
	.freeze = lab_freeze,
	.relist = lab_relist,
	.to_lru = lab_to_lru,
	.convert = lab_convert,
	.drain = lab_drain,
	.run = lab_run,
	.verify = lab_verify,
	.arena = guest_arena,
	.settle = guest_settle,
	.flush_lru = lab_flush_lru,
	.drift = lab_drift,
};

void guest_ops(struct contig_backend *b)
{
	b->alloc = op_alloc;
	b->free = op_free;
	b->split = op_split;
	b->range_begin = op_begin;
	b->range_step = op_step;
	b->range_end = op_end;
	b->range_free = op_range_free;
	b->range_online = op_online;
	b->stats = op_stats;
}
