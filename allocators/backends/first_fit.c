// SPDX-License-Identifier: MIT
/*
 * first_fit.c - a baseline that is not Linux: a bitmap with one bit a page, searched from the bottom.
 *
 * It knows no buddies, migratetypes, pageblocks, or per-cpu lists. An allocation of order k takes the lowest naturally
 * aligned run of 2^k free pages; a free sets the bits again. A contiguous request (first_fit_range.c) works on exactly
 * the range that it was given: whatever is free there is taken at once, whatever can move is moved away.
 *
 * Why it exists:
 *   - it shares no code with the model, so that contig.h is shown to be an interface and not the model's shape;
 *   - it is the answer to "what would happen with no policy at all": movable and unmovable pages mix freely, which
 *     shows in the success rates, and alignment rules cost nothing, because there are none.
 * Being a baseline it is not fast: a free looks at all orders' hints, an allocation scans the map from its hint.
 *
 * Metadata: 8 bytes of owner, 2 bytes of kind and order, 2 bits: 10.25 bytes a page.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "first_fit.h"

extern const struct contig_backend first_fit;

struct ff_zone *ff_zone_of(struct first_fit *ff, pfn_t pfn)
{
	for (uint32_t i = 0; i < ff->g.nr_zones; i++) {
		struct ff_zone *z = &ff->zones[i];

		if (pfn >= z->start && pfn < z->end)
			return z;
	}
	return NULL;
}

uint32_t ff_head(const struct ff_zone *z, uint32_t i, unsigned int max_order)
{
	for (unsigned int order = 0; order <= max_order; order++) {
		pfn_t head = (z->base + i) >> order << order;

		if (head < z->start)
			break;
		const struct ff_page *p = &z->page[head - z->base];
		if (p->kind != PAGE_NONE && p->order >= order)
			return head - z->base;
	}
	assert(false); /* a used page without a first page */
	return i;
}

/* ---- the map --------------------------------------------------------------------------------- */

/* Which pages of a word begin a free, naturally aligned run of 2^order <= 64 pages. */
static uint64_t runs_in_word(uint64_t word, unsigned int order)
{
	static const uint64_t aligned[] = {
		0xffffffffffffffff, 0x5555555555555555, 0x1111111111111111, 0x0101010101010101,
		0x0001000100010001, 0x0000000100000001, 0x0000000000000001,
	};

	for (unsigned int k = 0; k < order; k++)
		word &= word >> (1u << k);
	return word & aligned[order];
}

/* Index of the lowest free run of that order, or UINT32_MAX. Leaves the hint where the search ended. */
static uint32_t find_run(struct ff_zone *z, unsigned int order)
{
	if (order <= 6) {
		for (uint32_t w = z->hint[order]; w < z->nr_words; w++) {
			uint64_t runs = z->free_map[w] ? runs_in_word(z->free_map[w], order) : 0;

			if (runs) {
				z->hint[order] = w;
				return w * 64 + (uint32_t)__builtin_ctzll(runs);
			}
		}
		z->hint[order] = z->nr_words;
		return UINT32_MAX;
	}

	/* whole words: the first one whose pfn is aligned, then 2^(order - 6) at a time */
	uint32_t words = 1u << (order - 6), skew = z->base / 64 % words;
	uint32_t w = ((z->hint[order] + skew + words - 1) & ~(words - 1)) - skew;

	for (; w + words <= z->nr_words; w += words) {
		uint32_t n = 0;

		while (n < words && z->free_map[w + n] == ~UINT64_C(0))
			n++;
		if (n == words) {
			z->hint[order] = w;
			return w * 64;
		}
	}
	z->hint[order] = z->nr_words;
	return UINT32_MAX;
}

static void clear_bits(uint64_t *map, uint32_t from, uint32_t to)
{
	for (uint32_t w = from / 64; w * 64 < to; w++)
		map[w] &= ~ff_word_mask(w, from, to);
}

void ff_set_free(struct first_fit *ff, struct ff_zone *z, uint32_t index, uint32_t nr)
{
	memset(&z->page[index], 0, nr * sizeof(z->page[0]));
	for (uint32_t w = index / 64; w * 64 < index + nr; w++)
		z->free_map[w] |= ff_word_mask(w, index, index + nr);
	z->nr_free += nr;

	/* a run that these pages complete may begin before them, as far as alignment goes */
	for (unsigned int order = 0; order <= ff->g.max_order; order++) {
		pfn_t from = (z->base + index) >> order << order;
		uint32_t w = from > z->base ? (from - z->base) / 64 : 0;

		if (w < z->hint[order])
			z->hint[order] = w;
	}
}

void ff_release(struct first_fit *ff, struct ff_zone *z, uint32_t index, uint32_t nr)
{
	uint32_t end = index + nr, i = index;

	while (i < end) {
		bool held = ff_bit(z->held_map, i);
		uint32_t from = i;

		while (i < end && ff_bit(z->held_map, i) == held)
			i++;
		if (!held) {
			ff_set_free(ff, z, from, i - from);
			continue;
		}
		for (uint32_t k = from; k < i; k++) {
			z->page[k] = (struct ff_page){ .kind = PAGE_CONTIG };
			z->owner[k] = OWNER_NONE;
		}
	}
}

struct ff_zone *ff_take(struct first_fit *ff, unsigned int order, unsigned int node, bool this_node, bool movable,
                        uint32_t *index)
{
	const uint8_t *try = ff->order_of_zones[node];
	uint32_t nr = 1u << order;

	for (uint32_t k = 0; k < ff->g.nr_zones; k++) {
		struct ff_zone *z = &ff->zones[try[k]];

		if (this_node && z->node != node)
			break;
		if (z->type == ZONE_MOVABLE && !movable)
			continue;
		if (z->nr_free <= (uint64_t)z->wmark_min + nr)
			continue;
		*index = find_run(z, order);
		if (*index == UINT32_MAX)
			continue;
		clear_bits(z->free_map, *index, *index + nr);
		z->nr_free -= nr;
		return z;
	}
	return NULL;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int64_t ff_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	struct first_fit *ff = (struct first_fit *)c;
	bool movable = what.migratetype == MT_MOVABLE;
	uint32_t index;

	assert(cpu < ff->g.nr_cpus);
	(void)cpu;
	if (what.order > ff->g.max_order || what.migratetype > MT_RECLAIMABLE || what.node >= CONTIG_MAX_NODES ||
	    (!ff_movable(what.kind) && what.kind != PAGE_KERNEL && what.kind != PAGE_RECLAIMABLE))
		return -EINVAL;

	struct ff_zone *z = ff_take(ff, what.order, what.node, what.this_node, movable, &index);
	if (!z) {
		ff->zones[ff->order_of_zones[what.node][0]].failed_allocs++;
		return -ENOMEM;
	}
	z->page[index] = (struct ff_page){ .kind = what.kind, .order = what.order };
	z->owner[index] = owner;
	return z->base + index;
}

/* The zone of an allocation that begins at pfn and belongs to owner; NULL if it is not there (any more). */
static struct ff_zone *find_owned(struct first_fit *ff, pfn_t pfn, owner_t owner)
{
	struct ff_zone *z = ff_zone_of(ff, pfn);

	assert(z);
	const struct ff_page *p = &z->page[pfn - z->base];
	if (p->kind == PAGE_NONE || p->kind == PAGE_CONTIG || z->owner[pfn - z->base] != owner)
		return NULL;
	return z;
}

static int ff_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	struct first_fit *ff = (struct first_fit *)c;
	struct ff_zone *z = find_owned(ff, pfn, owner);

	assert(cpu < ff->g.nr_cpus);
	(void)cpu;
	if (!z)
		return -EAGAIN;
	ff_release(ff, z, pfn - z->base, 1u << z->page[pfn - z->base].order);
	return 0;
}

static int ff_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces)
{
	struct first_fit *ff = (struct first_fit *)c;
	struct ff_zone *z = find_owned(ff, pfn, owner);

	if (!z)
		return -EAGAIN;

	uint32_t i = pfn - z->base;
	struct ff_page was = z->page[i];
	if (new_order > was.order)
		return -EINVAL;
	uint8_t kind = was.kind == PAGE_LRU_COMPOUND && !new_order ? (uint8_t)PAGE_LRU : was.kind;
	for (uint32_t k = 0; k < 1u << (was.order - new_order); k++) {
		z->page[i + (k << new_order)] = (struct ff_page){ .kind = kind, .order = (uint8_t)new_order };
		z->owner[i + (k << new_order)] = pieces[k];
	}
	return 0;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static bool open_zone(struct ff_zone *z, const struct contig_zone *from)
{
	z->base = from->start & ~63u;
	z->start = from->start;
	z->end = from->start + from->pages;
	z->node = from->node;
	z->type = from->type;
	z->nr_words = (z->end - z->base + 63) / 64;

	size_t nr = (size_t)z->nr_words * 64;
	size_t map = nr / 8, owners = nr * sizeof(owner_t), pages = nr * sizeof(struct ff_page);
	z->maps_bytes = round_up(owners + pages + 2 * map, 4096);
	z->maps = mmap(NULL, z->maps_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (z->maps == MAP_FAILED) {
		z->maps = NULL;
		return false;
	}
	/* advice: without it random victims measure the TLB */
	madvise(z->maps, z->maps_bytes, MADV_HUGEPAGE);
	z->owner = z->maps;
	z->page = (struct ff_page *)((char *)z->maps + owners);
	z->free_map = (uint64_t *)((char *)z->page + pages);
	z->held_map = z->free_map + z->nr_words;
	return true;
}

/* init_per_zone_wmark_min(): min_free_kbytes = sqrt(16 * kilobytes), 128 KiB to 256 MiB, shared out by size. */
static void set_watermarks(struct first_fit *ff)
{
	double page_kb = ldexp(1, ff->g.page_shift - 10), pages = 0;

	for (uint32_t i = 0; i < ff->g.nr_zones; i++)
		pages += ff->g.zones[i].pages;
	double min_pages = fmin(fmax(sqrt(16 * pages * page_kb), 128), 262144) / page_kb;
	for (uint32_t i = 0; i < ff->g.nr_zones; i++) {
		const struct contig_zone *z = &ff->g.zones[i];

		ff->zones[i].wmark_min = z->wmark_min == CONTIG_NO_WMARK ? 0
		                         : z->wmark_min                  ? z->wmark_min
		                                                         : (uint32_t)(min_pages * z->pages / pages);
	}
}

/* Preferred node first, then ascending, wrapping round; in a node the scarcest memory last. */
static void order_zones(struct first_fit *ff)
{
	for (uint32_t node = 0; node < CONTIG_MAX_NODES; node++) {
		uint32_t n = 0;

		for (uint32_t d = 0; d < CONTIG_MAX_NODES; d++) {
			for (uint32_t type = ZONE_TYPE_NR; type-- > 0;) {
				for (uint32_t i = 0; i < ff->g.nr_zones; i++) {
					const struct contig_zone *z = &ff->g.zones[i];

					if (z->node == (node + d) % CONTIG_MAX_NODES && z->type == type)
						ff->order_of_zones[node][n++] = (uint8_t)i;
				}
			}
		}
	}
}

static void ff_close(struct contig *c)
{
	struct first_fit *ff = (struct first_fit *)c;

	for (uint32_t i = 0; i < ff->g.nr_zones; i++) {
		if (ff->zones[i].maps)
			munmap(ff->zones[i].maps, ff->zones[i].maps_bytes);
	}
	free(ff->zones);
	free(ff);
}

static struct contig *refuse(struct contig_diag *diag, const char *text)
{
	contig_diag_set(diag, -EINVAL, "%s", text);
	return NULL;
}

static struct contig *ff_open(const struct contig_backend *self, const struct contig_geometry *g,
                              const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag)
{
	if (knobs)
		return refuse(diag, "first-fit has no knobs: write just 'first-fit'");
	if (g->init != CONTIG_INIT_FREE)
		return refuse(diag,
		              "first-fit can not be given an exact initial state: it begins with all memory free");

	if (hooks->threads)
		return refuse(diag, "first-fit is for one thread: it can not be run on the wall clock");

	struct first_fit *ff = calloc(1, sizeof(*ff));
	if (!ff)
		return refuse(diag, "no memory for first-fit");
	ff->contig.ops = self;
	ff->g = *g;
	ff->hooks = *hooks;
	ff->zones = calloc(g->nr_zones, sizeof(*ff->zones));
	if (!ff->zones) {
		ff->g.nr_zones = 0;
		ff_close(&ff->contig);
		return refuse(diag, "no memory for first-fit");
	}
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		struct ff_zone *z = &ff->zones[i];

		if (!open_zone(z, &g->zones[i])) {
			ff_close(&ff->contig);
			return refuse(diag, "no memory for the maps of first-fit: about 10 bytes a page are needed");
		}
		ff_set_free(ff, z, z->start - z->base, z->end - z->start);
	}
	set_watermarks(ff);
	order_zones(ff);
	return &ff->contig;
}

const struct contig_backend first_fit = {
	.name = "first-fit",
	.summary = "baseline, not Linux: a bitmap searched from the bottom, no migratetypes, exact contiguous ranges",
	.baseline = true,
	.open = ff_open,
	.close = ff_close,
	.alloc = ff_alloc,
	.free = ff_free,
	.split = ff_split,
	.range_begin = ff_range_begin,
	.range_step = ff_range_step,
	.range_end = ff_range_end,
	.range_free = ff_range_free,
	.stats = ff_stats,
};
