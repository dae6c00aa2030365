// SPDX-License-Identifier: MIT
/*
 * Requests for contiguous memory, one call of the kernel's each, and what tracepoints tell of them: how far it came
 * (page_isolation:test_pages_isolated fires only behind isolation and migration), and what was migrated (migrate:mm_migrate_pages).
 */
#include <linux/cma.h>
#include <linux/hugetlb.h>
#include <linux/tracepoint.h>
#include <trace/events/migrate.h>
#include <trace/events/page_isolation.h>

#include "contigbench.h"

/* ---- tracepoints -------------------------------------------------------------------------- */

/* The tasks that are in a request right now: two in a race. */
static struct slot {
	struct task_struct *task;
	u32 tested, migrations;
	u64 migrated, failed;
} slots[2];

static struct slot *slot_of_current(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slots); i++)
		if (READ_ONCE(slots[i].task) == current)
			return &slots[i];
	return NULL;
}

static void on_test(void *data, unsigned long start, unsigned long end, unsigned long fin)
{
	struct slot *s = slot_of_current();

	if (s)
		s->tested++;
}

#define CAN_COUNT (HAVE_MIGRATE_TRACE || HAVE_MIGRATE_TRACE_SPLIT || HAVE_MIGRATE_TRACE_ENUM)

#if HAVE_MIGRATE_TRACE_ENUM
typedef enum migrate_reason reason_t;
#else
typedef int reason_t;
#endif

#if HAVE_MIGRATE_TRACE
static void on_migrate(void *data, unsigned long succeeded, unsigned long failed, unsigned long thp_succeeded,
                       unsigned long thp_failed, unsigned long thp_split, enum migrate_mode mode, reason_t reason)
#else
static __maybe_unused void on_migrate(void *data, unsigned long succeeded, unsigned long failed,
                                      unsigned long thp_succeeded, unsigned long thp_failed, unsigned long thp_split,
                                      unsigned long large_folio_split, enum migrate_mode mode, reason_t reason)
#endif
{
	struct slot *s = slot_of_current();

	/* the allocation of targets may compact, which is not the request's */
	if (!s || (int)reason != MR_CONTIG_RANGE)
		return;
	s->migrations++;
	s->migrated += succeeded;
	s->failed += failed;
}

static struct probe {
	const char *name;
	void *fn;
	u32 can;
	struct tracepoint *tp;
} probes[] = {
	{ "test_pages_isolated", on_test, CONTIGBENCH_CAN_STAGE, NULL },
	{ "mm_migrate_pages", CAN_COUNT ? on_migrate : NULL, CONTIGBENCH_CAN_MIGRATED, NULL },
};

static void match(struct tracepoint *tp, void *unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].fn && !strcmp(tp->name, probes[i].name))
			probes[i].tp = tp;
}

void cb_trace_init(void)
{
	unsigned int i;

	if (!CAN_COUNT)
		pr_warn("contigbench: mm_migrate_pages has arguments that are not known: migrated pages are not counted\n");
	for_each_kernel_tracepoint(match, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].tp && tracepoint_probe_register(probes[i].tp, probes[i].fn, NULL))
			probes[i].tp = NULL;
}

void cb_trace_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].tp)
			tracepoint_probe_unregister(probes[i].tp, probes[i].fn, NULL);
	tracepoint_synchronize_unregister();
}

u32 cb_trace_can(void)
{
	unsigned int i;
	u32 can = 0;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i].tp)
			can |= probes[i].can;
	return can;
}

/* ---- the kernel's calls ------------------------------------------------------------------- */

static __maybe_unused int migratetype_of(u32 caller)
{
#ifdef CONFIG_CMA
	if (caller == CONTIGBENCH_CMA)
		return MIGRATE_CMA;
#endif
	return MIGRATE_MOVABLE;
}

static int range(const struct contigbench_request *r)
{
#if HAVE_ACR_FLAGS
	acr_flags_t what = r->caller == CONTIGBENCH_CMA ? ACR_FLAGS_CMA : ACR_FLAGS_NONE;
#else
	unsigned int what = migratetype_of(r->caller);
#endif
	return alloc_contig_range(r->start, r->start + r->nr, what, GFP_KERNEL);
}

bool cb_can_isolate(void)
{
	return (HAVE_ISOLATE_MODE || HAVE_ISOLATE_TYPE_FLAGS_GFP || HAVE_ISOLATE_TYPE_FLAGS) &&
	       cb_symbol(CB_start_isolate_page_range) && cb_symbol(CB_undo_isolate_page_range);
}

static int isolate(const struct contigbench_request *r)
{
	unsigned long start = r->start, end = r->start + r->nr;
#if HAVE_ISOLATE_MODE
	static const enum pb_isolate_mode mode[] = {
		[CONTIGBENCH_MOVABLE] = PB_ISOLATE_MODE_OTHER,
		[CONTIGBENCH_CMA] = PB_ISOLATE_MODE_CMA_ALLOC,
		[CONTIGBENCH_OFFLINE] = PB_ISOLATE_MODE_MEM_OFFLINE,
	};

	return CB_CALL(start_isolate_page_range)(start, end, mode[r->caller]);
#elif HAVE_ISOLATE_TYPE_FLAGS_GFP
	return CB_CALL(start_isolate_page_range)(start, end, migratetype_of(r->caller),
	                                         r->caller == CONTIGBENCH_OFFLINE ? MEMORY_OFFLINE : 0, GFP_KERNEL);
#elif HAVE_ISOLATE_TYPE_FLAGS
	return CB_CALL(start_isolate_page_range)(start, end, migratetype_of(r->caller),
	                                         r->caller == CONTIGBENCH_OFFLINE ? MEMORY_OFFLINE : 0);
#else
	return start < end ? -EOPNOTSUPP : -EINVAL;
#endif
}

static int undo(const struct contigbench_request *r)
{
	unsigned long start = r->start, end = r->start + r->nr;

#if HAVE_ISOLATE_MODE
	CB_CALL(undo_isolate_page_range)(start, end);
#elif HAVE_ISOLATE_TYPE_FLAGS_GFP || HAVE_ISOLATE_TYPE_FLAGS
	CB_CALL(undo_isolate_page_range)(start, end, migratetype_of(r->caller));
#else
	return start < end ? -EOPNOTSUPP : -EINVAL;
#endif
	return 0;
}

#if HAVE_CMA
/* The area of cma= is called "reserved"; others belong to drivers. */
static int is_area(struct cma *cma, void *found)
{
	if (strcmp(CB_CALL(cma_get_name)(cma), "reserved"))
		return 0;
	*(struct cma **)found = cma;
	return 1;
}
#endif

struct cma *cma_of_cmdline(unsigned long *start, unsigned long *nr)
{
	struct cma *cma = NULL;

	*start = *nr = 0;
#if HAVE_CMA
	if (!cb_symbol(CB_cma_for_each_area) || !cb_symbol(CB_cma_get_name) || !cb_symbol(CB_cma_get_base) ||
	    !cb_symbol(CB_cma_get_size) || !cb_symbol(CB_cma_alloc) || !cb_symbol(CB_cma_release))
		return NULL;
	CB_CALL(cma_for_each_area)(is_area, &cma);
	if (cma) {
		*start = PHYS_PFN(CB_CALL(cma_get_base)(cma));
		*nr = CB_CALL(cma_get_size)(cma) >> PAGE_SHIFT;
	}
#endif
	return cma;
}

static int from_cma(struct contigbench_request *r)
{
#if HAVE_CMA
	unsigned long start, nr;
	struct cma *cma = cma_of_cmdline(&start, &nr);
	struct page *page = cma ? CB_CALL(cma_alloc)(cma, r->nr, r->order, true) : NULL;

	r->start = page ? page_to_pfn(page) : 0;
	return page ? 0 : -ENOMEM;
#else
	return -EOPNOTSUPP;
#endif
}

/* ---- free hugetlb pages that a request replaces -------------------------------------------- */

#define MAX_POOL_PAGES 512

struct pool {
	unsigned int nr;
	struct {
		unsigned long head, pages;
	} page[MAX_POOL_PAGES];
};

static bool is_pool_page(struct page *head)
{
	return PageHuge(head) && PageHead(head) && !page_ref_count(head);
}

static void pool_before(struct pool *pool, const struct contigbench_request *r)
{
	unsigned long pfn = r->start, end = r->start + r->nr;

	while (pfn < end && pool->nr < MAX_POOL_PAGES) {
		struct page *page = cb_online(pfn), *head = page ? compound_head(page) : NULL;

		if (!head || !is_pool_page(head)) {
			pfn++;
			continue;
		}
		pool->page[pool->nr].head = page_to_pfn(head);
		pool->page[pool->nr].pages = 1ul << compound_order(head);
		pfn = page_to_pfn(head) + pool->page[pool->nr++].pages;
	}
}

static u64 pool_gone(const struct pool *pool)
{
	unsigned int i;
	u64 pages = 0;

	for (i = 0; i < pool->nr; i++)
		if (!is_pool_page(pfn_to_page(pool->page[i].head)))
			pages += pool->page[i].pages;
	return pages;
}

/* ---- one request -------------------------------------------------------------------------- */

/* A zone that has grown since the module came reaches further than its table of pages. */
static bool hull_inside(const struct zone *zone, const struct contigbench_request *r)
{
	return ALIGN_DOWN(r->start, CB_HULL) >= zone->zone_start_pfn &&
	       ALIGN(r->start + r->nr, CB_HULL) <= min(zone_end_pfn(zone), cb_nr_pages);
}

int cb_request_check(const struct contigbench_request *r)
{
	unsigned long cma_start, cma_nr;
	struct zone *zone;

	if (r->caller > CONTIGBENCH_OFFLINE || r->stay > 1 || r->reserved0 || r->reserved)
		return -EINVAL;
	if (r->caller == CONTIGBENCH_CMA && !IS_ENABLED(CONFIG_CMA))
		return -EOPNOTSUPP;
	switch (r->op) {
	case CONTIGBENCH_OP_RANGE:
		zone = cb_span(r->start, r->nr);
		return zone && hull_inside(zone, r) && r->caller != CONTIGBENCH_OFFLINE ? 0 : -EINVAL;
	case CONTIGBENCH_OP_ISOLATE:
	case CONTIGBENCH_OP_UNDO:
		if (!cb_can_isolate())
			return -EOPNOTSUPP;
		zone = cb_span(r->start, r->nr);
		return zone && hull_inside(zone, r) && IS_ALIGNED(r->start | r->nr, CB_BLOCK) ? 0 : -EINVAL;
	case CONTIGBENCH_OP_CMA_ALLOC:
		if (!cma_of_cmdline(&cma_start, &cma_nr))
			return -EOPNOTSUPP;
		return r->nr && r->nr <= cma_nr && r->order <= CB_MAX_ORDER ? 0 : -EINVAL;
	case CONTIGBENCH_OP_GIVE:
		return cb_can_give(r->start, r->nr) ? 0 : -EINVAL;
	case CONTIGBENCH_OP_DRAIN:
		return cb_symbol(CB_drain_all_pages) ? 0 : -EOPNOTSUPP;
	}
	return -EINVAL;
}

static int call(struct contigbench_request *r)
{
	switch (r->op) {
	case CONTIGBENCH_OP_RANGE:
		return range(r);
	case CONTIGBENCH_OP_ISOLATE:
		return isolate(r);
	case CONTIGBENCH_OP_UNDO:
		return undo(r);
	case CONTIGBENCH_OP_CMA_ALLOC:
		return from_cma(r);
	case CONTIGBENCH_OP_GIVE:
		free_contig_range(r->start, r->nr);
		return 0;
	case CONTIGBENCH_OP_DRAIN:
		CB_CALL(drain_all_pages)(NULL);
		return 0;
	}
	return 0;
}

static u32 stage_of(const struct contigbench_request *r, const struct slot *s)
{
	if (!r->rc)
		return CONTIGBENCH_STAGE_OK;
	if (!(cb_trace_can() & CONTIGBENCH_CAN_STAGE))
		return CONTIGBENCH_STAGE_NONE;
	/* cma_alloc() tries one place after the other: what it ends with is the area's, not a request's */
	if (s->tested)
		return CONTIGBENCH_STAGE_TEST;
	/* migration that gives up on pages is followed by the test all the same: only other errors end it */
	if (r->rc != -EBUSY && r->op != CONTIGBENCH_OP_CMA_ALLOC)
		return CONTIGBENCH_STAGE_MIGRATE;
	/* 5.10 has a look at the types before the tracepoint; v5.19 to v6.9 migrates what straddles while it isolates */
	if (s->migrations && !HAVE_ISOLATE_TYPE_FLAGS_GFP)
		return CONTIGBENCH_STAGE_TEST;
	return CONTIGBENCH_STAGE_ISOLATE;
}

void cb_request_run(struct contigbench_request *r, unsigned int slot)
{
	struct slot *s = &slots[slot];

	s->tested = s->migrations = 0;
	s->migrated = s->failed = 0;
	WRITE_ONCE(s->task, current);
	r->begin = ktime_get_ns();
	r->rc = call(r);
	r->ns = ktime_get_ns() - r->begin;
	WRITE_ONCE(s->task, NULL);
	r->stage = stage_of(r, s);
	r->tested = s->tested;
	r->migrations = s->migrations;
	r->migrated = s->migrated;
	r->failed = s->failed;
}

/* As it is, and not as this request should have left it: in a race the other one may have come later, or left some behind. */
static void note_isolated(const struct contigbench_request *r)
{
	unsigned long pfn = ALIGN_DOWN(r->start, CB_HULL), end = ALIGN(r->start + r->nr, CB_HULL);

	for (; pfn < end; pfn += CB_BLOCK) {
		cb_pages[pfn].flags &= ~CB_ISOLATION;
		if (cb_reported(pfn) == MIGRATE_ISOLATE)
			cb_pages[pfn].flags |= r->caller == CONTIGBENCH_CMA ? CB_ISOLATION : CB_ISOLATED;
	}
}

void cb_request_own(const struct contigbench_request *r)
{
	if (r->op == CONTIGBENCH_OP_RANGE || r->op == CONTIGBENCH_OP_ISOLATE || r->op == CONTIGBENCH_OP_UNDO)
		note_isolated(r);
	if (r->rc)
		return;
	if (r->op == CONTIGBENCH_OP_RANGE)
		cb_own(r->start, r->nr, 'A', 0);
	else if (r->op == CONTIGBENCH_OP_CMA_ALLOC)
		cb_own(r->start, r->nr, 'A', CB_CMA);
	else if (r->op == CONTIGBENCH_OP_GIVE)
		cb_disown(r->start, r->nr);
}

int cb_request(struct contigbench_request *r)
{
	struct pool *pool;
	struct cb_stay stay;
	int err = cb_request_check(r);

	if (err)
		return err;
	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	if (r->op == CONTIGBENCH_OP_RANGE)
		pool_before(pool, r);
	cb_stay_begin(r, &stay);
	cb_request_run(r, 0);
	cb_stay_end(&stay);
	r->replaced = pool_gone(pool);
	cb_request_own(r);
	kfree(pool);
	return 0;
}
