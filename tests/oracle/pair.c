// SPDX-License-Identifier: MIT
/* pair.c - model and oracle side by side: doing the same to both, and looking for what differs. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../../allocators/policy.h"
#include "command.h"
#include "oracle.h"

static bool differ(struct pair *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool differ(struct pair *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(p->difference, sizeof(p->difference), fmt, args);
	va_end(args);
	return false;
}

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct side *s = ctx;

	if (s->nr_moves < MAX_MOVES)
		s->moves[s->nr_moves] = (struct move){ owner, from, to, order };
	s->nr_moves++;
}

bool pair_open(struct pair *p, const char *model, const char *oracle, const struct contig_geometry *g)
{
	struct contig_diag diag = { "" };

	memset(p, 0, sizeof(*p));
	p->g = *g;
	for (int i = 0; i < 2; i++) {
		struct side *s = &p->side[i];

		s->hooks = (struct contig_hooks){ .ctx = s, .moved = moved };
		s->c = i == MODEL ? contig_open(model, g, &s->hooks, &diag) : oracle_open(oracle, g, &s->hooks);
		s->run = calloc(g->zones[0].start + g->zones[0].pages, sizeof(*s->run));
	}
	if (!p->side[MODEL].c)
		return differ(p, "the model does not open: %s", diag.text);
	if (!p->side[ORACLE].c)
		return differ(p, "the oracle does not know %s in this geometry", oracle);
	return true;
}

void pair_close(struct pair *p)
{
	struct contig_outcome out;
	struct contig_work work;

	for (int i = 0; i < 2; i++) {
		struct side *s = &p->side[i];

		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			if (!s->request[slot])
				continue;
			while (contig_range_step(s->request[slot], &work))
				;
			contig_range_end(s->request[slot], &out);
		}
		contig_close(s->c);
		free(s->run);
	}
}

/* ---- looking ------------------------------------------------------------------------------------- */

/* Pages that a request got and reserved ones are single pages to whoever has them, however they are kept. */
static void single_page(struct contig_run *run, pfn_t pfn)
{
	if (run->kind != PAGE_CONTIG && run->kind != PAGE_RESERVED && run->kind != PAGE_OFFLINE)
		return;
	run->pfn = pfn;
	run->order = 0;
	run->nr = 1;
}

static bool runs_equal(struct pair *p)
{
	const struct contig_zone *z = &p->g.zones[0];
	struct side *m = &p->side[MODEL], *o = &p->side[ORACLE];

	for (pfn_t pfn = z->start; pfn < z->start + z->pages;) {
		struct contig_run *a = &m->run[pfn], *b = &o->run[pfn];

		m->c->ops->lab->run(m->c, pfn, a);
		o->c->ops->lab->run(o->c, pfn, b);
		single_page(a, pfn);
		single_page(b, pfn);
		if (a->pfn != b->pfn || a->order != b->order || a->kind != b->kind)
			return differ(p, "page %u: the model has %s of order %u at %u, the oracle %s of order %u at %u",
			              pfn, contig_kind_name(a->kind), a->order, a->pfn, contig_kind_name(b->kind),
			              b->order, b->pfn);
		if (a->kind == PAGE_FREE && a->list != b->list)
			return differ(p, "free run %u: on the %s list of the model, on %s of the oracle", pfn,
			              contig_type_name(a->list), contig_type_name(b->list));
		if (a->owner != b->owner || a->pinned != b->pinned || a->frozen != b->frozen)
			return differ(
				p,
				"page %u: owner %llu, pinned %d, frozen %d in the model, owner %llu, pinned %d, frozen "
				"%d in the oracle",
				pfn, (unsigned long long)a->owner, a->pinned, a->frozen, (unsigned long long)b->owner,
				b->pinned, b->frozen);
		pfn = a->pfn + (1u << a->order);
	}
	return true;
}

static bool types_equal(struct pair *p)
{
	const struct contig_zone *z = &p->g.zones[0];
	struct contig *m = p->side[MODEL].c, *o = p->side[ORACLE].c;

	for (block_t b = z->start >> p->g.pageblock_order; b <= (z->start + z->pages - 1) >> p->g.pageblock_order;
	     b++) {
		enum migratetype stored[2];
		enum migratetype mt = m->ops->lab->type(m, b, &stored[MODEL]),
				 ot = o->ops->lab->type(o, b, &stored[ORACLE]);

		if (mt != ot)
			return differ(p, "block %u: %s in the model, %s in the oracle", b, contig_type_name(mt),
			              contig_type_name(ot));
		/* where isolation overwrites the type nothing is stored that could be compared */
		if (mt == MT_ISOLATE && stored[ORACLE] == MT_ISOLATE)
			continue;
		if (stored[MODEL] != stored[ORACLE])
			return differ(p, "block %u: stored type %s in the model, %s in the oracle", b,
			              contig_type_name(stored[MODEL]), contig_type_name(stored[ORACLE]));
	}
	return true;
}

/* Until v6.9 free pages are counted by other types than that of their list. */
static bool drifts(const struct pair *p)
{
	return p->side[MODEL].c->ops->policy(p->side[MODEL].c)->free_large == free_large_head_type;
}

static bool counters_equal(struct pair *p)
{
	struct contig_stats s[2];

	for (int i = 0; i < 2; i++)
		contig_stats(p->side[i].c, 0, &s[i]);
	const struct {
		const char *name;
		uint64_t model, oracle;
	} counters[] = {
		{ "NR_FREE_PAGES", s[MODEL].free, s[ORACLE].free },
		{ "NR_FREE_CMA_PAGES", s[MODEL].free_cma, s[ORACLE].free_cma },
		{ "pages on per-cpu lists", s[MODEL].pcp, s[ORACLE].pcp },
		{ "nr_reserved_highatomic", s[MODEL].reserved_highatomic, s[ORACLE].reserved_highatomic },
		{ "pages on HIGHATOMIC lists", s[MODEL].free_highatomic, s[ORACLE].free_highatomic },
		{ "isolated blocks", s[MODEL].isolated, s[ORACLE].isolated },
		{ "migrated pages", s[MODEL].migrated, s[ORACLE].migrated },
		{ "drift", (uint64_t)s[MODEL].drift, (uint64_t)s[ORACLE].drift },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		/* where pages change lists with a merge, what is on one list is no counter of a kernel */
		if (!strcmp(counters[i].name, "pages on HIGHATOMIC lists") && drifts(p))
			continue;
		if (counters[i].model != counters[i].oracle)
			return differ(p, "%s: %lld in the model, %lld in the oracle", counters[i].name,
			              (long long)counters[i].model, (long long)counters[i].oracle);
	}
	for (unsigned int k = 0; k <= p->g.max_order; k++) {
		if (s[MODEL].nr_free[k] != s[ORACLE].nr_free[k])
			return differ(p, "free runs of order %u: %llu in the model, %llu in the oracle", k,
			              (unsigned long long)s[MODEL].nr_free[k],
			              (unsigned long long)s[ORACLE].nr_free[k]);
	}
	return true;
}

static bool moves_equal(struct pair *p)
{
	struct side *m = &p->side[MODEL], *o = &p->side[ORACLE];

	for (uint32_t i = 0; i < m->nr_moves && i < o->nr_moves && i < MAX_MOVES; i++) {
		const struct move *a = &m->moves[i], *b = &o->moves[i];

		if (a->owner != b->owner || a->from != b->from || a->to != b->to || a->order != b->order)
			return differ(p, "move %u: from %u to %u in the model, from %u to %u in the oracle", i, a->from,
			              a->to, b->from, b->to);
	}
	if (m->nr_moves != o->nr_moves)
		return differ(p, "%u pages moved in the model, %u in the oracle", m->nr_moves, o->nr_moves);
	m->nr_moves = o->nr_moves = 0;
	return true;
}

bool pair_equal(struct pair *p)
{
	struct contig *m = p->side[MODEL].c;
	struct contig_diag diag = { "" };

	if (!moves_equal(p) || !runs_equal(p) || !types_equal(p) || !counters_equal(p))
		return false;
	if (!m->ops->lab->verify(m, &diag))
		return true;
	return differ(p, "the model's own verify: %s", diag.text);
}

/* ---- doing --------------------------------------------------------------------------------------- */

/* Where the allocation is on this side, and what it is; NULL if it is gone. */
static const struct contig_run *find(const struct pair *p, const struct side *s, owner_t owner)
{
	const struct contig_zone *z = &p->g.zones[0];

	for (pfn_t pfn = z->start; pfn < z->start + z->pages; pfn = s->run[pfn].pfn + (1u << s->run[pfn].order)) {
		if (s->run[pfn].owner == owner)
			return &s->run[pfn];
	}
	return NULL;
}

static int64_t act_on_owned(struct pair *p, struct side *s, const struct command *c)
{
	const struct contig_run *run = find(p, s, c->owner);
	const struct contig_lab *lab = s->c->ops->lab;
	owner_t pieces[1u << PIECE_BITS];

	if (!run || c->owner == OWNER_NONE)
		return 1;
	switch (c->op) {
	case DO_FREE:
		return contig_free(s->c, c->cpu, run->pfn, c->owner);
	case DO_SPLIT:
		/* a page that some request has collected can not be split: a kernel sees the reference */
		if (c->order >= run->order || s->request[0] || s->request[1] || s->request[2])
			return 1;
		for (uint32_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
			pieces[i] = ((owner_t)c->serial << PIECE_BITS) + i;
		return contig_split(s->c, run->pfn, c->owner, c->order, pieces);
	case DO_PIN:
	case DO_UNPIN:
		return lab->pin(s->c, run->pfn, c->op == DO_PIN);
	case DO_FREEZE:
		if (run->order)
			return 1;
		return lab->freeze(s->c, run->pfn);
	default:
		return lab->to_lru(s->c, run->pfn);
	}
}

static uint8_t kind_at(const struct side *s, pfn_t pfn)
{
	struct contig_run run;

	s->c->ops->lab->run(s->c, pfn, &run);
	return run.kind;
}

static bool all_reserved(const struct pair *p, const struct side *s, block_t block)
{
	const struct contig_zone *z = &p->g.zones[0];
	pfn_t start = block << p->g.pageblock_order, end = start + (1u << p->g.pageblock_order);

	for (pfn_t pfn = start; pfn < end; pfn++) {
		if (pfn >= z->start && pfn < z->start + z->pages && kind_at(s, pfn) != PAGE_RESERVED)
			return false;
	}
	return true;
}

/*
 * CMA and HIGHATOMIC blocks are made before anything is in them, as a kernel does: what a free run over blocks of such
 * and other types counts as would be of the lab's making.
 */
static int64_t set_type(const struct pair *p, struct side *s, const struct command *c)
{
	enum migratetype now = s->c->ops->lab->type(s->c, c->start, NULL);

	struct contig_run run;

	if (c->start << p->g.pageblock_order < p->g.zones[0].start) /* no page of the zone to name it by */
		return 1;
	s->c->ops->lab->run(s->c, c->start << p->g.pageblock_order, &run);
	if (run.kind == PAGE_FREE && run.order > p->g.pageblock_order)
		return 1;
	if ((now > MT_RECLAIMABLE || c->type > MT_RECLAIMABLE) && !all_reserved(p, s, c->start))
		return 1;
	return s->c->ops->lab->set_type(s->c, c->start, c->type);
}

static int64_t begin(struct side *s, const struct command *c)
{
	struct contig_range_args args = {
		.start = c->start, .nr = c->nr, .cpu = c->cpu, .caller = c->caller, .op = c->range
	};

	if (s->request[c->slot])
		return 1;
	s->args[c->slot] = args;
	return contig_range_begin(s->c, &args, &s->request[c->slot]);
}

/* Pages of a request that has not ended are not anybody's to give back. */
static int64_t give(const struct pair *p, struct side *s, const struct command *c)
{
	const uint32_t nmax = 1u << p->g.max_order;

	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		const struct contig_range_args *a = &s->args[slot];

		if (s->request[slot] && c->start < a->start + a->nr + nmax && a->start < c->start + c->nr + nmax)
			return 1;
	}
	return contig_range_free(s->c, c->cpu, c->start, c->nr);
}

static int64_t act(struct pair *p, struct side *s, const struct command *c)
{
	struct contig_what what = { .kind = c->kind,
		                    .order = c->order,
		                    .migratetype = c->type,
		                    .highatomic = c->highatomic,
		                    .last_chance = c->last_chance };

	switch (c->op) {
	case DO_ALLOC:
		return contig_alloc(s->c, c->cpu, what, (owner_t)c->serial << PIECE_BITS);
	case DO_DRAIN:
		return s->c->ops->lab->drain(s->c);
	case DO_SET_TYPE:
		return set_type(p, s, c);
	case DO_UNRESERVE:
		return s->c->ops->lab->unreserve(s->c, c->type, c->force);
	case DO_WATERMARK:
		return s->c->ops->lab->watermark(s->c, 0, what, c->force);
	case DO_PLACE:
		return s->c->ops->lab->place(s->c, c->start, c->order, c->kind, (owner_t)c->serial << PIECE_BITS);
	case DO_BEGIN:
		return begin(s, c);
	case DO_CONVERT: /* between these two only */
		if (kind_at(s, c->start) != (c->kind == PAGE_CONTIG ? PAGE_OFFLINE : PAGE_CONTIG))
			return 1;
		return s->c->ops->lab->convert(s->c, c->start, c->nr, c->kind, OWNER_NONE);
	case DO_GIVE:
		return give(p, s, c);
	default:
		return act_on_owned(p, s, c);
	}
}

static bool ends_equal(struct pair *p, unsigned int slot)
{
	struct contig_outcome out[2];

	for (int i = 0; i < 2; i++) {
		contig_range_end(p->side[i].request[slot], &out[i]);
		p->side[i].request[slot] = NULL;
	}
	if (out[MODEL].rc != out[ORACLE].rc)
		return differ(p, "the request ends with %d in the model, with %d in the oracle", out[MODEL].rc,
		              out[ORACLE].rc);
	if (out[MODEL].rc && out[MODEL].autopsy.phase != out[ORACLE].autopsy.phase)
		return differ(p, "the request fails in phase %s of the model, %s of the oracle",
		              contig_phase_name(out[MODEL].autopsy.phase),
		              contig_phase_name(out[ORACLE].autopsy.phase));
	if (out[MODEL].total.migrated != out[ORACLE].total.migrated)
		return differ(p, "the request migrated %u pages in the model, %u in the oracle",
		              out[MODEL].total.migrated, out[ORACLE].total.migrated);
	return true;
}

/* So many steps of a request, or until it ends. */
static bool steps_equal(struct pair *p, const struct command *c)
{
	struct contig_work work[2];
	int more[2];

	for (uint32_t n = 0; n < c->nr && p->side[MODEL].request[c->slot]; n++) {
		for (int i = 0; i < 2; i++)
			more[i] = contig_range_step(p->side[i].request[c->slot], &work[i]);
		if (work[MODEL].phase != work[ORACLE].phase)
			return differ(p, "a step of phase %s in the model, %s in the oracle",
			              contig_phase_name(work[MODEL].phase), contig_phase_name(work[ORACLE].phase));
		if (work[MODEL].migrated != work[ORACLE].migrated || work[MODEL].drained != work[ORACLE].drained ||
		    work[MODEL].grabbed != work[ORACLE].grabbed || work[MODEL].replaced != work[ORACLE].replaced)
			return differ(
				p, "%s: migrated %u, drained %u, grabbed %u in the model, %u, %u, %u in the oracle",
				contig_phase_name(work[MODEL].phase), work[MODEL].migrated, work[MODEL].drained,
				work[MODEL].grabbed, work[ORACLE].migrated, work[ORACLE].drained, work[ORACLE].grabbed);
		if (more[MODEL] != more[ORACLE])
			return differ(p, "the request goes on in the %s only", more[MODEL] ? "model" : "oracle");
		if (!more[MODEL] && !ends_equal(p, c->slot))
			return false;
	}
	return true;
}

bool pair_apply(struct pair *p, const struct command *c)
{
	int64_t rc[2];

	if (c->op == DO_STEP)
		return steps_equal(p, c) && pair_equal(p);
	for (int i = 0; i < 2; i++)
		rc[i] = act(p, &p->side[i], c);
	if (rc[MODEL] != rc[ORACLE])
		return differ(p, "the model answers %lld, the oracle %lld", (long long)rc[MODEL],
		              (long long)rc[ORACLE]);
	return pair_equal(p);
}
