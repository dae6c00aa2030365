// SPDX-License-Identifier: MIT
/*
 * test_threads.c - the model opened for threads: four of them allocate, free what others allocated, split, pin and ask for
 * contiguous ranges, in two small zones, so that they meet all the time:
 *
 *	zone 0, node 0 |MMMMMMMM...| cpus 0, 2		zone 1, node 1 |MMMMMMMM...| cpus 1, 3
 *
 * Every page has one word that says whose it is. The backend's hooks move that word as memory would be moved, and notice at
 * once when two have the same page, or one has a page that is not its own.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/generations.h"

#define THREADS    4u
#define ZONE_PAGES 8192u
#define SLOTS      4096u
#define CONTIG     UINT64_MAX /* whose a contiguous request's pages are */

static unsigned int steps = 40000;

struct slot {
	atomic_bool taken; /* by the thread that works on it */
	_Atomic pfn_t pfn;
	uint8_t order;
	bool pinned;
};

struct house {
	struct contig *c;
	struct contig_hooks hooks;
	struct slot slots[SLOTS];
	_Atomic uint64_t whose[2 * ZONE_PAGES];
	atomic_uint wrong;
	atomic_uint got, refused, moved, again;
};

struct worker {
	struct house *h;
	uint32_t cpu;
	uint64_t random;
};

static void turn(struct house *h, pfn_t pfn, unsigned int order, uint64_t from, uint64_t to)
{
	for (pfn_t p = pfn; p < pfn + (1u << order); p++) {
		if (atomic_exchange_explicit(&h->whose[p], to, memory_order_relaxed) != from)
			atomic_fetch_add(&h->wrong, 1);
	}
}

static void filled(void *ctx, owner_t owner, pfn_t pfn, unsigned int order)
{
	struct house *h = ctx;

	/* free so far, or the piece of a split, which keeps its owner here */
	for (pfn_t p = pfn; p < pfn + (1u << order); p++) {
		uint64_t was = atomic_exchange_explicit(&h->whose[p], owner, memory_order_relaxed);

		if (was && was != owner)
			atomic_fetch_add(&h->wrong, 1);
	}
}

static void emptied(void *ctx, owner_t owner, pfn_t pfn, unsigned int order)
{
	turn(ctx, pfn, order, owner, 0);
}

static void copy(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct house *h = ctx;

	/* the old page says so until it is emptied; a copy that its owner no longer wants is written over */
	for (unsigned int i = 0; i < 1u << order; i++) {
		if (atomic_load_explicit(&h->whose[from + i], memory_order_relaxed) != owner)
			atomic_fetch_add(&h->wrong, 1);
	}
	(void)to;
}

static void moved(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order)
{
	struct house *h = ctx;
	pfn_t expected = from;

	turn(h, from, order, owner, 0);
	turn(h, to, order, 0, owner);
	atomic_fetch_add_explicit(&h->moved, 1, memory_order_relaxed);
	atomic_compare_exchange_strong(&h->slots[owner - 1].pfn, &expected, to);
}

static uint32_t below(struct worker *w, uint32_t n)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (uint32_t)((z >> 32) * n >> 32);
}

static void allocate(struct worker *w, uint32_t i, struct slot *s)
{
	static const uint8_t orders[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6 };
	unsigned int order = orders[below(w, 16)], what = below(w, 10);
	struct contig_what ask = { .order = (uint8_t)order,
		                   .kind = order ? PAGE_LRU_COMPOUND : PAGE_LRU,
		                   .migratetype = MT_MOVABLE,
		                   .node = (uint8_t)(w->cpu & 1) };

	if (!what) {
		ask.kind = PAGE_KERNEL;
		ask.migratetype = MT_UNMOVABLE;
	}
	int64_t pfn = contig_alloc(w->h->c, w->cpu, ask, i + 1);

	if (pfn == -ENOMEM)
		return;
	s->order = ask.order;
	atomic_store(&s->pfn, (pfn_t)pfn);
}

static void release(struct worker *w, uint32_t i, struct slot *s)
{
	int rc;

	for (;;) {
		pfn_t pfn = atomic_load(&s->pfn);

		rc = contig_free(w->h->c, w->cpu, pfn, i + 1);
		if (rc != -EAGAIN || pfn == PFN_NONE)
			break;
		atomic_fetch_add_explicit(&w->h->again, 1, memory_order_relaxed);
		sched_yield();
	}
	if (rc)
		atomic_fetch_add(&w->h->wrong, 1);
	atomic_store(&s->pfn, PFN_NONE);
}

/* Of an allocation of several pages its pieces: all but the first are given back at once. */
static void split(struct worker *w, uint32_t i, struct slot *s)
{
	owner_t pieces[64];
	unsigned int nr = 1u << s->order;

	for (unsigned int k = 0; k < nr; k++)
		pieces[k] = i + 1;
	for (int rc; (rc = contig_split(w->h->c, atomic_load(&s->pfn), i + 1, 0, pieces));) {
		if (rc != -EAGAIN)
			atomic_fetch_add(&w->h->wrong, 1);
		sched_yield();
	}
	s->order = 0;
	/* where a piece has gone by now nobody knows, as all have one name: it is looked for in the words */
	atomic_store(&s->pfn, PFN_NONE);
	for (unsigned int k = 0; k < nr;) {
		for (pfn_t p = 0; p < 2 * ZONE_PAGES && k < nr; p++) {
			if (atomic_load_explicit(&w->h->whose[p], memory_order_relaxed) == i + 1)
				k += !contig_free(w->h->c, w->cpu, p, i + 1);
		}
	}
}

static void request(struct worker *w)
{
	static const uint16_t sizes[] = { 16, 64, 64, 128, 256, 512 };
	uint32_t nr = sizes[below(w, 6)];
	const struct contig_range_args args = {
		.start = below(w, 2 * ZONE_PAGES / nr) * nr, .nr = nr, .cpu = w->cpu, .caller = CALLER_MOVABLE
	};
	struct contig_outcome out;

	if (contig_range_alloc(w->h->c, &args, &out)) {
		atomic_fetch_add_explicit(&w->h->refused, 1, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&w->h->got, 1, memory_order_relaxed);
	for (pfn_t p = args.start; p < args.start + nr; p++)
		turn(w->h, p, 0, 0, CONTIG);
	for (uint32_t n = below(w, 64); n; n--)
		sched_yield();
	for (pfn_t p = args.start; p < args.start + nr; p++)
		turn(w->h, p, 0, CONTIG, 0);
	if (contig_range_free(w->h->c, w->cpu, args.start, nr))
		atomic_fetch_add(&w->h->wrong, 1);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned int n = 0; n < steps; n++) {
		uint32_t i = below(w, SLOTS);
		struct slot *s = &w->h->slots[i];

		if (!below(w, 200))
			request(w);
		if (atomic_exchange(&s->taken, true))
			continue;
		if (atomic_load(&s->pfn) == PFN_NONE)
			allocate(w, i, s);
		else if (s->order && !below(w, 40))
			split(w, i, s);
		else
			release(w, i, s);
		atomic_store(&s->taken, false);
	}
	return NULL;
}

static void open_house(struct house *h, const char *backend)
{
	struct contig_geometry g;
	struct contig_diag diag;

	contig_geometry_x86_64(&g, ZONE_PAGES);
	g.pageblock_order = 6;
	g.max_order = 8;
	g.nr_cpus = THREADS;
	g.nr_zones = 2;
	g.zones[1] = (struct contig_zone){ .start = ZONE_PAGES, .pages = ZONE_PAGES, .node = 1, .type = ZONE_NORMAL };
	for (uint32_t cpu = 0; cpu < THREADS; cpu++)
		g.cpu_node[cpu] = cpu & 1;
	h->hooks = (struct contig_hooks){
		.ctx = h, .moved = moved, .threads = true, .filled = filled, .emptied = emptied, .copy = copy
	};
	for (uint32_t i = 0; i < SLOTS; i++)
		h->slots[i].pfn = PFN_NONE;
	h->c = contig_open(backend, &g, &h->hooks, &diag);
	if (!h->c)
		fail_msg("%s: %s", backend, diag.text);
}

static void verify(struct house *h, const char *backend)
{
	struct contig_diag diag;

	if (h->c->ops->lab->verify(h->c, &diag))
		fail_msg("%s: %s", backend, diag.text);
	if (h->wrong)
		fail_msg("%s: %u pages had two owners, or none, or a call went wrong", backend, h->wrong);
}

static void run_threads(struct house *h, uint64_t seed)
{
	pthread_t threads[THREADS];
	struct worker workers[THREADS];

	for (uint32_t cpu = 0; cpu < THREADS; cpu++) {
		workers[cpu] = (struct worker){ .h = h, .cpu = cpu, .random = seed * 1000 + cpu };
		assert_int_equal(pthread_create(&threads[cpu], NULL, work, &workers[cpu]), 0);
	}
	for (uint32_t cpu = 0; cpu < THREADS; cpu++)
		pthread_join(threads[cpu], NULL);
}

static void race(const char *backend)
{
	struct house *h = calloc(1, sizeof(*h));
	struct worker w = { .h = h, .cpu = 0 };
	struct contig_stats s;

	open_house(h, backend);
	run_threads(h, 1);
	verify(h, backend);
	if (!h->got || !h->refused || !h->moved)
		fail_msg("%s: %u requests got their range, %u did not, %u pages moved: too little happened", backend,
		         h->got, h->refused, h->moved);
	/* all given back: all is free */
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (h->slots[i].pfn != PFN_NONE)
			release(&w, i, &h->slots[i]);
	}
	h->c->ops->lab->drain(h->c);
	verify(h, backend);
	contig_stats(h->c, CONTIG_ALL_ZONES, &s);
	assert_int_equal((int64_t)s.free - s.drift, 2 * ZONE_PAGES);
	for (uint32_t i = 0; i < 2 * ZONE_PAGES; i++)
		assert_int_equal(h->whose[i], 0);
	contig_close(h->c);
	free(h);
}

static void nobody_gets_what_another_has(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		race(b->name);
	}
}

/* The same with per-cpu lists switched off as long as a request lasts, and with all the orders of taking locks. */
static void with_other_knobs(void **state)
{
	(void)state;
	race("linux-6.1+pcp_iso=disabled");
	race("linux-7.2+pcp_iso=disabled");
	race("linux-7.2+pcp_lock=irq_off");
	race("linux-5.10+pcp_lock=trylock");
	race("linux-5.10+grab_busy=leave_listed");
}

/* What a lock of a zone can not protect is refused, and so is a backend without locks. */
static void refusals(void **state)
{
	(void)state;
	const struct contig_hooks hooks = { .threads = true };
	struct contig_geometry g;
	struct contig_diag diag;

	contig_geometry_x86_64(&g, 1024 + 100);
	g.nr_zones = 2;
	g.zones[1] = (struct contig_zone){ .start = 1024 + 100, .pages = 4096, .type = ZONE_MOVABLE };
	assert_null(contig_open("linux-7.2", &g, &hooks, &diag));
	assert_string_equal(diag.text, "zones 0 and 1 share the pageblock of pfn 1124, which threads can not lock: let "
	                               "zones begin and end at multiples of 512 pages");
	contig_geometry_x86_64(&g, 4096);
	assert_null(contig_open("first-fit", &g, &hooks, &diag));
	assert_non_null(strstr(diag.text, "for one thread"));
}

/* Where the hook that binds metadata has been. */
struct placed {
	uint64_t bytes[2];
	int refuse;
};

static int place(void *ctx, void *start, size_t bytes, unsigned int node, struct contig_diag *diag)
{
	struct placed *p = ctx;

	assert_int_equal((uintptr_t)start % 4096, 0);
	assert_int_equal(bytes % 4096, 0);
	for (const char *at = start; at < (char *)start + bytes; at += 4096)
		assert_int_equal(*at, 0);
	p->bytes[node] += bytes;
	return p->refuse ? contig_diag_set(diag, p->refuse, "not there") : 0;
}

static void metadata_is_offered_by_node(void **state)
{
	(void)state;
	struct placed p = { .refuse = 0 };
	const struct contig_hooks hooks = { .ctx = &p, .threads = true, .place = place };
	struct contig_geometry g;
	struct contig_stats s;
	struct contig_diag diag;

	contig_geometry_x86_64(&g, 1u << 20);
	g.nr_cpus = 2;
	g.nr_zones = 2;
	g.cpu_node[1] = 1;
	g.zones[1] = (struct contig_zone){ .start = 1u << 20, .pages = 1u << 18, .node = 1, .type = ZONE_NORMAL };
	struct contig *c = contig_open("linux-6.1", &g, &hooks, &diag);

	assert_non_null(c);
	contig_stats(c, CONTIG_ALL_ZONES, &s);
	/* the descriptors of each zone, 12 bytes a page, and what else it has: lists, counters, per-cpu lists */
	assert_in_range(p.bytes[0], 12u << 20, (12u << 20) + (12u << 18));
	assert_in_range(p.bytes[1], 12u << 18, (12u << 18) + (12u << 16));
	contig_close(c);
	p.refuse = -EPERM;
	assert_null(contig_open("linux-6.1", &g, &hooks, &diag));
	assert_string_equal(diag.text, "not there");
}

int main(void)
{
	const char *asked = getenv("CONTIG_STEPS");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_gets_what_another_has),
		cmocka_unit_test(with_other_knobs),
		cmocka_unit_test(refusals),
		cmocka_unit_test(metadata_is_offered_by_node),
	};

	steps = asked ? (unsigned int)strtoul(asked, NULL, 0) : steps;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
