/* SPDX-License-Identifier: MIT */
/*
 * contigbench.h - what the files of the module share. One mutex (cb_lock) is held over every ioctl; what happens to free lists
 * happens under the zone's lock. What a kernel has is in features.h, which the script features makes.
 */
#ifndef CONTIGBENCH_H
#define CONTIGBENCH_H

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/memory_hotplug.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/page-isolation.h>
#include <linux/pageblock-flags.h>
#include <linux/swap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#ifdef CONFIG_CMA
#include <linux/cma.h>
#endif

#include "abi.h"
#include "features.h"

#ifndef CONFIG_CONTIG_ALLOC
#error "this kernel has no alloc_contig_range(): CONFIG_CONTIG_ALLOC is off"
#endif
#ifndef CONFIG_MEMORY_ISOLATION
#error "this kernel has no page isolation: CONFIG_MEMORY_ISOLATION is off"
#endif

/* MAX_ORDER was exclusive until v6.3, inclusive until v6.7, and has another name since: the lists themselves know. */
#define CB_NR_ORDERS ((unsigned int)ARRAY_SIZE(((struct zone *)NULL)->free_area))
#define CB_MAX_ORDER (CB_NR_ORDERS - 1)
#define CB_BLOCK     ((unsigned long)pageblock_nr_pages)
/* What isolation may round a request out to, up to v5.18. */
#define CB_HULL max(1ul << CB_MAX_ORDER, CB_BLOCK)

/* v6.10: every free run is on the list of its pageblock's type, and comes apart where types differ. */
#define CB_HYGIENIC (HAVE_MOVE_ISOLATE || HAVE_ISOLATE_AND_MOVE)

/* ---- ownership (owned.c) ------------------------------------------------------------------ */

enum cb_flags {
	CB_PINNED = CONTIGBENCH_PINNED,
	CB_FROZEN = CONTIGBENCH_FROZEN,
	CB_ISOLATED_CMA = 1 << 5, /* ... by a caller whose undo makes it CMA, where types are lost (before v6.17) */
	CB_ISOLATED = 1 << 6,     /* first page of a pageblock that a request has isolated */
	CB_CMA = 1 << 7,          /* the area's: only cma_release() may have it */
	CB_ISOLATION = CB_ISOLATED | CB_ISOLATED_CMA, /* of the pageblock, whoever owns the page */
};

#define CB_TAIL 't' /* behind the first page of an allocation of higher order */

/* What the module knows of each page. */
struct cb_page {
	u8 kind;  /* 0: not owned; A K S O o W B N; CB_TAIL */
	u8 order; /* of an allocation of its own, which is freed as a whole */
	u8 list;  /* LOOK's scratch: letter of the list of the free run that begins here */
	u8 flags; /* enum cb_flags */
};

extern struct mutex cb_lock;
extern struct cb_page *cb_pages;
extern unsigned long cb_nr_pages;

int cb_owned_init(void);
void cb_owned_exit(void);
void cb_own(unsigned long pfn, unsigned long nr, u8 kind, u8 flags);
void cb_own_order(unsigned long pfn, unsigned int order, u8 kind);
void cb_disown(unsigned long pfn, unsigned long nr);
u64 cb_owned_in(const struct zone *zone);
/* Are all of them owned, of order 0, plain (A K S) and neither pinned nor frozen? */
bool cb_can_give(unsigned long pfn, unsigned long nr);
int cb_give(const struct contigbench_span *s);
int cb_cma_free(const struct contigbench_span *s);
int cb_reset(void);

/* hotplug.c: what goes offline is owned no longer */
int cb_hotplug_init(void);
void cb_hotplug_exit(void);

/* ---- zones (zones.c) ---------------------------------------------------------------------- */

/* The zone at an index, NULL behind the last. */
struct zone *cb_zone(unsigned int index);
unsigned int cb_nr_zones(void);
unsigned long cb_end_of_memory(void);
struct page *cb_online(unsigned long pfn);
/* The zone of a span that is not empty, in one zone as a whole and online; else NULL. */
struct zone *cb_span(u64 start, u64 nr);
int cb_zone_stats(struct contigbench_zone *z);
/* Put counters right that kernels lose track of: free pages, isolated pageblocks (5.10), nr_reserved_highatomic (6.1). */
void cb_recount(struct zone *zone);

/* ---- pageblocks (blocks.c) ---------------------------------------------------------------- */

char cb_letter(int migratetype);
int cb_migratetype(u32 letter); /* or -1 */
/* What the allocator takes it for (MIGRATE_ISOLATE while isolated), and what is stored. */
int cb_reported(unsigned long pfn);
int cb_stored(unsigned long pfn);
int cb_types(struct contigbench_types *t);
int cb_settype(const struct contigbench_settype *s);

/* ---- free lists (lists.c) ----------------------------------------------------------------- */

#if HAVE_BUDDY_LIST
#define cb_link buddy_list
#else
#define cb_link lru
#endif

/* Under the zone's lock. Take off and put on change nothing but lists; counters are changed by type. */
void cb_run_off(struct zone *zone, struct page *page, unsigned int order);
void cb_run_on(struct zone *zone, struct page *page, unsigned int order, int migratetype, bool tail);
void cb_count_free(struct zone *zone, long nr, int migratetype, unsigned int order);
/* The free run that covers pfn: its first pfn, or ULONG_MAX. */
unsigned long cb_run_over(unsigned long pfn);
int cb_list(struct contigbench_list *l);
int cb_relist(const struct contigbench_relist *r);
int cb_hog(struct contigbench_hog *h);

/* ---- the rest ----------------------------------------------------------------------------- */

/* request.c */
void cb_trace_init(void);
void cb_trace_exit(void);
u32 cb_trace_can(void);
bool cb_can_isolate(void);
int cb_request_check(const struct contigbench_request *r);
/* slot: of two that may run at the same time. own: what it gets; called by the task that is to be counted. */
void cb_request_run(struct contigbench_request *r, unsigned int slot);
void cb_request_own(const struct contigbench_request *r);
int cb_request(struct contigbench_request *r);

/* stay.c: no migration to other nodes in between */
struct cb_stay {
	struct zoneref *ref;
	struct zone *zone;
};
void cb_stay_begin(const struct contigbench_request *r, struct cb_stay *stay);
void cb_stay_end(const struct cb_stay *stay);

struct cma;
struct cma *cma_of_cmdline(unsigned long *start, unsigned long *nr);

int cb_race(struct contigbench_race *r);   /* race.c */
int cb_look(struct contigbench_look *l);   /* look.c */
int cb_alloc(struct contigbench_alloc *a); /* alloc.c */
gfp_t cb_gfp(u32 type, u32 flags);
int cb_free(const struct contigbench_alloc *a);
int cb_pin(const struct contigbench_ref *r); /* refs.c */
int cb_freeze(const struct contigbench_ref *r);
void cb_refs_reset(void);
int cb_convert(const struct contigbench_convert *c); /* convert.c */
void cb_plain(unsigned long pfn);                    /* an owned page of a converted kind is A again */

/* symbols.c: functions that are not exported, called as their header declares them */
enum cb_symbol {
	CB_drain_all_pages,
	CB_lru_add_drain_all,
	CB_start_isolate_page_range,
	CB_undo_isolate_page_range,
	CB_cma_for_each_area,
	CB_cma_get_name,
	CB_cma_get_base,
	CB_cma_get_size,
	CB_cma_alloc,
	CB_cma_release,
	CB_NR_SYMBOLS,
};

void cb_symbols_init(void);
void *cb_symbol(enum cb_symbol s);
#define CB_CALL(fn) ((typeof(&(fn)))cb_symbol(CB_##fn))

#if !HAVE_DRAIN_ALL_PAGES
void drain_all_pages(struct zone *zone);
#endif
#if !HAVE_LRU_ADD_DRAIN_ALL
void lru_add_drain_all(void);
#endif

#endif
