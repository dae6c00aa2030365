/* SPDX-License-Identifier: MIT */
/*
 * abi.h - the ioctls of /dev/contigbench, which the kernel module contigbench.ko offers to the agent (agent/, root only).
 *
 *	int fd = open("/dev/contigbench", O_RDWR);
 *	struct contigbench_request r = { .op = CONTIGBENCH_OP_RANGE, .caller = CONTIGBENCH_MOVABLE, .start = pfn, .nr = 512 };
 *	if (ioctl(fd, CONTIGBENCH_REQUEST, &r) == 0)
 *		printf("%d, stage %u, %llu ns\n", r.rc, r.stage, r.ns);
 *
 * Units: pages; a span is start, nr and excludes its end; pfns are the kernel's own; times are nanoseconds. Migratetypes are
 * letters: U M R H C, and I for what is isolated. Kinds are letters of the layout string (docs/formats.md). One process at a
 * time may have the device open (-EBUSY). Structures are the same for 32 and 64 bits, and have to be zeroed first: what
 * is reserved must be 0.
 *
 * The module owns pages: results of requests and its own allocations. What frees or changes pages of the caller's choice wants
 * them owned, whole, and in the right state, and says -EINVAL otherwise without having done anything. Whatever is wrong
 * with an argument is -EINVAL; a span must lie in one zone and, but for LOOK and TYPES, must be online; -EFAULT, -EINTR and -ENOMEM
 * are as everywhere. -EOPNOTSUPP: this kernel can not do that (the can_ bits say so beforehand).
 * What a request said is in .rc: the ioctl itself is 0 as soon as there was a request.
 * RESET, and closing the device, give back all that is owned, drop pins, restore frozen pages, release isolated pageblocks and
 * count anew what kernels lose track of: free pages, isolated pageblocks, nr_reserved_highatomic. What goes offline (o and W do,
 * for a kernel) is owned no longer: when it comes back, it is new memory.
 * Work is done on the cpu of the caller, who has to be bound to one if it matters.
 */
#ifndef CONTIGBENCH_ABI_H
#define CONTIGBENCH_ABI_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <sys/ioctl.h>
#endif

#define CONTIGBENCH_ABI    1
#define CONTIGBENCH_DEVICE "/dev/contigbench"

/* ---- what there is ------------------------------------------------------------------------ */

enum contigbench_can {
	CONTIGBENCH_CAN_ISOLATE = 1 << 0,     /* start_isolate_page_range and its undo were found */
	CONTIGBENCH_CAN_CMA_TYPE = 1 << 1,    /* CMA is configured: there is a type C */
	CONTIGBENCH_CAN_CMA_ALLOC = 1 << 2,   /* there is an area of cma= */
	CONTIGBENCH_CAN_DRAIN = 1 << 3,       /* drain_all_pages was found */
	CONTIGBENCH_CAN_LRU = 1 << 4,         /* lru_add_drain_all was found */
	CONTIGBENCH_CAN_STAGE = 1 << 5,       /* tracepoint test_pages_isolated: .stage is exact */
	CONTIGBENCH_CAN_MIGRATED = 1 << 6,    /* tracepoint mm_migrate_pages: .migrated and .failed are counted */
	CONTIGBENCH_CAN_ISOLATE_BIT = 1 << 7, /* isolation keeps the type (v6.17) */
	CONTIGBENCH_CAN_RACE = 1 << 8,        /* two cpus are online */
	CONTIGBENCH_CAN_OFFLINE = 1 << 9,     /* memory hotremove is configured */
	CONTIGBENCH_CAN_HUGETLB = 1 << 10,
	CONTIGBENCH_CAN_THP = 1 << 11,
};

struct contigbench_hello {
	__u32 abi; /* out, all of it: CONTIGBENCH_ABI */
	__u32 can;
	__u32 block_order; /* of a pageblock */
	__u32 max_order;   /* inclusive */
	__u32 section_order;
	__u32 nr_zones; /* populated zones: CONTIGBENCH_ZONE takes 0 ... nr_zones - 1 */
	__u32 types;    /* number of free lists an order has */
	__u32 pageblock_bits;
	__u64 max_pfn;
	__u64 cma_start; /* the area of cma=; cma_nr is 0 if there is none */
	__u64 cma_nr;
	__u64 reserved[4];
};

/* A zone, and its counters at this moment. -ENOENT: no such index. */
struct contigbench_zone {
	__u32 index; /* in */
	__s32 node;
	char name[16];
	__u64 start;
	__u64 spanned;
	__u64 present;
	__u64 managed;
	__u64 wmark_min;
	__u64 wmark_low;
	__u64 wmark_high;
	__s64 free;                /* NR_FREE_PAGES, with the cpus' shares that are not yet added up */
	__s64 free_cma;            /* NR_FREE_CMA_PAGES; -1: not configured */
	__s64 free_highatomic;     /* nr_free_highatomic; -1: not in this kernel */
	__s64 reserved_highatomic; /* nr_reserved_highatomic */
	__s64 pcp;                 /* pages on per-cpu lists */
	__s64 isolated;            /* nr_isolate_pageblock */
	/* Counter less what a walk of the zone under its lock finds in pageblocks that are not isolated, or of type C. */
	__s64 drift;
	__s64 drift_cma;
	__s64 list_errors; /* free runs whose list is not that of their first pageblock's type */
	__u64 owned;       /* pages of the zone that the module owns */
	__u64 tainted;     /* 1: the kernel has warned (TAINT_WARN), 2: oops or bad page, since boot */
	__u64 reserved[4];
};

/* ---- requests ----------------------------------------------------------------------------- */

enum contigbench_op {
	CONTIGBENCH_OP_NONE,      /* RACE: nobody */
	CONTIGBENCH_OP_RANGE,     /* alloc_contig_range(GFP_KERNEL); the result is owned, as A */
	CONTIGBENCH_OP_ISOLATE,   /* start_isolate_page_range() of whole pageblocks */
	CONTIGBENCH_OP_UNDO,      /* undo_isolate_page_range() of whole pageblocks */
	CONTIGBENCH_OP_CMA_ALLOC, /* from the area of cma=: nr pages, aligned to 2^order; owned, given by CMA_FREE only */
	CONTIGBENCH_OP_LOAD,      /* RACE: allocate and free in a loop until the other one is through */
	CONTIGBENCH_OP_GIVE,      /* RACE: free_contig_range() of owned pages: as the ioctl */
	CONTIGBENCH_OP_DRAIN,     /* RACE: drain_all_pages() */
};

enum contigbench_caller {
	CONTIGBENCH_MOVABLE, /* MIGRATE_MOVABLE; ACR_FLAGS_NONE; PB_ISOLATE_MODE_OTHER */
	CONTIGBENCH_CMA,     /* MIGRATE_CMA; ACR_FLAGS_CMA; -EOPNOTSUPP without CMA */
	CONTIGBENCH_OFFLINE, /* isolate, undo: as memory offline does */
};

enum contigbench_stage {
	CONTIGBENCH_STAGE_NONE,    /* the tracepoint is missing */
	CONTIGBENCH_STAGE_ISOLATE, /* rejected by isolation: nothing was tried */
	CONTIGBENCH_STAGE_MIGRATE, /* migration ended it (-ENOMEM, -EINTR) */
	CONTIGBENCH_STAGE_TEST,    /* test_pages_isolated() found something, or what follows it did not get the pages */
	CONTIGBENCH_STAGE_OK,
};

/* One request, without a drain before it. */
struct contigbench_request {
	__u32 op;         /* in: enum contigbench_op */
	__u32 caller;     /* in */
	__u64 start;      /* in; out with CMA_ALLOC */
	__u64 nr;         /* in */
	__u32 order;      /* in: CMA_ALLOC: alignment; LOAD: order of its allocations */
	__u32 spins;      /* in: RACE: cpu_relax() so often before the request; LOAD: after each step */
	__u32 cpu;        /* in: RACE: where it runs */
	__u32 node;       /* in: LOAD: where it allocates, and there only */
	__u32 type;       /* in: LOAD: U, M or R, as with ALLOC */
	__u32 live;       /* in: LOAD: so many allocations are held, the oldest is freed first; 1 ... 65536 */
	__s32 rc;         /* out: 0 or negative errno of the kernel's; LOAD: 0 */
	__u32 stage;      /* out: RANGE, ISOLATE, CMA_ALLOC */
	__u64 migrated;   /* out: base pages by mm_migrate_pages for a contiguous range, in this task */
	__u64 failed;     /* out: the same; a page counts each time it was tried */
	__u64 replaced;   /* out: pages of free hugetlb pages that were in the span and are no longer */
	__u64 ns;         /* out: time the call took; CLOCK_MONOTONIC */
	__u64 begin;      /* out: when it began, CLOCK_MONOTONIC */
	__u32 tested;     /* out: how often test_pages_isolated ran */
	__u32 migrations; /* out: how often migrate_pages ran */
	__u64 allocs;     /* out: LOAD: allocations that succeeded */
	__u64 misses;     /* out: LOAD: and that failed */
	/*
	 * in: RANGE: 1: as if there were no other node: migration fails (-ENOMEM) instead of spilling there. In a RACE this holds
	 * for both sides if they are on the same node.
	 */
	__u32 stay;
	__u32 reserved0;
	__u64 reserved;
};

/*
 * Two requests, each on its cpu, that wait for each other, spin .spins times and go. What they got stays owned until it is given:
 * state can be looked at first. -EINVAL: the same cpu twice, cpu offline, two LOADs, a request that REQUEST would refuse. Two
 * RANGEs, whatever they overlap, are fine. What a LOAD still holds is freed before the ioctl returns. .replaced
 * is not counted here.
 */
struct contigbench_race {
	struct contigbench_request side[2];
};

/* One free_contig_range() over owned pages of order 0 (A, or K and S of order 0). Also for CMA_FREE: cma_release(). */
struct contigbench_span {
	__u64 start;
	__u64 nr;
};

/* ---- pages of the module ------------------------------------------------------------------ */

enum contigbench_alloc_flags {
	CONTIGBENCH_COMPOUND = 1 << 0,   /* __GFP_COMP, else a high order is no compound (kind N) */
	CONTIGBENCH_HIGHATOMIC = 1 << 1, /* GFP_ATOMIC: with order > 0 it may reserve and use H blocks */
	CONTIGBENCH_NORECLAIM = 1 << 2,  /* no reclaim, no compaction, and nobody is woken to do it: fails instead */
};

/*
 * One allocation on that node, nowhere else (__GFP_THISNODE | __GFP_NOWARN). U: GFP_KERNEL, R: also __GFP_RECLAIMABLE, M:
 * GFP_HIGHUSER_MOVABLE: pages that nothing can migrate but that lie where user pages would. .rc is 0 or -ENOMEM.
 * Its kind is K (U and M), S (R) or N (not compound, order > 0). FREE: -EBUSY while it is pinned or frozen.
 */
struct contigbench_alloc {
	__u32 node;
	__u32 order;
	__u32 type;
	__u32 flags;
	__s32 rc;
	__u32 reserved;
	__u64 pfn; /* out; FREE: in, the first page of it, all else is ignored */
};

/*
 * Take free pages off the lists of a zone directly, whatever the watermarks say, as owned order-0 pages of kind A: all
 * but those in [start, start + nr), in isolated pageblocks, and .keep pages. Drain first: per-cpu lists are left alone. On a node
 * that has cpus at least 32 MiB have to be kept. Largest runs go first, from the heads of the lists.
 */
struct contigbench_hog {
	__u32 zone; /* index */
	__u32 reserved;
	__u64 start;
	__u64 nr;
	__u64 keep;
	__u64 taken; /* out */
};

/*
 * PIN: take (on) or drop an extra reference; any page that is in use, also tails' heads. -EBUSY: refcount 0; dropping -ENOENT:
 * it is not pinned. Pins do not nest (-EALREADY).
 * FREEZE: force the refcount to 0, or restore it. Owned pages, or mapped anonymous pages of order 0, whose mapping must not go
 * before they are restored. -EBUSY: refcount 0.
 */
struct contigbench_ref {
	__u64 pfn;
	__u32 on;
	__u32 reserved;
};

/*
 * Owned order-0 pages become another kind: A, K, S (names only), O PageOffline, o the same with refcount 0, W PageHWPoison, B
 * PageReserved, N (not compound, of this order: start and nr are multiples of it). From any of these to any other.
 */
struct contigbench_convert {
	__u64 start;
	__u64 nr;
	__u32 kind;
	__u32 order;
};

/* ---- looking ------------------------------------------------------------------------------ */

enum contigbench_marks {
	CONTIGBENCH_PINNED = 1 << 0, /* by PIN */
	CONTIGBENCH_FROZEN = 1 << 1, /* by FREEZE */
	CONTIGBENCH_OWNED = 1 << 2,
	CONTIGBENCH_ANON = 1 << 3, /* belongs to an anonymous mapping */
};

/*
 * A run of pages: one free run or compound (nr is 2^order), or order-0 pages of one kind and marks in a row. kind as far as the
 * kernel can tell: F P A K S L T X C Q N O o W B V and '.'; K is also anything in use that is none of the others. A compound
 * on the LRU is T, not yet on it X with an order.
 */
struct contigbench_run {
	__u64 pfn;
	__u32 nr;
	__u8 order;
	__u8 kind;
	__u8 list; /* F: letter of the list it is on ('I': isolated); else 0 */
	__u8 marks;
};

/*
 * Runs of [start, start + nr) in ascending order into runs[]; those that reach out of it are reported whole. A snapshot under
 * the lock of the first page's zone, as far as free runs go. .filled is their number, at most 131072; if the array was full,
 * or another zone or what is offline begins, .next is where to go on, else it is start + nr or behind.
 */
struct contigbench_look {
	__u64 start;
	__u64 nr;
	__u64 runs; /* pointer to struct contigbench_run[max] */
	__u32 max;
	__u32 filled; /* out */
	__u64 next;   /* out */
};

/*
 * Types of the pageblocks that touch the span, a character each, ascending, no NUL: a letter, small (type kept) or 'i' while
 * isolated; '.' where no memory is online.
 */
struct contigbench_types {
	__u64 start;
	__u64 nr;
	__u64 letters; /* pointer to char[max] */
	__u32 max;     /* -EINVAL if it is too small */
	__u32 filled;  /* out */
};

/*
 * Set the type of whole pageblocks (U M R H C; C -EOPNOTSUPP without CMA) under the zone's lock; free runs that begin in
 * them move to the tail of the list of that type, counters along. A free run that covers several pageblocks moves whole up to v6.9, and comes apart at pageblock borders first from v6.10 on. -EBUSY: one of the blocks is isolated. The
 * counter nr_reserved_highatomic follows.
 */
struct contigbench_settype {
	__u64 start;
	__u64 nr;
	__u32 type;
	__u32 reserved;
};

/* One free list, head first: first pfns of its runs. .filled: how many were written, .total: how many there are. */
struct contigbench_list {
	__u32 zone; /* index */
	__u32 order;
	__u32 type; /* letter, or I */
	__u32 max;
	__u64 pfns;   /* pointer to __u64[max] */
	__u32 filled; /* out */
	__u32 total;  /* out */
};

/* Move a free run to the other list, type of the block unchanged: what fallback before v6.10 leaves. -EOPNOTSUPP from v6.10 on. */
struct contigbench_relist {
	__u64 pfn;
	__u32 type;
	__u32 head; /* to the head of the list instead of its tail */
};

/* ---- */

#define CONTIGBENCH_HELLO    _IOR('c', 0, struct contigbench_hello)
#define CONTIGBENCH_ZONE     _IOWR('c', 1, struct contigbench_zone)
#define CONTIGBENCH_REQUEST  _IOWR('c', 2, struct contigbench_request)
#define CONTIGBENCH_RACE     _IOWR('c', 3, struct contigbench_race)
#define CONTIGBENCH_GIVE     _IOW('c', 4, struct contigbench_span)
#define CONTIGBENCH_CMA_FREE _IOW('c', 5, struct contigbench_span)
#define CONTIGBENCH_ALLOC    _IOWR('c', 6, struct contigbench_alloc)
#define CONTIGBENCH_FREE     _IOW('c', 7, struct contigbench_alloc)
#define CONTIGBENCH_HOG      _IOWR('c', 8, struct contigbench_hog)
#define CONTIGBENCH_PIN      _IOW('c', 9, struct contigbench_ref)
#define CONTIGBENCH_FREEZE   _IOW('c', 10, struct contigbench_ref)
#define CONTIGBENCH_CONVERT  _IOW('c', 11, struct contigbench_convert)
#define CONTIGBENCH_LOOK     _IOWR('c', 12, struct contigbench_look)
#define CONTIGBENCH_TYPES    _IOWR('c', 13, struct contigbench_types)
#define CONTIGBENCH_SETTYPE  _IOW('c', 14, struct contigbench_settype)
#define CONTIGBENCH_LIST     _IOWR('c', 15, struct contigbench_list)
#define CONTIGBENCH_RELIST   _IOW('c', 16, struct contigbench_relist)
#define CONTIGBENCH_DRAIN    _IO('c', 17) /* drain_all_pages() of all zones */
#define CONTIGBENCH_LRU      _IO('c', 18) /* lru_add_drain_all() */
#define CONTIGBENCH_RESET    _IO('c', 19) /* give back all that is owned; no drain */

#endif
