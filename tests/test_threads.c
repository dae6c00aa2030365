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
#include <unistd.h>

#include <cmocka.h>

#include "../bench/virtual/rng.h"
#include "lib/generations.h"

#define THREADS    4u
#define ZONE_PAGES 8192u
#define SLOTS      4096u
#define CONTIG     UINT64_MAX     /* whose a contiguous request's pages are */
#define MAKING     (PFN_NONE - 1) /* being allocated: whoever moves it first writes down where it is */
#define STRANGER   (SLOTS + 1)    /* owns nothing */

static unsigned int steps = 40000;

struct slot {
	atomic_bool taken; /* by the thread that works on it */
	_Atomic pfn_t pfn;
	uint8_t order;
	atomic_bool pinned; /* what is at pfn, which does not move */
	atomic_bool splitting;
};

struct house {
	struct contig *c;
	struct contig_hooks hooks;
	struct slot slots[SLOTS];
	_Atomic uint64_t whose[2 * ZONE_PAGES];
	atomic_uint wrong;
	atomic_bool stop;
	atomic_uint got, refused, moved, again, pinned, gone_offline;
	bool offline;           /* memory may go offline */
	uint32_t pages;         /* in each zone ... */
	uint32_t nr_slots;      /* ... and allocations at most */
	uint32_t request_every; /* steps */
	unsigned int steps;
};

struct worker {
	struct house *h;
	uint32_t cpu;
	struct rng random;
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

	/* free so far, or the piece of a split */
	for (pfn_t p = pfn; p < pfn + (1u << order); p++) {
		uint64_t was = atomic_exchange_explicit(&h->whose[p], owner, memory_order_relaxed);

		if (was && (was > SLOTS || !h->slots[was - 1].splitting))
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
	_Atomic pfn_t *at = &h->slots[owner - 1].pfn;
	pfn_t was = MAKING;

	turn(h, from, order, owner, 0);
	turn(h, to, order, 0, owner);
	atomic_fetch_add_explicit(&h->moved, 1, memory_order_relaxed);
	if (h->slots[owner - 1].pinned)
		atomic_fetch_add(&h->wrong, 1);
	if (atomic_compare_exchange_strong(at, &was, to))
		return;
	/* it is where the owner has written it down, if only just now */
	was = from;
	if (!atomic_compare_exchange_strong(at, &was, to))
		atomic_fetch_add(&h->wrong, 1);
}

/* Allocated at pfn, and there still, unless it has moved already. */
static void made(struct slot *s, pfn_t pfn)
{
	pfn_t was = MAKING;

	atomic_compare_exchange_strong(&s->pfn, &was, pfn);
}

static uint32_t below(struct worker *w, uint32_t n)
{
	return (uint32_t)rng_below(&w->random, n);
}

static void allocate(struct worker *w, uint32_t i, struct slot *s)
{
	static const uint8_t orders[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6 };
	/* what does not move keeps memory online */
	unsigned int order = orders[below(w, 16)], what = w->h->offline ? 40 : below(w, 40);
	struct contig_what ask = { .order = (uint8_t)order,
		                   .kind = order ? PAGE_LRU_COMPOUND : PAGE_LRU,
		                   .migratetype = MT_MOVABLE,
		                   .node = (uint8_t)(w->cpu & 1) };

	if (what < 3) {
		ask.kind = PAGE_KERNEL;
		ask.migratetype = MT_UNMOVABLE;
		ask.highatomic = what == 1;
		ask.last_chance = what == 2;
	} else if (what < 6) {
		ask.kind = PAGE_HUGETLB_POOL;
	} else if (what < 8) {
		ask.kind = PAGE_MOVABLE_OPS;
	}
	s->order = ask.order;
	atomic_store(&s->pfn, MAKING);
	int64_t pfn = contig_alloc(w->h->c, w->cpu, ask, i + 1);

	if (pfn == -ENOMEM)
		atomic_store(&s->pfn, PFN_NONE);
	else
		made(s, (pfn_t)pfn);
}

static void pin(struct worker *w, uint32_t i, struct slot *s)
{
	while (w->h->c->ops->lab->pin_owned(w->h->c, atomic_load(&s->pfn), i + 1, true) == -EAGAIN)
		sched_yield();
	atomic_store(&s->pinned, true);
	atomic_fetch_add_explicit(&w->h->pinned, 1, memory_order_relaxed);
}

static void unpin(struct worker *w, uint32_t i, struct slot *s, pfn_t pfn)
{
	atomic_store(&s->pinned, false);
	if (w->h->c->ops->lab->pin_owned(w->h->c, pfn, i + 1, false))
		atomic_fetch_add(&w->h->wrong, 1);
}

static void release(struct worker *w, uint32_t i, struct slot *s)
{
	pfn_t pfn;
	int rc;

	for (;;) {
		pfn = atomic_load(&s->pfn);
		rc = contig_free(w->h->c, w->cpu, pfn, i + 1);
		if (rc != -EAGAIN)
			break;
		atomic_fetch_add_explicit(&w->h->again, 1, memory_order_relaxed);
		sched_yield();
	}
	atomic_store(&s->pfn, PFN_NONE);
	/* it goes with the last reference, and has no owner until then */
	if (rc || (s->pinned && contig_free(w->h->c, w->cpu, pfn, i + 1) != -EAGAIN))
		atomic_fetch_add(&w->h->wrong, 1);
	if (s->pinned)
		unpin(w, i, s, pfn);
}

/* So many slots for pieces, the first one there already. */
static unsigned int take_slots(struct worker *w, uint32_t *at, unsigned int nr)
{
	unsigned int have = 1;

	for (unsigned int tries = 0; have < nr && tries < 4 * nr; tries++) {
		uint32_t i = below(w, w->h->nr_slots);
		struct slot *s = &w->h->slots[i];

		if (atomic_exchange(&s->taken, true))
			continue;
		if (atomic_load(&s->pfn) == PFN_NONE)
			at[have++] = i;
		else
			atomic_store(&s->taken, false);
	}
	return have;
}

static void split_into(struct worker *w, const uint32_t *at, unsigned int nr, unsigned int new_order)
{
	struct slot *s = &w->h->slots[at[0]];
	owner_t pieces[64];
	pfn_t pfn;
	int rc;

	for (unsigned int k = 0; k < nr; k++)
		pieces[k] = at[k] + 1;
	for (unsigned int k = 1; k < nr; k++) {
		w->h->slots[at[k]].order = (uint8_t)new_order;
		w->h->slots[at[k]].pinned = s->pinned;
		atomic_store(&w->h->slots[at[k]].pfn, MAKING);
	}
	atomic_store(&s->splitting, true);
	while ((rc = contig_split(w->h->c, pfn = atomic_load(&s->pfn), at[0] + 1, new_order, pieces)) == -EAGAIN)
		sched_yield();
	atomic_store(&s->splitting, false);
	if (rc)
		atomic_fetch_add(&w->h->wrong, 1);
	s->order = (uint8_t)new_order;
	for (unsigned int k = 1; k < nr; k++)
		made(&w->h->slots[at[k]], pfn + (k << new_order));
}

/* Into pieces, which go their own ways from here on, pinned if the whole was. */
static void split(struct worker *w, uint32_t i, const struct slot *s)
{
	unsigned int new_order = below(w, s->order), nr = 1u << (s->order - new_order);
	uint32_t at[64] = { i };
	unsigned int have = take_slots(w, at, nr);

	if (have == nr)
		split_into(w, at, nr, new_order);
	for (unsigned int k = 1; k < have; k++)
		atomic_store(&w->h->slots[at[k]].taken, false);
}

/* A free that comes too late, at what may be anything by now, a request's result more than other things. */
static void free_nothing(struct worker *w)
{
	pfn_t pfn = below(w, 2 * w->h->pages) & ~((1u << below(w, 9)) - 1);

	if (contig_free(w->h->c, w->cpu, pfn, STRANGER) != -EAGAIN)
		atomic_fetch_add(&w->h->wrong, 1);
}

/* Two pageblocks, or what is an aligned range before v5.19, for good. */
static void take_offline(struct worker *w)
{
	const struct contig_range_args args = {
		.start = below(w, 2 * w->h->pages / 256) * 256, .nr = 256, .cpu = w->cpu, .op = RANGE_OFFLINE
	};
	struct contig_outcome out;

	if (atomic_load(&w->h->gone_offline) < 8 * args.nr && !contig_range_alloc(w->h->c, &args, &out))
		atomic_fetch_add(&w->h->gone_offline, args.nr);
}

static void request(struct worker *w)
{
	static const uint16_t sizes[] = { 16, 64, 64, 128, 256, 512 };
	uint32_t nr = sizes[below(w, 6)];
	const struct contig_range_args args = {
		.start = below(w, 2 * w->h->pages / nr) * nr, .nr = nr, .cpu = w->cpu, .caller = CALLER_MOVABLE
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
		free_nothing(w);
	for (pfn_t p = args.start; p < args.start + nr; p++)
		turn(w->h, p, 0, CONTIG, 0);
	if (contig_range_free(w->h->c, w->cpu, args.start, nr))
		atomic_fetch_add(&w->h->wrong, 1);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned int n = 0; n < w->h->steps; n++) {
		uint32_t i = below(w, w->h->nr_slots);
		struct slot *s = &w->h->slots[i];

		if (!below(w, w->h->request_every))
			request(w);
		if (w->h->offline && !below(w, 500))
			take_offline(w);
		free_nothing(w);
		if (atomic_exchange(&s->taken, true))
			continue;
		unsigned int dice = below(w, 40);

		if (atomic_load(&s->pfn) == PFN_NONE)
			allocate(w, i, s);
		else if (s->order && !dice)
			split(w, i, s);
		else if (dice < 4 && !s->pinned)
			pin(w, i, s);
		else if (dice < 20 && s->pinned)
			unpin(w, i, s, atomic_load(&s->pfn));
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

	contig_geometry_x86_64(&g, h->pages);
	g.pageblock_order = 6;
	g.max_order = 8;
	g.nr_cpus = THREADS;
	g.nr_zones = 2;
	g.zones[1] = (struct contig_zone){ .start = h->pages, .pages = h->pages, .node = 1, .type = ZONE_NORMAL };
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
		workers[cpu] = (struct worker){ .h = h, .cpu = cpu, .random = rng_seed(seed, cpu) };
		assert_int_equal(pthread_create(&threads[cpu], NULL, work, &workers[cpu]), 0);
	}
	for (uint32_t cpu = 0; cpu < THREADS; cpu++)
		pthread_join(threads[cpu], NULL);
}

static void race_with(const char *backend, bool offline, bool crowded)
{
	struct house *h = calloc(1, sizeof(*h));
	struct worker w = { .h = h, .cpu = 0 };
	struct contig_stats s;

	h->offline = offline;
	h->pages = crowded ? ZONE_PAGES / 16 : ZONE_PAGES;
	h->nr_slots = crowded ? SLOTS / 32 : SLOTS;
	h->request_every = crowded ? 4 : 100;
	h->steps = crowded ? steps / 5 : steps;
	open_house(h, backend);
	run_threads(h, 1);
	verify(h, backend);
	if (!h->got || !h->refused || !h->moved || !h->pinned || (offline && !h->gone_offline))
		fail_msg("%s: %u requests got their range, %u did not, %u pages moved, %u were pinned, %u went "
		         "offline: too little happened",
		         backend, h->got, h->refused, h->moved, h->pinned, h->gone_offline);
	/* all given back: all is free */
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (h->slots[i].pfn != PFN_NONE)
			release(&w, i, &h->slots[i]);
	}
	h->c->ops->lab->drain(h->c);
	verify(h, backend);
	contig_stats(h->c, CONTIG_ALL_ZONES, &s);
	assert_int_equal((int64_t)s.free - s.drift, 2 * h->pages - h->gone_offline);
	for (uint32_t i = 0; i < 2 * h->pages; i++)
		assert_int_equal(h->whose[i], 0);
	contig_close(h->c);
	free(h);
}

static void race(const char *backend)
{
	race_with(backend, false, false);
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

/* Where there are few pages, requests meet each other's results, at their borders and while they are given back. */
static void requests_meet(void **state)
{
	(void)state;
	FOR_EACH_GENERATION(b)
	{
		race_with(b->name, false, true);
	}
	race_with("linux-7.2+pcp_iso=disabled", false, true);
	race_with("linux-5.10+grab_busy=leave_listed", false, true);
	race_with("linux-5.18+contig_free=chunks", false, true);
}

static void *free_late(void *arg)
{
	struct worker *w = arg;

	for (uint32_t n = 0; !atomic_load_explicit(&w->h->stop, memory_order_relaxed); n++) {
		if (contig_free(w->h->c, w->cpu, n % 8 * 64, STRANGER) != -EAGAIN)
			atomic_fetch_add(&w->h->wrong, 1);
	}
	return NULL;
}

/*
 * A free that comes too late, again and again, at what is a request's result by now. The result begins and ends inside runs
 * that are cut, and is given back: nobody else may touch its pages, not even to look whose they are.
 */
static void a_late_free_leaves_results_alone(void **state)
{
	static const char *const backends[] = { "linux-5.10", "linux-6.1", "linux-7.2" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct house *h = calloc(1, sizeof(*h));
		struct worker w = { .h = h, .cpu = 1 };
		pthread_t id;

		h->pages = 1024;
		open_house(h, backends[i]);
		assert_int_equal(pthread_create(&id, NULL, free_late, &w), 0);
		for (unsigned int n = 0; n < steps / 8; n++) {
			const struct contig_range_args args = { .nr = 100 + n % 300 };
			struct contig_outcome out;

			if (contig_range_alloc(h->c, &args, &out) || contig_range_free(h->c, 0, args.start, args.nr))
				atomic_fetch_add(&h->wrong, 1);
		}
		atomic_store(&h->stop, true);
		pthread_join(id, NULL);
		verify(h, backends[i]);
		contig_close(h->c);
		free(h);
	}
}

/* Memory that goes offline leaves the zone between all the others. */
static void memory_goes_offline(void **state)
{
	(void)state;
	race_with("linux-5.10", true, false);
	race_with("linux-6.1", true, false);
	race_with("linux-7.2", true, false);
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
	assert_null(contig_open("linux-3.5+grab_busy=free_wrong", &g, &hooks, &diag));
	assert_non_null(strstr(diag.text, "not with threads"));
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
		cmocka_unit_test(requests_meet),
		cmocka_unit_test(a_late_free_leaves_results_alone),
		cmocka_unit_test(memory_goes_offline),
		cmocka_unit_test(refusals),
		cmocka_unit_test(metadata_is_offered_by_node),
	};

	alarm(600); /* a page that is left locked is waited for for ever */
	steps = asked ? (unsigned int)strtoul(asked, NULL, 0) : steps;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
