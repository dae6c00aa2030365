// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "backing.h"
#include "stamp.h"

#define MIB (UINT64_C(1) << 20)

/* The real pages of one zone. */
struct area {
	pfn_t start;
	uint32_t pages;
	uint8_t node;
	char *at;
	size_t bytes;
};

/* Where a hook has met wrong contents. */
struct failure {
	const char *when; /* NULL: the page is in no zone */
	owner_t owner;
	pfn_t pfn;
	uint32_t index;
	struct stamp_found found;
};

struct backing {
	const struct placement *placement;
	unsigned int page_shift;
	struct stamp_key key;
	struct stamp nobody;
	uint32_t nr_areas;
	struct area areas[CONTIG_MAX_ZONES]; /* ascending */

	/* the first failure: whoever gets here first writes it down, and then says that it can be read */
	atomic_bool failing, failed;
	struct failure failure;
};

/* Zones are at most 128 times 2^32 pages of 2^20 bytes: that is 2^59 bytes, and fits. */
uint64_t backing_bytes(const struct contig_geometry *g)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < g->nr_zones; i++)
		pages += g->zones[i].pages;
	return pages << g->page_shift;
}

/* ---- room for it ----------------------------------------------------------------------------- */

/* Left to others and to what grows beside it: page tables, the backend's metadata, the kernel's own. */
static uint64_t to_spare(uint64_t bytes)
{
	return bytes / 64 + 64 * MIB;
}

static uint64_t mib_up(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

static int too_little(uint64_t need, uint64_t have, const char *where, const char *besides, struct contig_diag *diag)
{
	return contig_diag_set(diag, -ENOMEM,
	                       "real memory behind the pages needs %" PRIu64 " MiB%s, and %" PRIu64
	                       " MiB to spare; %" PRIu64 " MiB are available: a higher --occupancy or a shorter trace "
	                       "needs less, --backing none needs nothing%s",
	                       mib_up(need), where, mib_up(to_spare(need)), have / MIB, besides);
}

static bool fits(uint64_t need, uint64_t have)
{
	return have >= need && have - need >= to_spare(need);
}

static int check_node(const struct contig_geometry *g, const struct placement *p, uint32_t node,
                      struct contig_diag *diag)
{
	uint64_t need = 0, have = placement_free_bytes(node);
	char where[32];

	for (uint32_t i = 0; i < g->nr_zones; i++)
		if (p->node_of[g->zones[i].node] == node)
			need += (uint64_t)g->zones[i].pages << g->page_shift;
	if (fits(need, have))
		return 0;
	snprintf(where, sizeof(where), " on node %u", node);
	return too_little(need, have, where, ", and with --bind no it may lie on any node", diag);
}

int backing_check_room(const struct contig_geometry *g, const struct placement *p, struct contig_diag *diag)
{
	uint64_t need = backing_bytes(g), have = placement_available_bytes();

	if (!fits(need, have) || need > SIZE_MAX)
		return too_little(need, have, "", "", diag);
	for (uint32_t i = 0; p->bind && i < g->nr_zones; i++) {
		int rc = check_node(g, p, p->node_of[g->zones[i].node], diag);

		if (rc)
			return rc;
	}
	return 0;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int check_zones(const struct contig_geometry *g, const struct placement *p, struct contig_diag *diag)
{
	int rc = contig_geometry_check(g, diag);

	for (uint32_t i = 0; !rc && i < g->nr_zones; i++)
		if (g->zones[i].node >= p->nr_nodes)
			rc = contig_diag_set(diag, -EINVAL,
			                     "the zone at page %u is on node %u, which has no place in "
			                     "the mapping",
			                     g->zones[i].start, g->zones[i].node);
	return rc;
}

static void list_areas(struct backing *b, const struct contig_geometry *g)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	b->nr_areas = g->nr_zones;
	for (uint32_t i = 0; i < g->nr_zones; i++) {
		const struct contig_zone *z = &g->zones[i];
		size_t bytes = (size_t)z->pages << g->page_shift;

		b->areas[i] =
			(struct area){ z->start, z->pages, z->node, MAP_FAILED, (bytes + page - 1) & ~(page - 1) };
	}
	qsort(b->areas, b->nr_areas, sizeof(*b->areas), by_start);
}

/* Make the kernel allocate all pages now. */
static int populate(const struct area *a, struct contig_diag *diag)
{
	int rc = placement_populate(a->at, a->bytes);

	if (!rc)
		return 0;
	return contig_diag_set(diag, rc == -ENOMEM ? -ENOMEM : -EIO,
	                       "the kernel can not give %" PRIu64 " MiB of real memory: %s; --backing none needs none",
	                       mib_up(a->bytes), strerror(-rc));
}

static int check_found(const struct placement_found *found, const struct backing *b, const struct area *a,
                       struct contig_diag *diag)
{
	uint64_t all = found->right + found->wrong + found->untouched;

	if (found->right == all)
		return 0;
	return contig_diag_set(diag, -EIO,
	                       "%" PRIu64 " of %" PRIu64 " real pages of the zone at page %u are not on node %u, to "
	                       "which they were bound: the kernel did not keep to the binding; --bind no does without",
	                       all - found->right, all, a->start, b->placement->node_of[a->node]);
}

static int open_area(struct backing *b, struct area *a, struct contig_diag *diag)
{
	struct placement_found found = { 0 };

	a->at = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->at == MAP_FAILED)
		return contig_diag_set(diag, -ENOMEM,
		                       "%" PRIu64
		                       " MiB of real memory can not be mapped: %s; --backing none needs none",
		                       mib_up(a->bytes), strerror(errno));
	/* a kernel copies pages through a map of huge pages, too; where there are none it costs more of the cpu's TLB */
	madvise(a->at, a->bytes, MADV_HUGEPAGE);
	int rc = placement_bind(b->placement, a->at, a->bytes, a->node, diag);

	if (!rc)
		rc = populate(a, diag);
	if (!rc)
		rc = placement_verify(b->placement, a->at, a->bytes, a->node, &found, diag);
	if (!rc)
		rc = check_found(&found, b, a, diag);
	for (uint32_t i = 0; !rc && i < a->pages; i++)
		stamp_put(&b->nobody, a->at + ((size_t)i << b->page_shift), (size_t)1 << b->page_shift, 0);
	return rc;
}

static void choose_secret(struct backing *b)
{
	if (getrandom(&b->key, sizeof(b->key), GRND_NONBLOCK) != sizeof(b->key)) {
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		b->key.begin = rng_mix((uint64_t)now.tv_nsec ^ (uintptr_t)b);
		b->key.end = rng_mix(b->key.begin);
	}
	b->nobody = stamp_of(&b->key, OWNER_NONE);
}

int backing_open(struct backing **out, const struct contig_geometry *g, const struct placement *p,
                 struct contig_diag *diag)
{
	*out = NULL;
	int rc = check_zones(g, p, diag);

	if (!rc)
		rc = backing_check_room(g, p, diag);
	if (rc)
		return rc;
	struct backing *b = calloc(1, sizeof(*b));

	if (!b)
		return contig_diag_set(diag, -ENOMEM, "no memory to keep account of real pages");
	b->placement = p;
	b->page_shift = g->page_shift;
	choose_secret(b);
	list_areas(b, g);
	for (uint32_t i = 0; !rc && i < b->nr_areas; i++)
		rc = open_area(b, &b->areas[i], diag);
	if (rc)
		backing_close(b);
	else
		*out = b;
	return rc;
}

void backing_close(struct backing *b)
{
	for (uint32_t i = 0; b && i < b->nr_areas; i++)
		if (b->areas[i].at != MAP_FAILED)
			munmap(b->areas[i].at, b->areas[i].bytes);
	free(b);
}

int backing_verify_nodes(const struct backing *b, struct placement_found *found, struct contig_diag *diag)
{
	int rc = 0;

	for (uint32_t i = 0; !rc && i < b->nr_areas; i++)
		rc = placement_verify(b->placement, b->areas[i].at, b->areas[i].bytes, b->areas[i].node, found, diag);
	return rc;
}

/* ---- what is wrong --------------------------------------------------------------------------- */

/* Results of requests are owners, too, behind all events: the event of a trace is below 2^32 - 1. */
static owner_t range_owner(uint32_t request)
{
	return (owner_t)UINT32_MAX << 32 | request;
}

static void name_owner(owner_t owner, char *out, size_t size)
{
	if (owner >> 32 == UINT32_MAX)
		snprintf(out, size, "contiguous request %" PRIu32, (uint32_t)owner);
	else if ((uint32_t)owner)
		snprintf(out, size, "the allocation of event %" PRIu64 " (%" PRIu32 ")", owner >> 32, (uint32_t)owner);
	else
		snprintf(out, size, "the allocation of event %" PRIu64, owner >> 32);
}

/* Each sentence names first what is seen, then what does that. */
static void name_found(const struct failure *f, char *out, size_t size)
{
	const struct stamp_found *found = &f->found;
	char other[64];

	name_owner(found->owner, other, sizeof(other));
	if (found->same && found->owner == f->owner)
		snprintf(out, size, "carries the stamp of page %u of the same: pages changed places", found->index);
	else if (found->same)
		snprintf(out, size, "carries the stamp of %s: two owners have got it", other);
	else if (found->begin == STAMP_NOBODY && found->end == STAMP_NOBODY)
		snprintf(out, size,
		         "carries the mark of a free page: it was freed before, or its contents never got here");
	else if (found->begin == STAMP_RIGHT || found->end == STAMP_RIGHT)
		snprintf(out, size, "is right at its %s only: it was half copied, or written over",
		         found->begin == STAMP_RIGHT ? "beginning" : "end");
	else if (found->begin == STAMP_OTHER || found->end == STAMP_OTHER)
		snprintf(out, size, "carries a part of the stamp of %s: it was half copied, or written over", other);
	else
		snprintf(out, size, "carries no stamp: its contents are lost, or written over");
}

static int say(const struct failure *f, struct contig_diag *diag)
{
	char owner[64], found[192];

	name_owner(f->owner, owner, sizeof(owner));
	if (!f->when)
		return contig_diag_set(diag, -EUCLEAN, "page %u of %s is in no zone", f->pfn, owner);
	name_found(f, found, sizeof(found));
	return contig_diag_set(diag, -EUCLEAN, "real page %u, page %u of %s, %s: it %s", f->pfn, f->index, owner,
	                       f->when, found);
}

/* From several threads, and only the first counts. */
static void fail(struct backing *b, const struct failure *f)
{
	if (atomic_exchange_explicit(&b->failing, true, memory_order_relaxed))
		return;
	b->failure = *f;
	atomic_store_explicit(&b->failed, true, memory_order_release);
}

int backing_failed(const struct backing *b, struct contig_diag *diag)
{
	if (!atomic_load_explicit(&b->failed, memory_order_acquire))
		return 0;
	return say(&b->failure, diag);
}

/* ---- hooks ----------------------------------------------------------------------------------- */

/* A run of real pages, and whose they should be. */
struct run {
	char *at; /* NULL: not all in one zone */
	owner_t owner;
	pfn_t pfn;
	uint32_t nr;
	uint32_t index; /* of the first, in what its owner has */
};

static char *find(const struct backing *b, pfn_t pfn, uint64_t nr)
{
	const struct area *a = b->areas;
	uint32_t low = 0, high = b->nr_areas;

	/* the last area that begins at pfn or before */
	while (low + 1 < high) {
		uint32_t mid = (low + high) / 2;

		if (a[mid].start <= pfn)
			low = mid;
		else
			high = mid;
	}
	a += low;
	if (pfn < a->start || pfn - a->start >= a->pages || nr > a->pages - (pfn - a->start))
		return NULL;
	return a->at + ((size_t)(pfn - a->start) << b->page_shift);
}

char *backing_page(const struct backing *b, pfn_t pfn)
{
	return find(b, pfn, 1);
}

static struct run run_of(const struct backing *b, owner_t owner, pfn_t pfn, unsigned int order)
{
	uint32_t nr = order <= CONTIG_MAX_ORDER ? 1u << order : UINT32_MAX;

	return (struct run){ find(b, pfn, nr), owner, pfn, nr, 0 };
}

/* Results do not move: their pages are numbered by where they are, so that a part can be given back. */
static struct run range_of(const struct backing *b, uint32_t request, pfn_t start, uint32_t nr)
{
	return (struct run){ find(b, start, nr), range_owner(request), start, nr, start };
}

/* Is the run as it should be? If not, *f is the first page that is wrong. */
static bool run_is_right(const struct backing *b, const struct run *r, const char *when, struct failure *f)
{
	size_t bytes = (size_t)1 << b->page_shift;
	struct stamp s = stamp_of(&b->key, r->owner);

	*f = (struct failure){ .owner = r->owner, .pfn = r->pfn };
	if (!r->at)
		return false;
	for (uint32_t i = 0; i < r->nr; i++) {
		const char *page = r->at + ((size_t)i << b->page_shift);

		if (__builtin_expect(stamp_is(&s, page, bytes, r->index + i), 1))
			continue;
		f->when = when;
		f->pfn += i;
		f->index = i;
		stamp_read(&b->key, r->owner, page, bytes, r->index + i, &f->found);
		return false;
	}
	return true;
}

static void check(struct backing *b, const struct run *r, const char *when)
{
	struct failure f;

	if (!run_is_right(b, r, when, &f))
		fail(b, &f);
}

static void put(struct backing *b, const struct run *r)
{
	size_t bytes = (size_t)1 << b->page_shift;
	struct stamp s = stamp_of(&b->key, r->owner);

	if (!r->at)
		fail(b, &(struct failure){ .owner = r->owner, .pfn = r->pfn });
	for (uint32_t i = 0; r->at && i < r->nr; i++)
		stamp_put(&s, r->at + ((size_t)i << b->page_shift), bytes, r->index + i);
}

static void wipe(struct backing *b, const struct run *r)
{
	size_t bytes = (size_t)1 << b->page_shift;

	for (uint32_t i = 0; r->at && i < r->nr; i++)
		stamp_put(&b->nobody, r->at + ((size_t)i << b->page_shift), bytes, 0);
}

void backing_filled(struct backing *b, owner_t owner, pfn_t pfn, unsigned int order)
{
	struct run r = run_of(b, owner, pfn, order);

	put(b, &r);
}

void backing_emptied(struct backing *b, owner_t owner, pfn_t pfn, unsigned int order)
{
	struct run r = run_of(b, owner, pfn, order);

	/* what migration has left behind was looked at when it was copied */
	if (owner != OWNER_NONE)
		check(b, &r, "freed");
	wipe(b, &r);
}

void backing_copy(struct backing *b, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct run source = run_of(b, owner, from, order), target = run_of(b, owner, to, order);

	if (owner != OWNER_NONE)
		check(b, &source, "migrated");
	if (!target.at)
		fail(b, &(struct failure){ .owner = owner, .pfn = to });
	/* a right program has no overlap; a wrong one is to be told, not to be undefined */
	if (source.at && target.at)
		memmove(target.at, source.at, (size_t)source.nr << b->page_shift);
}

void backing_range_got(struct backing *b, uint32_t request, pfn_t start, uint32_t nr)
{
	struct run r = range_of(b, request, start, nr);

	put(b, &r);
}

void backing_range_back(struct backing *b, uint32_t request, pfn_t start, uint32_t nr)
{
	struct run r = range_of(b, request, start, nr);

	check(b, &r, "given back");
	wipe(b, &r);
}

int backing_check(const struct backing *b, owner_t owner, pfn_t pfn, unsigned int order, struct contig_diag *diag)
{
	struct run r = run_of(b, owner, pfn, order);
	struct failure f;

	return run_is_right(b, &r, "in use", &f) ? 0 : say(&f, diag);
}
