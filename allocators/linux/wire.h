/* SPDX-License-Identifier: MIT */
/*
 * wire.h - what the host and the agent inside a guest say to each other, over a serial line.
 *
 * Both sides write lines of printable ASCII, words separated by one blank, ended by '\n', at most WIRE_LINE bytes. The host
 * sends commands; the agent answers each, in order, with any number of lines that begin with '+' and one that begins with
 * '='. A host may send commands ahead of the answers. When the agent is ready it says WIRE_READY by itself, once.
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
 *					section_order, node, zone_start, zone_pages, zone_managed, wmark_min, wmark_low, and
 *					can_NAME 0|1 for what depends on the kernel: can_isolate, can_cma_type, can_thp,
 *					can_hugetlb, can_offline, can_cma_alloc, can_race
 *	reset				give back all that is owned, unmap all, unfreeze, drop pins; drain; = 0
 *	arena BLOCKS			reset, and find BLOCKS pageblocks (rounded up to runs of order M, which begin aligned to them)
 *					of node 1 that are wholly free, MOVABLE and not isolated: the lowest; = PFN, or -ENOMEM
 *	hog NR [NODE]			own all that is free on the node (1) but for the arena and NR pages; = pages now owned by it;
 *					reset lets go
 *
 *	range START NR CALLER		alloc_contig_range(); CALLER: movable | cma
 *					+ moved OWNER FROM TO for each user mapping that lies elsewhere now
 *					= RC STAGE MIGRATED FAILED REPLACED NS; STAGE as in recorded answers (isolate, migrate,
 *					test, ok); MIGRATED and FAILED in base pages by the mm_migrate_pages tracepoint
 *	isolate START NR CALLER		start_isolate_page_range(); answered like range
 *	undo START NR CALLER		undo_isolate_page_range(); = RC
 *	give START NR			one free_contig_range() call over pages that are owned as A or K; = 0
 *	offline START NR PASSES		whole memory blocks, through sysfs; answered like range; online START NR; = RC
 *	cma_alloc NR ORDER		from the area of cma=; = PFN ..., answered like range; cma_free PFN NR
 *
 *	alloc OWNER KIND ORDER TYPE NODE [highatomic]
 *					one allocation on cpu 1, on that node only. K S: alloc_pages; X L: one anonymous page is
 *					touched; X, T with ORDER 9: a THP; Q: the hugetlb pool grows by one; C: a hugetlb page in use.
 *					= PFN or -errno. X and L are the same to a kernel: fresh pages are not on the LRU yet
 *	free OWNER			free or unmap it; = 0, or -ENOENT if it is nobody
 *	at OWNER			= PFN where it is now
 *	pin PFN 0|1			drop or take an extra reference of the page; = RC
 *	freeze PFN 0|1			force the refcount of a page in use to 0 and remember it, or restore it; = RC
 *	convert START NR KIND		owned pages become O, o, W, B, N<order>, and back to A; = RC
 *	type START NR TYPE		set the type of whole pageblocks; free runs in them move to the list of that type; = RC
 *	drain				drain_all_pages(); = 0
 *	lru				lru_add_drain_all(); = 0
 *
 *	look START NR			+ PFN NR ORDER KIND LIST MARKS for each run in ascending order; runs that begin before or end
 *					behind the span are reported whole. KIND is as in the layout string as far as a kernel can
 *					tell (F P A K S L T X C Q N O o W B V .); order-0 pages of one kind and marks in a row
 *					are one line of NR pages. LIST is the TYPE of the list of a free run, or '-'. MARKS: '-', or
 *					any of '!' (an extra reference was taken), '0' (frozen). = RUNS
 *	types START NR			= 0 WORD: a letter a pageblock, as in layout strings, lower case or 'i' while isolated
 *	list NODE			+ ORDER TYPE PFN PFN ...: each free list of node's zone, head first; = LINES
 *	stats				+ KEY VALUE of node 1: free, free_cma, free_highatomic, pcp, isolated, reserved_highatomic,
 *					drift, drift_cma (counter less what a walk of blocks finds), tainted (kernel warnings)
 *
 *	sh TIMEOUT_S COMMAND		run with /bin/sh; + OUTPUT a line (control characters as \xHH); = EXIT STATUS
 *	quit				power off; no answer
 *
 * Commands of single experiments (populate, race ...) are documented where they are implemented: agent/.
 */
#ifndef WIRE_H
#define WIRE_H

#define WIRE_VERSION 1
#define WIRE_READY   "contigbench agent 1 ready"
#define WIRE_FAILED  "contigbench agent 1 failed: "
#define WIRE_LINE    4096

#endif
