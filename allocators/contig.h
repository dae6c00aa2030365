/* SPDX-License-Identifier: MIT */
/*
 * contig.h - the public interface of libcontig, and the only header of allocators/ that the rest of the house includes.
 *
 * A backend takes allocator commands and answers: the model under a named policy ("linux-6.1"), the same with some
 * knobs turned ("linux-6.1+merge_rule=iso_only"), or another allocator altogether ("first-fit").
 *
 *	struct contig *c = contig_open("linux-6.1", &geometry, &hooks, &diag);
 *	int64_t pfn = contig_alloc(c, cpu, (struct contig_what){ .kind = PAGE_LRU, .migratetype = MT_MOVABLE }, owner);
 *	contig_free(c, cpu, (pfn_t)pfn, owner);
 *
 *	struct contig_range *r;				contiguous request, one lock-held section at a time
 *	contig_range_begin(c, &args, &r);
 *	while (contig_range_step(r, &work) == 1)
 *		;					time passes, other commands run
 *	contig_range_end(r, &outcome);
 *
 * Units: pages unless a name says otherwise; pfns count base pages from 0; [start, start + nr) excludes its end;
 * orders are log2 of pages; M (max_order) is inclusive. Nothing here knows of time: work is counted, not timed.
 * Every call returns 0 (or a pfn) or a negative errno. User mistakes get an errno and, where a struct contig_diag is
 * passed, one sentence; programming mistakes (a cpu that does not exist, a pfn that no zone holds) assert where a check does
 * not cost the common path of alloc and free anything, and are undefined there.
 * One struct contig belongs to one thread at a time, unless it was opened for threads (struct contig_hooks): then alloc,
 * free, split, contiguous requests, freeing their results and lab->pin_owned may be called from several threads at once, as long
 * as each cpu is used by one thread at a time and each request is stepped by one. All else (statistics, verify, the rest of
 * the lab, online, close) is for a backend at rest: no other call going on, requests may stand between two steps.
 */
#ifndef CONTIG_H
#define CONTIG_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t pfn_t;   /* number of a base page */
typedef uint32_t block_t; /* number of a pageblock: pfn >> P */
typedef uint64_t owner_t; /* the caller's name for an allocation; the backend only carries it */

#define PFN_NONE   UINT32_MAX
#define OWNER_NONE ((owner_t)0)

#define CONTIG_MAX_ORDER 20u /* largest M a geometry may ask for */
#define CONTIG_MAX_NODES 64u
#define CONTIG_MAX_ZONES 128u
#define CONTIG_MAX_CPUS  1024u

#define CONTIG_MAX_BACKENDS 32u /* built in and added ones together */
#define CONTIG_MAX_NAME     40u /* characters in the name of a backend */

/* One sentence about what went wrong, for the user's terminal: no newline, no "error:" in front. */
struct contig_diag {
	char text[512];
};

/* Fill it in (diag may be NULL) and return err. */
int contig_diag_set(struct contig_diag *diag, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ---- what memory is made of ------------------------------------------------------------------ */

/* Migratetypes, numbered as in v4.4 and later. CMA is configured in. */
enum migratetype {
	MT_UNMOVABLE,
	MT_MOVABLE,
	MT_RECLAIMABLE,
	MT_HIGHATOMIC,
	MT_CMA,
	MT_ISOLATE, /* a state reported for an isolated block, never a type one may ask for */
	MT_NR,
};

/* What a page is. The first page of a run carries the kind and the order of the whole run. */
enum page_kind {
	PAGE_NONE,         /* inside a run: the run's first page knows */
	PAGE_FREE,         /* on a buddy list */
	PAGE_PCP,          /* free, on a per-cpu list: refcount 0, not in the buddy */
	PAGE_KERNEL,       /* unmovable kernel memory */
	PAGE_RECLAIMABLE,  /* reclaimable kernel memory: just as unmovable to page isolation */
	PAGE_LRU,          /* user or page cache page of order 0 on the LRU: migratable */
	PAGE_LRU_COMPOUND, /* the same of higher order (THP, large folio): migratable through its head */
	PAGE_USER,         /* user page still in a per-cpu LRU batch: not yet on the LRU */
	PAGE_NONCOMPOUND,  /* unmovable, of higher order without a compound: all but its first page have refcount 0 */
	PAGE_MOVABLE_OPS,  /* not on the LRU, but its driver can move it (v4.8) */
	PAGE_HUGETLB,      /* hugetlb page in use: migratable through its head */
	PAGE_HUGETLB_POOL, /* free page of the hugetlb pool: replaced instead of migrated */
	PAGE_GIGANTIC,     /* a part of a hugetlb page of more than 2^M pages: nothing can replace it */
	PAGE_CONTIG,       /* result of a contiguous request */
	PAGE_OFFLINE,      /* balloon or virtio-mem: logically unplugged; frozen once its driver let go of it */
	PAGE_HWPOISON,     /* bad memory */
	PAGE_RESERVED,     /* boot memory: never given to the buddy, never migratable */
	PAGE_ABSENT,       /* offline, or a hole: no page at all */
	PAGE_KIND_NR,
};

enum contig_zone_type {
	ZONE_DMA32,
	ZONE_NORMAL,
	ZONE_MOVABLE,
	ZONE_TYPE_NR
};

#define CONTIG_NO_WMARK UINT32_MAX

struct contig_zone {
	pfn_t start;    /* first pfn */
	uint32_t pages; /* spanned pages; zones may begin and end anywhere but must not overlap */
	uint8_t node;
	uint8_t type; /* enum contig_zone_type */
	/* 0 = what a kernel would compute for a zone of this size; else pages */
	uint32_t managed; /* used for batch, high and reserves only */
	uint32_t
		wmark_min; /* an allocation that would leave no more than this fails; CONTIG_NO_WMARK: it may take all */
	uint32_t wmark_low; /* down to here before other zones are tried; from v5.14 on the base of pcp->high */
};

enum contig_init {
	CONTIG_INIT_FREE,     /* all memory is in the buddy, in the largest aligned chunks, every block MOVABLE */
	CONTIG_INIT_RESERVED, /* all memory is PAGE_RESERVED: lab->place() puts down what should be there */
};

struct contig_geometry {
	uint8_t page_shift;      /* log2 of a base page in bytes; default 12 */
	uint8_t pageblock_order; /* P */
	uint8_t max_order;       /* M, inclusive */
	uint8_t init;            /* enum contig_init */
	uint8_t section_order;   /* log2 of pages in a memory section; 0 = not modelled */
	bool big_blocks_ok;      /* P > M was asked for explicitly */
	bool big_buddies_ok;     /* M > section_order was asked for explicitly */
	uint32_t nr_cpus;        /* cpus are 0 .. nr_cpus - 1 */
	uint32_t nr_zones;
	struct contig_zone zones[CONTIG_MAX_ZONES];
	uint8_t cpu_node[CONTIG_MAX_CPUS]; /* node of each cpu */
};

/* x86-64 with 4 KiB pages: P = 9, M = 10, one cpu, one node, one ZONE_NORMAL of `pages` from pfn 0. */
void contig_geometry_x86_64(struct contig_geometry *g, uint32_t pages);

/* 0, or -EINVAL with the contradiction named. contig_open() calls it, too. */
int contig_geometry_check(const struct contig_geometry *g, struct contig_diag *diag);

/* ---- core: what every backend does ----------------------------------------------------------- */

struct contig;
struct contig_range;
struct contig_policy; /* policy.h */

/* The caller's side of migration: the model's rmap. */
struct contig_hooks {
	void *ctx;
	/*
	 * The allocation of `owner` now lives at `to`; it may be freed there, and only there, from this call on. With threads,
	 * `from` is handed out again only after the call: whoever still frees it there gets -EAGAIN and finds `to`. The owner may
	 * have freed it already, which was noted: the call is then about nobody, and must change nothing that is not `from`.
	 */
	void (*moved)(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order);
	/*
	 * The memory-isolate notifier chain (until v5.5), or NULL: before the pageblock of [start, start + nr) is isolated. Adds
	 * to *found the pages in it that its driver could give back. Negative vetoes the isolation.
	 */
	int (*isolating)(void *ctx, pfn_t start, uint32_t nr, uint32_t *found);
	/*
	 * MEM_GOING_OFFLINE, or NULL: [start, start + nr) is isolated and about to be emptied. Drivers of PAGE_OFFLINE pages let
	 * go of them here (lab->freeze). Negative vetoes.
	 */
	int (*going_offline)(void *ctx, pfn_t start, uint32_t nr);

	/* ---- for the wall clock ---- */

	/* Several threads will call at once, and so will the backend call these. Refused by backends that are not for it. */
	bool threads;
	/*
	 * Metadata of a zone on `node`: whole pages of this machine, mapped and not yet touched, to be bound there. Negative:
	 * contig_open() fails with *diag as the hook has set it. NULL: they may lie anywhere.
	 */
	int (*place)(void *ctx, void *start, size_t bytes, unsigned int node, struct contig_diag *diag);
	/*
	 * What is in the pages, for callers whose pages are real; each may be NULL. `filled`: [pfn, pfn + 2^order) is this
	 * owner's, and no other thread can find it yet (a split fills each piece anew). `emptied`: it was given up, and no other
	 * thread can get it yet. `copy`: contents move; then comes `moved`, then `emptied` of what is left behind, with owner
	 * OWNER_NONE. Results of contiguous requests are the caller's own business.
	 */
	void (*filled)(void *ctx, owner_t owner, pfn_t pfn, unsigned int order);
	void (*emptied)(void *ctx, owner_t owner, pfn_t pfn, unsigned int order);
	void (*copy)(void *ctx, owner_t owner, pfn_t from, pfn_t to, unsigned int order);
};

/* What to allocate; eight bytes, passed by value. */
struct contig_what {
	uint8_t kind; /* one of those from PAGE_KERNEL to PAGE_HUGETLB_POOL */
	uint8_t order;
	uint8_t migratetype;  /* UNMOVABLE, MOVABLE or RECLAIMABLE */
	bool this_node : 1;   /* other nodes than `node` are not tried */
	bool highatomic : 1;  /* ALLOC_HIGHATOMIC: may use the HIGHATOMIC reserve, and an order above 0 adds to it */
	bool last_chance : 1; /* ALLOC_OOM: may use the reserve when nothing else is left */
	uint8_t node;         /* preferred node; others follow in ascending order, wrapping round */
	uint8_t pad[3];
};

/* Who asks for a contiguous range (spec 6.4). */
enum contig_caller {
	CALLER_MOVABLE, /* virtio-mem, gigantic pages: alloc_contig_range(MOVABLE) */
	CALLER_CMA,
	CALLER_OFFLINE, /* memory offline: MOVABLE, and bad and PageOffline pages do not count (spec 6.4) */
	CALLER_NR,
};

/* What is done to the range. Each is a sequence of steps, and none but RANGE_ALLOC hands out pages. */
enum contig_op {
	RANGE_ALLOC,   /* alloc_contig_range() */
	RANGE_ISOLATE, /* start_isolate_page_range(): what succeeds stays isolated. -EINVAL unless whole pageblocks */
	RANGE_UNDO,    /* undo_isolate_page_range(): whoever isolated it. -EINVAL unless whole pageblocks */
	RANGE_OFFLINE, /* offline_pages(): pages become PAGE_ABSENT. -EINVAL unless whole pageblocks of one zone */
	RANGE_OP_NR,
};

struct contig_range_args {
	pfn_t start;
	uint32_t nr;
	uint32_t cpu;
	uint8_t caller;  /* enum contig_caller; RANGE_OFFLINE is always CALLER_OFFLINE */
	uint8_t op;      /* enum contig_op */
	uint16_t passes; /* RANGE_OFFLINE: after so many it is interrupted (-EINTR); 0 = 5. A kernel goes on for ever */
};

/* Phases of a contiguous request, in the order in which they happen. */
enum contig_phase {
	PHASE_ISOLATE,
	PHASE_DRAIN,
	PHASE_MIGRATE,
	PHASE_TEST,
	PHASE_GRAB,
	PHASE_UNDO,
	PHASE_DONE,
	PHASE_SEARCH, /* before any of these: a user of contiguous memory looks for a range to ask for (allocators/users/) */
	PHASE_NR,
};

/* What one step did. A runner multiplies it by a cost table; totals are in the outcome. */
struct contig_work {
	uint8_t phase;         /* enum contig_phase of this step ... */
	uint8_t next;          /* ... and of the next one; PHASE_DONE behind the last */
	uint32_t blocks;       /* pageblocks isolated, un-isolated or grabbed */
	uint32_t scanned;      /* pfns looked at (a run or compound counts once) */
	uint32_t moved;        /* free pages moved between lists */
	uint32_t drained;      /* pages drained from per-cpu lists */
	uint32_t drains;       /* drains of all cpus */
	uint32_t migrated;     /* pages migrated */
	uint32_t not_migrated; /* pages whose migration failed */
	uint32_t replaced;     /* pages of free hugetlb pages replaced: in no migration statistic */
	uint32_t grabbed;      /* pages taken from the buddy for the caller */
};

enum contig_reason {
	WHY_NONE,
	WHY_UNMOVABLE,        /* a page that can not move */
	WHY_PINNED,           /* movable, but somebody holds a reference */
	WHY_PCP,              /* free, but on a per-cpu list */
	WHY_STRADDLES,        /* a run crosses the border of what may be taken */
	WHY_ALREADY_ISOLATED, /* somebody else has isolated the block */
	WHY_WRONG_TYPE,       /* a CMA block and another caller */
	WHY_NOT_LRU,          /* a user page still in a per-cpu batch */
	WHY_NO_TARGET,        /* no free page to migrate to: -ENOMEM */
	WHY_RACED,            /* allocated or un-isolated while the request ran */
	WHY_ZONE_EDGE,        /* the range or its hull leaves the zone */
	WHY_RESERVED,         /* boot memory */
	WHY_COMPOUND,         /* a compound page that this release does not migrate for contiguous requests */
	WHY_HUGETLB,          /* a hugetlb page that this release does not replace, or that nothing can replace */
	WHY_HWPOISON,         /* bad memory */
	WHY_OFFLINE,          /* PageOffline: its driver has not let go of it */
	WHY_ABSENT,           /* no memory there */
	WHY_WATERMARK,        /* free, but taking it would break the min watermark */
	WHY_VETO,             /* a notifier said no */
	WHY_IN_USE,           /* in use, and the user asks for no such range (gigantic pages until v5.10) */
	WHY_NO_CANDIDATE,     /* no range to ask for: none is large enough, or all are taken */
	WHY_NR,
};

struct contig_autopsy {
	uint8_t phase;  /* enum contig_phase */
	uint8_t reason; /* enum contig_reason */
	uint8_t kind;   /* enum page_kind of the blocking page */
	pfn_t pfn;      /* first blocking pfn, or PFN_NONE */
	owner_t owner;  /* its owner, or OWNER_NONE */
};

struct contig_outcome {
	int rc;                        /* 0, -EBUSY, -ENOMEM, -EINVAL ... */
	struct contig_autopsy autopsy; /* meaningful when rc != 0 */
	struct contig_work total;      /* phase is the last one reached */
	struct contig_work by_phase[PHASE_NR];
	uint64_t ns; /* how long it took, where time is real (lab->arena); else 0 */
};

/* What changed the type of a pageblock. */
enum contig_retype {
	RETYPE_FALLBACK, /* an allocation claimed the block */
	RETYPE_MERGE,    /* merging compatible blocks (v6.10 and later) */
	RETYPE_UNDO,     /* isolation was undone to another type than the block had (until v6.16) */
	RETYPE_GRAB,     /* a run of at least half a block was taken for a contiguous request */
	RETYPE_RESERVE,  /* reserved for high-order atomic allocations, or given back */
	RETYPE_LAB,      /* lab->set_type() */
	RETYPE_NR,
};

/* Counters of one zone, or of all (pages unless said otherwise). */
struct contig_stats {
	uint64_t managed;             /* pages the backend may hand out or has handed out */
	uint64_t free;                /* NR_FREE_PAGES: not pcp pages, not isolated ones (v3.7 and later) */
	uint64_t free_cma;            /* NR_FREE_CMA_PAGES: the part of free that is CMA */
	uint64_t pcp;                 /* on per-cpu lists */
	uint64_t isolated;            /* pageblocks isolated now */
	uint64_t reserved_highatomic; /* nr_reserved_highatomic: pages of the reserve, as the release counts them */
	uint64_t
		free_highatomic; /* the part of free that is HIGHATOMIC, as counted: a release may lose count until v6.9 */
	uint64_t nr_free[CONTIG_MAX_ORDER + 1]; /* free runs of each order, isolated ones included, all types */
	uint64_t blocks[MT_NR];                 /* pageblocks by reported type */
	uint64_t mixed_blocks;                  /* blocks that hold an allocation of another type than their own */
	uint64_t retyped[RETYPE_NR];            /* pageblocks whose type changed, since the backend was opened */
	uint64_t fallbacks;                     /* allocations served from another type's list */
	uint64_t failed_allocs;                 /* allocations that got nothing */
	uint64_t migrated;                      /* pages migrated */
	int64_t drift;                          /* free less what lies on lists it should count: 0 from v6.10 on */
	uint64_t metadata_bytes;                /* all the backend keeps, but for per-cpu lists */
};

#define CONTIG_ALL_ZONES UINT32_MAX

/* ---- lab: what scenarios need beyond that; NULL where a backend does not have it ------------- */

/* One run as the lab sees it. */
struct contig_run {
	pfn_t pfn;
	uint32_t nr; /* pages; runs of order-0 pages are reported page by page */
	uint8_t order;
	uint8_t kind; /* enum page_kind */
	uint8_t list; /* PAGE_FREE: the migratetype of the list it is on */
	bool pinned;
	bool frozen; /* refcount 0 although in use */
	owner_t owner;
};

struct contig_lab {
	/*
	 * Put a run down on memory that is PAGE_RESERVED so far. PAGE_FREE goes to the head of the list of its block's type,
	 * unmerged. -EINVAL if misaligned, -EBUSY if something is there already.
	 */
	int (*place)(struct contig *c, pfn_t pfn, unsigned int order, enum page_kind kind, owner_t owner);
	/*
	 * Set the type of a pageblock, and move its free runs along. -EINVAL for MT_ISOLATE, and from v6.10 on for a block that
	 * its zone does not hold whole; -EBUSY while it is isolated.
	 */
	int (*set_type)(struct contig *c, block_t block, enum migratetype mt);
	/* The type that the block reports (MT_ISOLATE while isolated) and the one stored behind it. */
	enum migratetype (*type)(struct contig *c, block_t block, enum migratetype *stored);
	/*
	 * Take or drop an extra reference to the run over pfn: it can not be migrated, and if its owner frees it, it goes when
	 * the reference is dropped. -EBUSY if it is free.
	 */
	int (*pin)(struct contig *c, pfn_t pfn, bool on);
	/*
	 * The same for the allocation of `owner` at pfn, and nothing else: -EAGAIN as for free. With threads this is the one to
	 * call: who drops a reference taken on the wrong run might drop another's, and a run may be split meanwhile.
	 */
	int (*pin_owned)(struct contig *c, pfn_t pfn, owner_t owner, bool on);
	/* Force the refcount of one page in use to 0. -EBUSY if it is free. */
	int (*freeze)(struct contig *c, pfn_t pfn);
	/*
	 * Put the free run at pfn on the list of another type, as merging and fallback leave it; counters stay as they are. -EINVAL
	 * if no free run begins there, -EOPNOTSUPP where no rule of the policy ever does that.
	 */
	int (*relist)(struct contig *c, pfn_t pfn, enum migratetype mt);
	/* PAGE_USER becomes PAGE_LRU (or its compound). -EINVAL if it is none. */
	int (*to_lru)(struct contig *c, pfn_t pfn);
	/*
	 * Make pages in use another kind of pages in use: results of a request PageOffline or a driver's, and back. Runs are cut
	 * at the ends. -EINVAL unless all of [pfn, pfn + nr) is of one kind in use, and `kind`, too.
	 */
	int (*convert)(struct contig *c, pfn_t pfn, uint32_t nr, enum page_kind kind, owner_t owner);
	/*
	 * Would a zone's watermark check let an allocation through: the allocator's at its min mark, or the one by which kswapd
	 * decides that it may sleep, at the high mark, as far above low as low is above min? (spec 2.4)
	 */
	bool (*watermark)(struct contig *c, uint32_t zone, struct contig_what what, bool kswapd);
	/*
	 * unreserve_highatomic_pageblock(): give one reserved block that has a free page back to `mt`. Without force only if
	 * there is more than one. Blocks given back.
	 */
	uint32_t (*unreserve)(struct contig *c, enum migratetype mt, bool force);
	/* Drain every cpu's lists as drain_all_pages() does. Returns pages drained. */
	uint32_t (*drain)(struct contig *c);
	/* The run that begins at or covers pfn. */
	void (*run)(struct contig *c, pfn_t pfn, struct contig_run *out);
	/*
	 * Check every invariant that holds for this policy: 0, or -EUCLEAN with the first pfn that breaks one named. A machine of
	 * its own also says here what went wrong before: -EOPNOTSUPP that it could not do what was asked of it, -EIO that it died.
	 */
	int (*verify)(struct contig *c, struct contig_diag *diag);
	/*
	 * A number for all that decides what happens next, requests that stand between two steps included, statistics not: what is
	 * equal goes on equally. Nothing more is said of it, and it means nothing outside of this process.
	 */
	uint64_t (*digest)(struct contig *c);

	/* ---- a machine of its own, a real kernel for one: all of these, or NULL ---- */

	/*
	 * Undo all that was done, and find pageblocks that are wholly free and MOVABLE, in a row from *start on, which is aligned
	 * to 2^M pages: that is the machine's memory from here on, and nothing is laid out around it. -EOPNOTSUPP if the
	 * geometry is not the machine's; -ENOMEM, -EBUSY; or whatever it does not start with.
	 */
	int (*arena)(struct contig *c, uint32_t blocks, pfn_t *start, struct contig_diag *diag);
	/*
	 * There, place(), set_type(), relist(), pin() and freeze() only say what is wanted until this makes it so.
	 * -EOPNOTSUPP with what came out instead, or why it can not be.
	 */
	int (*settle)(struct contig *c, struct contig_diag *diag);
	/* to_lru() for all pages that are fresh. */
	int (*flush_lru)(struct contig *c);
	/* NR_FREE_PAGES and NR_FREE_CMA_PAGES, less what a walk over blocks finds. */
	int (*drift)(struct contig *c, int64_t *all, int64_t *cma);
};

/* ---- the table a backend fills in ------------------------------------------------------------ */

struct contig_backend {
	const char *name;
	const char *summary; /* one line for `contigbench list backends` */
	bool baseline;       /* not Linux: shown as a baseline in every table */
	bool threads;        /* may be opened for threads */

	/* core */
	struct contig *(*open)(const struct contig_backend *self, const struct contig_geometry *g,
	                       const struct contig_hooks *hooks, const char *knobs, struct contig_diag *diag);
	void (*close)(struct contig *c);
	/* The pfn, or -ENOMEM, or -EINVAL. */
	int64_t (*alloc)(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner);
	/* -EAGAIN: the allocation is not (or no longer) at pfn; hooks->moved says, or with threads has said, where it is. */
	int (*free)(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner);
	/* Split an allocation into pieces of new_order, ascending, owned by pieces[0..]. -EAGAIN as for free. */
	int (*split)(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order, const owner_t *pieces);
	int (*range_begin)(struct contig *c, const struct contig_range_args *args, struct contig_range **out);
	int (*range_step)(struct contig_range *r, struct contig_work *work);
	void (*range_end)(struct contig_range *r, struct contig_outcome *out);
	int (*range_free)(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr);
	/* NULL where memory can not come and go. */
	int (*range_online)(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr);
	/* The policy it runs under; NULL where there are no knobs. */
	const struct contig_policy *(*policy)(struct contig *c);
	void (*stats)(struct contig *c, uint32_t zone, struct contig_stats *out);

	const struct contig_lab *lab;       /* NULL: core only */
	const struct contig_policy *preset; /* the model's: its knobs before "+knob=value"; NULL: none to switch */
	const void *data;                   /* the backend's own */
};

/* Every implementation of struct contig begins with this. */
struct contig {
	const struct contig_backend *ops;
};
struct contig_range {
	const struct contig_backend *ops;
};

/* ---- knobs: the disputed rules as switches (allocators/policy.h) ----------------------------- */

struct contig_knob_value {
	const char *name;  /* as on the command line */
	const char *where; /* releases and commits that have it */
};

struct contig_knob {
	const char *name;
	const char *doc;
	const struct contig_knob_value *values;
	unsigned int nr_values;
	size_t offset; /* the policy's own business */
};

/* The knobs in the order of policy.h; false behind the last. */
bool contig_knob_at(size_t i, struct contig_knob *out);
/* Index of the value that a backend has for it, or -1 if the backend has no knobs. */
int contig_knob_value(const struct contig_backend *b, const struct contig_knob *k);

/* ---- calls ----------------------------------------------------------------------------------- */

/* Backends in the order in which tables show them, added ones last; NULL behind the last. */
const struct contig_backend *contig_backend_at(size_t i);

/* Is it one that this library has by itself? */
bool contig_backend_built_in(const struct contig_backend *b);

/*
 * A name is one to CONTIG_MAX_NAME of a-z, 0-9, '.', '_' and '-', of which the first is a letter or a digit: it stands in
 * lists, files and on command lines.
 */
bool contig_name_ok(const char *name);

/*
 * "NAME@WHERE", both of them names, is the kernel NAME itself on a machine of its own. Of "linux-6.1@guest" the length of
 * "linux-6.1", whatever knobs stand behind it; 0 if there is no such part.
 */
size_t contig_name_machine(const char *spec);

/*
 * Make one more backend known, which must live as long as the process. Before there are threads. 0; -EINVAL for a name that is
 * none, -EEXIST for one that is taken, -ENOSPC for one too many, and *diag says so.
 */
int contig_backend_add(const struct contig_backend *b, struct contig_diag *diag);

/* The one that "NAME" or "NAME+knob=value+..." is about, whatever its knobs say; NULL: there is none of that name. */
const struct contig_backend *contig_backend_of(const char *spec);

/*
 * Open "NAME" or "NAME+knob=value+...". The geometry is copied, the hooks must outlive the backend.
 * NULL with *diag filled in: unknown backend, knob or value, a combination that makes no sense, an impossible geometry,
 * or no memory. Close with contig_close().
 */
struct contig *contig_open(const char *spec, const struct contig_geometry *g, const struct contig_hooks *hooks,
                           struct contig_diag *diag);
/* The same checks without building anything: 0 or -EINVAL. */
int contig_spec_check(const char *spec, struct contig_diag *diag);

static inline void contig_close(struct contig *c)
{
	if (c)
		c->ops->close(c);
}

static inline int64_t contig_alloc(struct contig *c, uint32_t cpu, struct contig_what what, owner_t owner)
{
	return c->ops->alloc(c, cpu, what, owner);
}

static inline int contig_free(struct contig *c, uint32_t cpu, pfn_t pfn, owner_t owner)
{
	return c->ops->free(c, cpu, pfn, owner);
}

static inline int contig_split(struct contig *c, pfn_t pfn, owner_t owner, unsigned int new_order,
                               const owner_t *pieces)
{
	return c->ops->split(c, pfn, owner, new_order, pieces);
}

/* Start a request; nothing has happened yet. -EINVAL if the range is empty or leaves its zone, -ENOMEM. */
static inline int contig_range_begin(struct contig *c, const struct contig_range_args *args, struct contig_range **out)
{
	return c->ops->range_begin(c, args, out);
}

/* Do the next lock-held section: 1 = more to do, 0 = that was the last one. Never fails: see the outcome. */
static inline int contig_range_step(struct contig_range *r, struct contig_work *work)
{
	return r->ops->range_step(r, work);
}

/* After the last step: how it ended. The request is gone afterwards; pages got belong to the caller. */
static inline void contig_range_end(struct contig_range *r, struct contig_outcome *out)
{
	r->ops->range_end(r, out);
}

/* Give back pages that a request got, all or a part. -EINVAL, and nothing freed, if some of them were not got. */
static inline int contig_range_free(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	return c->ops->range_free(c, cpu, start, nr);
}

/*
 * online_pages(): absent memory comes up isolated, is handed to the buddy and un-isolated to MOVABLE (spec 7.4). -EINVAL unless
 * [start, start + nr) is whole pageblocks of one zone, all PAGE_ABSENT; -EOPNOTSUPP from a backend that can not.
 */
static inline int contig_range_online(struct contig *c, uint32_t cpu, pfn_t start, uint32_t nr)
{
	return c->ops->range_online ? c->ops->range_online(c, cpu, start, nr) : -EOPNOTSUPP;
}

/* Adds every count; the phase is that of what was added last. */
void contig_work_add(struct contig_work *to, const struct contig_work *w);

/* All steps in a loop: for callers without a clock. Returns outcome->rc. */
int contig_range_alloc(struct contig *c, const struct contig_range_args *args, struct contig_outcome *out);

/* One zone by index, or CONTIG_ALL_ZONES. Walks the pageblocks: not for the inner loop. */
static inline void contig_stats(struct contig *c, uint32_t zone, struct contig_stats *out)
{
	c->ops->stats(c, zone, out);
}

const char *contig_kind_name(enum page_kind kind);
const char *contig_phase_name(enum contig_phase phase);
const char *contig_reason_name(enum contig_reason reason);
const char *contig_type_name(enum migratetype mt);   /* as in /proc/pagetypeinfo */
char contig_type_letter(enum migratetype mt);        /* U M R H C I */
enum migratetype contig_type_of_letter(char letter); /* the other way round; MT_NR for no letter of a type to ask for */

/* Metrics of spec section 10, integer arithmetic, from stats->nr_free; order <= M of the geometry. */
int contig_fragmentation_index(const struct contig_stats *s, unsigned int max_order,
                               unsigned int order);                                                  /* thousandths */
int contig_unusable_index(const struct contig_stats *s, unsigned int max_order, unsigned int order); /* thousandths */

#ifdef __cplusplus
}
#endif
#endif
