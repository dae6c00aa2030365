/* SPDX-License-Identifier: MIT */
/*
 * wire.h - what the host and the agent inside a guest say to each other, over a serial line.
 *
 * Both sides write lines of printable ASCII, words separated by one blank, ended by '\n', at most WIRE_LINE bytes. The host
 * sends commands; the agent answers each, in order, with any number of lines that begin with '+' and one that begins with
 * '='. A host may send commands ahead of the answers. When the agent is ready it says WIRE_READY by itself, once; or
 * WIRE_FAILED and why, if the module does not load (errno and the kernel's own words): then all but hello (whose numbers are 0),
 * sh and quit is answered "= -19 TEXT".
 *
 *	> range 1048576 512 movable
 *	< + moved 17 1048580 1052700
 *	< = -16 test 3 1 182340
 *
 * "= RC [WORDS]": RC is 0, a count or a pfn, or a negative errno of the guest's kernel or agent. "= -95 TEXT" (-EOPNOTSUPP):
 * this kernel can not be made to do that, TEXT says why; "= -22 TEXT": the command is wrong. Numbers are decimal; pfns are the
 * guest's own, spans are START NR in pages and exclude their end; times are nanoseconds of CLOCK_MONOTONIC of the guest.
 * KIND is a letter of the layout string (docs/formats.md), TYPE one of U M R H C.
 *
 * The agent itself holds everything that was allocated for the host ("owned"): results of requests (A), kernel pages (K, S, N),
 * and user mappings, which it knows by the host's owner number. Everything runs on cpu 1 unless said otherwise; the arena's
 * node is node 1, which has no cpu.
 *
 *	hello				+ KEY VALUE: wire (WIRE_VERSION), release, version, cpus, pageblock_order, max_order,
 *					section_order, node, zone_start, zone_pages, zone_managed, wmark_min, wmark_low,
 *					wmark_high, cma_start, cma_pages, and can_NAME 0|1 for what depends on the kernel:
 *					can_isolate, can_isolate_bit (isolation keeps the type), can_cma_type, can_cma_alloc,
 *					can_drain, can_lru, can_stage, can_migrated, can_thp, can_hugetlb, can_offline,
 *					can_race
 *	reset				give back all that is owned, unmap all, unfreeze, drop pins, undo isolations, online what
 *					was put offline; drain; free memory of node 1 that is in pieces or not MOVABLE becomes
 *					MOVABLE runs of order M; = 0
 *	arena BLOCKS			reset, and find BLOCKS pageblocks (rounded up to runs of order M, which begin aligned to them)
 *					of node 1 that are wholly free, MOVABLE and not isolated: the lowest; = PFN, or -ENOMEM
 *	hog NR [NODE]			own all that is free on the node (1) but for the arena and NR pages; = pages now owned by it;
 *					reset lets go
 *
 *	range START NR CALLER [stay]	alloc_contig_range(); CALLER: movable | cma; stay: migration finds no other node to spill to
 *					+ moved OWNER FROM TO for each user mapping that lies elsewhere now
 *					+ replaced OWNER FROM TO for each page of a hugetlb pool (Q) that another one stands for now
 *					= RC STAGE MIGRATED FAILED REPLACED NS; STAGE as in recorded answers (isolate, migrate,
 *					test, ok); MIGRATED and FAILED in base pages by the mm_migrate_pages tracepoint
 *	isolate START NR CALLER		start_isolate_page_range(); answered like range; CALLER also: offline
 *	undo START NR CALLER		undo_isolate_page_range(); = RC
 *	give START NR			one free_contig_range() call over pages that are owned as A or K; = 0
 *	offline START NR [PASSES]	whole memory blocks, through sysfs, ascending, up to the first that fails: those before stay
 *					offline. Killed (-EINTR) after PASSES (5) tries to migrate, or a few more. Answered like range
 *	online START NR			= RC
 *	cma_alloc NR ORDER		from the area of cma=; = PFN ..., answered like range; cma_free PFN NR
 *
 *	alloc OWNER KIND ORDER TYPE NODE [highatomic|reclaim]
 *					one allocation on cpu 1, on that node only. K S: alloc_pages; X L: one anonymous page is
 *					touched; X, T with ORDER 9: a THP; Q: the hugetlb pool grows by one; C: a hugetlb page in use.
 *					= PFN or -errno. X and L are the same to a kernel: fresh pages are not on the LRU yet
 *	many OWNER NR KIND ORDER TYPE NODE [highatomic|reclaim]
 *					alloc for OWNER, OWNER + 1, ... until one can not be had: + OWNER PFN each. = how many there were
 *	place OWNER START NR		owned pages become anonymous ones that lie there, of OWNER, OWNER + 1, ...: for each what
 *					give PFN 1 and alloc OWNER X 0 M 1 do. = NR; -EXDEV: one came elsewhere, and is unmapped again
 *	free OWNER			free or unmap it; = 0, or -ENOENT if it is nobody
 *	at OWNER			= PFN where it is now
 *	pin PFN 0|1			drop or take an extra reference of the page; = RC
 *	freeze PFN 0|1			force the refcount of a page in use to 0 and remember it, or restore it; = RC
 *	convert START NR KIND		owned pages of order 0 become A, K, S, O, o, W, B or N<order>; = RC
 *	type START NR TYPE		set the type of whole pageblocks; free runs in them move to the list of that type; = RC
 *	drain				drain_all_pages(); = 0
 *	lru				lru_add_drain_all(); = 0
 *
 *	look START NR			+ PFN NR ORDER KIND LIST MARKS for each run in ascending order; runs that begin before or end
 *					behind the span are reported whole. KIND is as in the layout string as far as a kernel can
 *					tell (F P A K S L T X C Q N O o W B V .); order-0 pages of one kind and marks in a row
 *					are one line of NR pages. LIST is the TYPE of the list of a free run, or '-'. MARKS: '-', or
 *					any of '!' (an extra reference was taken), '0' (frozen). = RUNS
 *	layout START NR			the same as layout strings, a seventh of the bytes: + PFN ITEM ITEM ... for the runs that begin
 *					in one pageblock; PFN is the first one's. = LINES
 *	types START NR			= 0 WORD: a letter a pageblock, as in layout strings, lower case or 'i' while isolated
 *	list NODE			+ ORDER TYPE PFN PFN ...: each free list of node's largest zone, head first; a list that is
 *					longer than a line goes on in the next, with the same ORDER and TYPE. TYPE also: I. = LINES
 *	stats				+ KEY VALUE of node 1: free, free_cma, free_highatomic, pcp, isolated, reserved_highatomic,
 *					drift, drift_cma (counter less what a walk of blocks finds), list_errors, owned, managed,
 *					tainted (kernel warnings); -1: this kernel has no such counter
 *	populate KIND SEED FILL UNMOVABLE
 *					reset, and fill node 1 from a seed. KIND: scattered | clustered | natural; FILL: percent of the
 *					managed pages in use in the end; UNMOVABLE: thousandths of them that are the module's (K, S).
 *					All else is anonymous, without an owner (no "+ moved"), or free; caches are drained.
 *					+ KEY PAGES: managed, decided, user, thp, kernel, reclaimable, free, strays. = 0
 *					(agent/populate.c, agent/natural.c: what is drawn, and how it is made)
 *
 *	sh TIMEOUT_S COMMAND		run with /bin/sh; + OUTPUT a line: control characters, what is not ASCII, and the backslash
 *					as \xHH; what is too long for a line ends in \c and goes on in the next; so does a last line
 *					without end. = EXIT STATUS
 *					(128 + signal), -ETIMEDOUT if it had to be killed
 *	quit				power off; no answer
 *
 * Commands of single experiments (race ...) are documented where they are implemented: agent/.
 */
#ifndef WIRE_H
#define WIRE_H

#define WIRE_VERSION 1
#define WIRE_READY   "contigbench agent 1 ready"
#define WIRE_FAILED  "contigbench agent 1 failed: "
#define WIRE_LINE    4096

#endif
