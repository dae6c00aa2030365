// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "identity.h"

/* The kernel's failed allocations have all bits of the pfn set, whatever the size of its unsigned long. */
#define PFN_FAILED(pfn) ((pfn) == UINT64_MAX || (pfn) == UINT32_MAX)

/* What is known about one pfn; all zero: no live allocation covers it. */
struct page {
	uint32_t id;   /* before identity_begin(): 1 */
	uint8_t order; /* of the allocation, which is naturally aligned: its head follows */
	uint8_t kind;  /* before identity_begin() only */
	uint8_t unused[2];
};

struct identity {
	struct page *map; /* index: pfn; pages that were never live cost no memory */
	uint64_t end;     /* first pfn behind the map */
	struct identity_zone zones[CONTIG_MAX_ZONES];
	size_t nr_zones, last_zone;
	unsigned int max_order;
	identity_sink sink;
	void *ctx;
	bool began, full;
	uint64_t zero_ns, now; /* trace clock at time 0; time of the last event, since then */
	uint32_t cpu;          /* of the event being worked on */
	uint32_t next_id;
	struct identity_counts counts;
};

static size_t map_bytes(const struct identity *idn)
{
	return (size_t)idn->end * sizeof(struct page);
}

struct identity *identity_new(const struct identity_zone *zones, size_t nr, unsigned int max_order, identity_sink sink,
                              void *ctx)
{
	struct identity *idn = calloc(1, sizeof(*idn));

	if (!idn)
		return NULL;
	idn->nr_zones = nr < CONTIG_MAX_ZONES ? nr : CONTIG_MAX_ZONES;
	idn->max_order = max_order;
	idn->sink = sink;
	idn->ctx = ctx;
	idn->next_id = 1;
	for (size_t i = 0; i < idn->nr_zones; i++) {
		idn->zones[i] = zones[i];
		if (zones[i].end > idn->end)
			idn->end = zones[i].end;
	}
	/* the largest allocation may reach beyond the end of the last zone */
	idn->end = (idn->end + (1u << CONTIG_MAX_ORDER)) & ~(((uint64_t)1 << CONTIG_MAX_ORDER) - 1);
	idn->map =
		mmap(NULL, map_bytes(idn), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (idn->map == MAP_FAILED) {
		free(idn);
		return NULL;
	}
	return idn;
}

void identity_destroy(struct identity *idn)
{
	if (!idn)
		return;
	munmap(idn->map, map_bytes(idn));
	free(idn);
}

static uint64_t pages_of(unsigned int order)
{
	return (uint64_t)1 << order;
}

static uint64_t head_of(const struct identity *idn, uint64_t pfn)
{
	return pfn & ~(pages_of(idn->map[pfn].order) - 1);
}

/* False: not a naturally aligned run inside the map. */
static bool sane(const struct identity *idn, uint64_t pfn, unsigned int order)
{
	return order <= CONTIG_MAX_ORDER && pfn < idn->end && pages_of(order) <= idn->end - pfn &&
	       !(pfn & (pages_of(order) - 1));
}

static const struct identity_zone *zone_of(struct identity *idn, uint64_t pfn)
{
	const struct identity_zone *z = &idn->zones[idn->last_zone];

	if (pfn >= z->start && pfn < z->end)
		return z;
	for (size_t i = 0; i < idn->nr_zones; i++) {
		z = &idn->zones[i];
		if (pfn >= z->start && pfn < z->end) {
			idn->last_zone = i;
			return z;
		}
	}
	return NULL;
}

static void set(struct identity *idn, uint64_t pfn, unsigned int order, uint32_t id, uint8_t kind)
{
	const struct page page = { .id = id, .order = (uint8_t)order, .kind = kind };

	for (uint64_t p = pfn; p < pfn + pages_of(order); p++)
		idn->map[p] = page;
}

static void clear(struct identity *idn, uint64_t pfn, unsigned int order)
{
	memset(&idn->map[pfn], 0, (size_t)pages_of(order) * sizeof(struct page));
}

static void emit(struct identity *idn, const struct trace_event *e)
{
	if (idn->began)
		idn->sink(idn->ctx, e);
}

/* New ids for nr allocations, or 0 when they are used up. */
static uint32_t new_ids(struct identity *idn, uint64_t nr)
{
	if (!idn->began)
		return 1;
	if (nr >= UINT32_MAX - (uint64_t)idn->next_id)
		idn->full = true;
	if (idn->full)
		return 0;
	uint32_t id = idn->next_id;
	idn->next_id += (uint32_t)nr;
	return id;
}

/* Cut the allocation that begins at head into pieces of a lower order. */
static bool split(struct identity *idn, uint64_t head, unsigned int order)
{
	const struct page old = idn->map[head];
	uint64_t pieces = pages_of(old.order - order);
	uint32_t id = new_ids(idn, pieces);

	if (!id)
		return false;
	emit(idn, &(struct trace_event){
			  .ns = idn->now,
			  .op = TRACE_SPLIT,
			  .id = old.id,
			  .aux = id,
			  .order = (uint8_t)order,
			  .cpu = (uint16_t)idn->cpu,
		  });
	for (uint64_t i = 0; i < pieces; i++)
		set(idn, head + (i << order), order, idn->began ? id + (uint32_t)i : 1, old.kind);
	idn->counts.splits += idn->began;
	return true;
}

/* Free every allocation, and every part of one, in a naturally aligned run. Returns FREE events. */
static uint64_t release(struct identity *idn, uint64_t pfn, unsigned int order)
{
	uint64_t end = pfn + pages_of(order), freed = 0;

	for (uint64_t p = pfn; p < end;) {
		struct page *page = &idn->map[p];

		if (!page->id) {
			p++;
			continue;
		}
		/* both are naturally aligned: either lies in the other */
		if (page->order > order && !split(idn, head_of(idn, p), order))
			return freed;
		uint8_t size = page->order;
		emit(idn, &(struct trace_event){
				  .ns = idn->now, .op = TRACE_FREE, .id = page->id, .cpu = (uint16_t)idn->cpu });
		clear(idn, p, size);
		freed++;
		p += pages_of(size);
	}
	return freed;
}

/* ---- the initial state ----------------------------------------------------------------------- */

void identity_place(struct identity *idn, uint64_t pfn, unsigned int order, enum page_kind kind)
{
	if (!sane(idn, pfn, order))
		return;
	release(idn, pfn, order);
	set(idn, pfn, order, 1, (uint8_t)kind);
}

void identity_forget(struct identity *idn, uint64_t pfn)
{
	if (pfn < idn->end)
		release(idn, pfn, 0);
}

static void emit_initial(struct identity *idn, uint64_t pfn, const struct page *page, const struct identity_zone *z)
{
	unsigned int order = page->order < idn->max_order ? page->order : idn->max_order;
	bool movable = page->kind == PAGE_LRU || page->kind == PAGE_LRU_COMPOUND;

	/* a gigantic page is more than the buddy hands out: it becomes several of the largest */
	for (uint64_t p = pfn; p < pfn + pages_of(page->order); p += pages_of(order)) {
		uint32_t id = new_ids(idn, 1);

		if (!id)
			return;
		emit(idn, &(struct trace_event){
				  .op = TRACE_ALLOC,
				  .id = id,
				  .order = (uint8_t)order,
				  .kind = page->kind,
				  .migratetype = movable                          ? MT_MOVABLE
		                                 : page->kind == PAGE_RECLAIMABLE ? MT_RECLAIMABLE
		                                                                  : MT_UNMOVABLE,
				  .node = z->node,
				  .zone = z->type,
			  });
		set(idn, p, order, id, page->kind);
		idn->counts.initial++;
		idn->counts.initial_pages += pages_of(order);
	}
}

void identity_begin(struct identity *idn, uint64_t ns)
{
	idn->began = true;
	idn->zero_ns = ns;
	for (size_t i = 0; i < idn->nr_zones; i++) {
		const struct identity_zone *z = &idn->zones[i];

		/* spanned ranges of zones overlap where nodes are interleaved: the first one has the page */
		for (uint64_t p = z->start; p < z->end;) {
			const struct page page = idn->map[p];

			if (page.id && !(p & (pages_of(page.order) - 1)) && zone_of(idn, p) == z)
				emit_initial(idn, p, &page, z);
			p += page.id ? pages_of(page.order) : 1;
		}
	}
}

/* ---- events of the kernel -------------------------------------------------------------------- */

static void tick(struct identity *idn, uint64_t ns, uint32_t cpu)
{
	uint64_t since = ns > idn->zero_ns ? ns - idn->zero_ns : 0;

	idn->cpu = cpu;
	if (!idn->began)
		return;
	idn->counts.raw_events++;
	if (since < idn->now)
		idn->counts.late++;
	else
		idn->now = since;
}

static enum page_kind kind_of(unsigned int migratetype, unsigned int order, bool compound)
{
	if (migratetype == MT_MOVABLE && !order)
		return PAGE_LRU;
	if (migratetype == MT_MOVABLE && compound)
		return PAGE_LRU_COMPOUND;
	return migratetype == MT_RECLAIMABLE ? PAGE_RECLAIMABLE : PAGE_KERNEL;
}

void identity_alloc(struct identity *idn, uint64_t ns, uint32_t cpu, uint64_t pfn, unsigned int order,
                    unsigned int migratetype, bool compound)
{
	tick(idn, ns, cpu);
	if (PFN_FAILED(pfn)) {
		idn->counts.failed_allocs += idn->began;
		return;
	}
	const struct identity_zone *z = sane(idn, pfn, order) ? zone_of(idn, pfn) : NULL;
	if (!z) {
		idn->counts.foreign += idn->began;
		return;
	}
	uint64_t implied = release(idn, pfn, order);
	uint32_t id = new_ids(idn, 1);
	if (!id)
		return;
	enum page_kind kind = kind_of(migratetype, order, compound);
	emit(idn, &(struct trace_event){
			  .ns = idn->now,
			  .op = TRACE_ALLOC,
			  .id = id,
			  .order = (uint8_t)order,
			  .kind = (uint8_t)kind,
			  /* a type that can not be asked for is none of the three the kernel derives from gfp flags */
			  .migratetype = (uint8_t)(migratetype <= MT_RECLAIMABLE ? migratetype : MT_UNMOVABLE),
			  .node = z->node,
			  .zone = z->type,
			  .cpu = (uint16_t)cpu,
		  });
	set(idn, pfn, order, id, (uint8_t)kind);
	if (idn->began) {
		idn->counts.implied_frees += implied;
		idn->counts.allocs++;
	}
}

/* A run that is not naturally aligned (a range given back in one call) is freed as the largest aligned runs in it. */
static uint64_t release_any(struct identity *idn, uint64_t pfn, uint64_t end)
{
	uint64_t freed = 0;

	while (pfn < end) {
		unsigned int order = pfn ? (unsigned int)__builtin_ctzll(pfn) : CONTIG_MAX_ORDER;

		if (order > CONTIG_MAX_ORDER)
			order = CONTIG_MAX_ORDER;
		while (pages_of(order) > end - pfn)
			order--;
		freed += release(idn, pfn, order);
		pfn += pages_of(order);
	}
	return freed;
}

void identity_free(struct identity *idn, uint64_t ns, uint32_t cpu, uint64_t pfn, unsigned int order)
{
	tick(idn, ns, cpu);
	if (order > CONTIG_MAX_ORDER || pfn >= idn->end || pages_of(order) > idn->end - pfn) {
		idn->counts.foreign += idn->began;
		return;
	}
	uint64_t freed = release_any(idn, pfn, pfn + pages_of(order));
	if (!idn->began)
		return;
	idn->counts.frees += freed;
	idn->counts.unmatched_frees += !freed;
}

uint32_t identity_of(const struct identity *idn, uint64_t pfn)
{
	return pfn < idn->end ? idn->map[pfn].id : 0;
}

bool identity_full(const struct identity *idn)
{
	return idn->full;
}

const struct identity_counts *identity_counts(const struct identity *idn)
{
	return &idn->counts;
}
