// SPDX-License-Identifier: MIT
/* command.c - choosing commands at random, and writing them down. */
#include "command.h"

static uint32_t below(struct rng *rng, uint32_t n)
{
	return (uint32_t)(rng_next(rng) % n);
}

enum orders {
	SINGLE,
	ANY,
	COMPOUND, /* 1 and up */
	BLOCK,    /* P */
};

/* What a kind is asked for as. */
static const struct {
	uint8_t kind, type, weight;
	uint8_t orders; /* enum orders */
} kinds[] = {
	{ PAGE_KERNEL, MT_UNMOVABLE, 4, ANY },       { PAGE_RECLAIMABLE, MT_RECLAIMABLE, 4, ANY },
	{ PAGE_LRU, MT_MOVABLE, 12, SINGLE },        { PAGE_LRU_COMPOUND, MT_MOVABLE, 6, COMPOUND },
	{ PAGE_USER, MT_MOVABLE, 2, ANY },           { PAGE_NONCOMPOUND, MT_UNMOVABLE, 1, ANY },
	{ PAGE_MOVABLE_OPS, MT_MOVABLE, 2, SINGLE }, { PAGE_HUGETLB, MT_MOVABLE, 1, BLOCK },
	{ PAGE_HUGETLB_POOL, MT_MOVABLE, 1, BLOCK },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void random_alloc(const struct pair *p, struct rng *rng, struct command *c)
{
	uint32_t w = 0;

	for (size_t i = 0; i < NR_KINDS; i++)
		w += kinds[i].weight;
	w = below(rng, w);
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (w >= kinds[i].weight) {
			w -= kinds[i].weight;
			continue;
		}
		c->kind = kinds[i].kind;
		c->type = kinds[i].type;
		if (kinds[i].orders == BLOCK)
			c->order = p->g.pageblock_order;
		else if (kinds[i].orders == COMPOUND || (kinds[i].orders == ANY && !below(rng, 3)))
			c->order = (uint8_t)below(rng, p->g.max_order + 1u);
		if (kinds[i].orders != BLOCK && c->order > 2 && below(rng, 2))
			c->order = (uint8_t)(c->order - below(rng, c->order));
		if (kinds[i].orders == COMPOUND && !c->order)
			c->order = 1;
		return;
	}
}

/* Some allocation near a random page. */
static owner_t random_owner(const struct pair *p, struct rng *rng)
{
	const struct contig_zone *z = &p->g.zones[0];
	const struct contig_run *run = p->side[ORACLE].run;
	pfn_t from = z->start + below(rng, z->pages);
	owner_t found = OWNER_NONE;

	for (pfn_t pfn = z->start; pfn < z->start + z->pages; pfn = run[pfn].pfn + (1u << run[pfn].order)) {
		if (run[pfn].owner == OWNER_NONE)
			continue;
		found = run[pfn].owner;
		if (pfn >= from)
			break;
	}
	return found;
}

static void random_range(const struct pair *p, struct rng *rng, struct command *c)
{
	const struct contig_zone *z = &p->g.zones[0];
	uint32_t npb = 1u << p->g.pageblock_order;

	c->nr = below(rng, 3) ? (1 + below(rng, 3)) * npb : 1 + below(rng, 3 * npb);
	if (c->nr > z->pages)
		c->nr = z->pages;
	c->start = z->start + below(rng, z->pages - c->nr + 1);
	if (below(rng, 4))
		c->start = z->start + (c->start - z->start) / npb * npb;
}

/* Pages that some request got, or that were made something else since. */
static void random_held(const struct pair *p, struct rng *rng, struct command *c, uint8_t kind)
{
	const struct contig_zone *z = &p->g.zones[0];
	const struct contig_run *run = p->side[ORACLE].run;
	pfn_t pfn = z->start + below(rng, z->pages), end = z->start + z->pages;

	while (pfn < end && (run[pfn].pfn != pfn || run[pfn].kind != kind))
		pfn++;
	c->start = pfn < end ? pfn : z->start;
	c->nr = 1;
	while (c->start + c->nr < end && run[c->start + c->nr].kind == kind &&
	       run[c->start + c->nr].pfn == c->start + c->nr && below(rng, 64))
		c->nr++;
}

static unsigned int weighted(struct rng *rng, const uint8_t *weight, unsigned int nr)
{
	uint32_t sum = 0, w;

	for (unsigned int i = 0; i < nr; i++)
		sum += weight[i];
	w = below(rng, sum);
	for (unsigned int i = 0; i < nr; i++) {
		if (w < weight[i])
			return i;
		w -= weight[i];
	}
	return 0;
}

/* A run of random kind, or two of half its size; no two free ones that would have merged. True: it is free, whole. */
static bool lay_out(struct rng *rng, struct command *commands, uint32_t *nr, pfn_t pfn, unsigned int order,
                    uint32_t full)
{
	static const uint8_t in_use[] = { PAGE_LRU,    PAGE_LRU,         PAGE_LRU,         PAGE_USER,
		                          PAGE_KERNEL, PAGE_RECLAIMABLE, PAGE_NONCOMPOUND, PAGE_MOVABLE_OPS };
	bool free = below(rng, 8) >= full;
	uint32_t before = *nr;
	struct command *c;

	if (order && below(rng, 4)) {
		bool low = lay_out(rng, commands, nr, pfn, order - 1, full);
		bool high = lay_out(rng, commands, nr, pfn + (1u << (order - 1)), order - 1, full);

		if (!low || !high)
			return false;
		*nr = before;
		free = true;
	}
	c = &commands[*nr];
	*c = (struct command){
		.op = DO_PLACE, .serial = ++*nr, .start = pfn, .order = (uint8_t)order, .kind = PAGE_FREE
	};
	if (free)
		return true;
	c->kind = in_use[below(rng, sizeof(in_use))];
	if (order && (c->kind == PAGE_LRU || c->kind == PAGE_MOVABLE_OPS))
		c->kind = PAGE_LRU_COMPOUND;
	return false;
}

uint32_t command_layout(const struct contig_geometry *g, struct rng *rng, struct command *commands)
{
	static const uint8_t types[] = { MT_MOVABLE, MT_MOVABLE, MT_MOVABLE, MT_UNMOVABLE, MT_RECLAIMABLE, MT_CMA };
	const struct contig_zone *z = &g->zones[0];
	uint32_t nr = 0, full = 2 + below(rng, 6);

	/* a block that the zone's end cuts stays reserved */
	const uint32_t npb = 1u << g->pageblock_order;
	const pfn_t first = (z->start + npb - 1) & ~(npb - 1), behind = (z->start + z->pages) & ~(npb - 1);

	for (pfn_t pfn = first; pfn < behind; pfn += npb) {
		commands[nr] = (struct command){
			.op = DO_SET_TYPE,
			.serial = nr + 1,
			.start = pfn >> g->pageblock_order,
			.type = types[below(rng, sizeof(types))],
		};
		nr++;
	}
	for (pfn_t pfn = first; pfn < behind; pfn += npb)
		lay_out(rng, commands, &nr, pfn, g->pageblock_order, full);
	return nr;
}

struct command command_random(struct pair *p, struct rng *rng, uint32_t serial, const uint8_t weight[DO_NR])
{
	struct command c = { .op = (uint8_t)weighted(rng, weight, DO_NR), .serial = serial };

	c.cpu = (uint8_t)below(rng, p->g.nr_cpus);
	switch (c.op) {
	case DO_ALLOC:
	case DO_WATERMARK:
		random_alloc(p, rng, &c);
		c.highatomic = c.kind == PAGE_KERNEL && !below(rng, 3);
		c.last_chance = !below(rng, 20);
		c.force = c.op == DO_WATERMARK && below(rng, 2);
		/* v7.x: only what goes past the per-cpu lists adds to the reserve */
		if (c.highatomic && below(rng, 2))
			c.order = (uint8_t)(p->g.max_order - below(rng, 2));
		break;
	case DO_UNRESERVE:
		c.type = (uint8_t)below(rng, MT_HIGHATOMIC);
		c.force = below(rng, 2);
		break;
	case DO_DRAIN:
		break;
	case DO_SET_TYPE:
		c.start = (p->g.zones[0].start + below(rng, p->g.zones[0].pages)) >> p->g.pageblock_order;
		c.type = (uint8_t)below(rng, MT_HIGHATOMIC);
		break;
	case DO_BEGIN:
		c.slot = (uint8_t)below(rng, SLOTS);
		c.caller = !below(rng, 3);
		random_range(p, rng, &c);
		if (below(rng, 6))
			break;
		c.range = below(rng, 3) ? RANGE_UNDO : RANGE_ISOLATE;
		c.caller = (uint8_t)below(rng, CALLER_NR);
		c.start = c.start >> p->g.pageblock_order << p->g.pageblock_order;
		c.nr = (1 + below(rng, 3)) << p->g.pageblock_order;
		break;
	case DO_STEP:
		c.slot = (uint8_t)below(rng, SLOTS);
		c.nr = below(rng, 3) ? 1 + below(rng, 3) : 1000;
		break;
	case DO_GIVE:
		random_held(p, rng, &c, PAGE_CONTIG);
		break;
	case DO_CONVERT:
		c.kind = below(rng, 2) ? PAGE_OFFLINE : PAGE_CONTIG;
		random_held(p, rng, &c, c.kind == PAGE_OFFLINE ? PAGE_CONTIG : PAGE_OFFLINE);
		break;
	case DO_SPLIT:
		c.order = (uint8_t)below(rng, p->g.max_order);
		/* fall through */
	default:
		c.owner = random_owner(p, rng);
	}
	return c;
}

void command_print(FILE *out, const struct command *c)
{
	static const char *const names[] = {
		[DO_ALLOC] = "alloc",     [DO_FREE] = "free",           [DO_SPLIT] = "split",
		[DO_PIN] = "pin",         [DO_UNPIN] = "unpin",         [DO_FREEZE] = "freeze",
		[DO_TO_LRU] = "to-lru",   [DO_DRAIN] = "drain",         [DO_SET_TYPE] = "type",
		[DO_BEGIN] = "begin",     [DO_STEP] = "step",           [DO_GIVE] = "give",
		[DO_CONVERT] = "convert", [DO_UNRESERVE] = "unreserve", [DO_WATERMARK] = "watermark",
		[DO_PLACE] = "place",
	};
	const uint32_t by = (uint32_t)(c->owner >> PIECE_BITS), piece = (uint32_t)c->owner & ((1u << PIECE_BITS) - 1);

	fprintf(out, "%4u: %-9s ", c->serial, names[c->op]);
	switch (c->op) {
	case DO_ALLOC:
	case DO_WATERMARK:
		fprintf(out, "cpu %u, %s, order %u, as %s%s%s%s\n", c->cpu, contig_kind_name(c->kind), c->order,
		        contig_type_name(c->type), c->highatomic ? ", atomic" : "",
		        c->last_chance ? ", last chance" : "", c->force ? ", for kswapd" : "");
		break;
	case DO_UNRESERVE:
		fprintf(out, "to %s%s\n", contig_type_name(c->type), c->force ? ", forced" : "");
		break;
	case DO_DRAIN:
		fprintf(out, "all cpus\n");
		break;
	case DO_SET_TYPE:
		fprintf(out, "block %u, %s\n", c->start, contig_type_name(c->type));
		break;
	case DO_BEGIN:
		fprintf(out, "request %u, cpu %u, pages %u+%u%s%s%s\n", c->slot, c->cpu, c->start, c->nr,
		        c->caller == CALLER_CMA       ? ", as CMA"
		        : c->caller == CALLER_OFFLINE ? ", as offline"
		                                      : "",
		        c->range == RANGE_ISOLATE ? ", isolate only" : "", c->range == RANGE_UNDO ? ", undo only" : "");
		break;
	case DO_CONVERT:
		fprintf(out, "pages %u+%u, %s\n", c->start, c->nr, contig_kind_name(c->kind));
		break;
	case DO_PLACE:
		fprintf(out, "page %u, %s, order %u\n", c->start, contig_kind_name(c->kind), c->order);
		break;
	case DO_STEP:
		fprintf(out, "request %u, %u steps\n", c->slot, c->nr);
		break;
	case DO_GIVE:
		fprintf(out, "cpu %u, pages %u+%u\n", c->cpu, c->start, c->nr);
		break;
	default:
		fprintf(out, "cpu %u, what %u made", c->cpu, by);
		if (piece)
			fprintf(out, ", piece %u", piece);
		if (c->op == DO_SPLIT)
			fprintf(out, ", to order %u", c->order);
		fprintf(out, "\n");
	}
}
