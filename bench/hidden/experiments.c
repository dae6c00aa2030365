// SPDX-License-Identifier: MIT
/* experiments.c - the experiments as a table, and the differences that are understood. */
#include <stdlib.h>
#include <string.h>

#include "hidden.h"

#define EXACT         (VIEW_TYPES | VIEW_MAP)
#define TAKEN         (VIEW_TYPES | VIEW_TAKEN)
#define M8            "MMMMMMMM"
#define M64           M8 M8 M8 M8 M8 M8 M8 M8
#define BLOCK         "npb=64 mt=" M64 " "
#define CMA_AREA      "npb=32"
#define LINE(n, rest) .name = n, .line = "case=" n " " rest

static const struct hidden_experiment experiments[] = {
	/* ---- two requests at once ---- */
	{ LINE("halves.free", "npb=2 mt=MM ops=a:0+512|a:512+512"), .group = "races",
	  .picture = "F10; A wants the lower half, B the upper", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("halves.typed", "npb=2 mt=UR ops=a:0+512|a:512+512"), .group = "races",
	  .picture = "the same, UNMOVABLE beside RECLAIMABLE", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("halves.used", "npb=2 mt=MM user=3+8,700+8 ops=a:0+512|a:512+512"), .group = "races",
	  .picture = "8 user pages in each half", .view = TAKEN, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("halves.kernel", "npb=2 mt=MM kern=700 ops=a:0+512|a:512+512"), .group = "races",
	  .picture = "a kernel page in B's half", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("overlap.free", "npb=4 mt=MMMM ops=a:0+1024|a:512+1024"), .group = "races",
	  .picture = "A wants the first two of four free blocks, B the second and third", .view = EXACT,
	  .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("overlap.used", "npb=4 mt=MMMM user=3+8,700+8,1100+8 ops=a:0+1024|a:512+1024"), .group = "races",
	  .picture = "the same with user pages in all three", .view = TAKEN, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("overlap.kernel", "npb=4 mt=MMMM kern=1100 ops=a:0+1024|a:512+1024"), .group = "races",
	  .picture = "a kernel page that only B meets", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("same.free", "npb=2 mt=MM ops=a:0+512|a:0+512"), .group = "races",
	  .picture = "both want the lower half of an F10", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("same.whole", "npb=2 mt=MM ops=a:0+1024|a:0+1024"), .group = "races",
	  .picture = "both want all of an F10", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("same.used", "npb=2 mt=MM user=3+16,600+8 ops=a:0+1024|a:0+1024"), .group = "races",
	  .picture = "the same with user pages in it", .view = TAKEN, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("same.kernel", "npb=2 mt=UM kern=100 ops=a:0+1024|a:0+1024"), .group = "races",
	  .picture = "the same with a kernel page in it", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("neighbours.free", "npb=4 mt=MMMM ops=a:512+512|a:1024+512"), .group = "races",
	  .picture = "neighbouring pageblocks of two MAX pages", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("neighbours.used", "npb=4 mt=MMMM user=700+8,1100+8 ops=a:512+512|a:1024+512"), .group = "races",
	  .picture = "the same with user pages in both", .view = TAKEN, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("block.parts", "npb=2 mt=MM ops=a:0+128|a:256+128"), .group = "races",
	  .picture = "two parts of one pageblock", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("inside", "npb=4 mt=MMMM ops=a:0+2048|a:1024+512"), .group = "races",
	  .picture = "A wants all four blocks, B the third", .view = EXACT, .left = HOG_NOTHING, .on = ON_ALL },

	/* ---- a request while others allocate ---- */
	{ LINE("load.kernel", "npb=2 mt=UU user=0+1,2+1,4+1,6+1,8+1,10+1,12+1,14+1 ops=a:0+512|alloc:0,U,times=3"),
	  .group = "load", .picture = "small free runs in A's half; B allocates kernel pages and frees them",
	  .view = TAKEN, .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("load.movable", "npb=2 mt=MM user=0+1,2+1,4+1,6+1,8+1,10+1,12+1,14+1 ops=a:0+512|alloc:0,M,K,times=3"),
	  .group = "load", .picture = "the same; B allocates kernel pages where user pages would lie", .view = TAKEN,
	  .left = HOG_NOTHING, .on = ON_ALL },
	{ LINE("load.order3", "npb=2 mt=UU user=0+1,16+1,32+1,48+1 ops=a:0+512|alloc:3,U,times=3"), .group = "load",
	  .picture = "the same; B allocates kernel pages of order 3", .view = TAKEN, .left = HOG_NOTHING,
	  .on = ON_ALL },

	/* ---- a memory block goes offline, and what is in it ---- */
	{ LINE("offline.free", BLOCK "ops=off:0+32768,passes=3;on:0+32768"), .group = "offline",
	  .picture = "a free memory block, and online again", .view = VIEW_TYPES, .left = HOG_NOTHING, .memory = true,
	  .on = ON_ALL },
	{ LINE("offline.user", BLOCK "user=3+20,5000+20,32000+20 ops=off:0+32768,passes=3;on:0+32768"),
	  .group = "offline", .picture = "user pages in it", .view = VIEW_TYPES, .left = HOG_NOTHING, .memory = true,
	  .on = ON_ALL },
	{ LINE("offline.pinned", BLOCK "user=3+20,5000+20 pin=5007 ops=off:0+32768,passes=3"), .group = "offline",
	  .picture = "one of its user pages is pinned; a signal ends it", .view = VIEW_TYPES, .left = HOG_NOTHING,
	  .memory = true, .on = ON_ALL },
	{ LINE("offline.kernel", "npb=64 mt=UUR" M8 M8 M8 M8 M8 M8 M8 "MMMMM kern=700,9000+8 user=5000+20 "
	                         "ops=off:0+32768,passes=3"),
	  .group = "offline", .picture = "kernel pages, and blocks of other types", .view = VIEW_TYPES,
	  .left = HOG_NOTHING, .memory = true, .on = ON_ALL },
	{ LINE("offline.pool", BLOCK "htlb=1024 ops=off:0+32768,passes=3;on:0+32768"), .group = "offline",
	  .picture = "a free page of the hugetlb pool", .view = VIEW_TYPES, .left = HOG_NOTHING, .memory = true,
	  .on = ON_ALL },
	{ LINE("offline.request", BLOCK "user=10300+8 ops=off:0+32768,passes=3|a:10240+512"), .group = "offline",
	  .picture = "the block goes offline while B wants a pageblock of it", .view = VIEW_TYPES, .left = HOG_NOTHING,
	  .memory = true, .on = ON_ALL },

	/* ---- the reserve for atomic allocations: below the low watermark, which is where kernels have one ---- */
	{ LINE("atomic.fill", "npb=6 mt=UUUUUU ops=alloc:4,U,highatomic,times=100"), .group = "atomic",
	  .picture = "atomic allocations of order 4, and little else is free on the node",
	  .view = VIEW_TYPES | VIEW_RESERVE | VIEW_COUNTS, .left = 0, .on = ON_ALL },
	{ LINE("atomic.request",
	       "npb=6 mt=UUUUUU ops=alloc:4,U,highatomic,times=100;free:0+3072;a:2560+512;f:2560+512"),
	  .group = "atomic", .picture = "these are freed, and a request takes the last block and gives it back",
	  .view = VIEW_TYPES | VIEW_RESERVE | VIEW_COUNTS, .left = 0, .on = ON_ALL },
	{ LINE("atomic.whole", "npb=6 mt=UUUUUU ops=alloc:4,U,highatomic,times=100;free:0+3072;a:0+3072;f:0+3072"),
	  .group = "atomic", .picture = "the same, of all six blocks", .view = VIEW_TYPES | VIEW_RESERVE | VIEW_COUNTS,
	  .left = 0, .on = ON_ALL },
	{ LINE("atomic.pressure", "npb=6 mt=UUUUUU ops=alloc:4,U,highatomic,times=40;free:0+3072;alloc:0,U,times=100"),
	  .group = "atomic", .picture = "a reserve that is free again, and others allocate until nothing is left",
	  .view = VIEW_TYPES | VIEW_RESERVE, .left = 0, .on = ON_ALL },
	{ LINE("atomic.plenty", "npb=8 mt=UUUUUUUU ops=alloc:4,U,highatomic,times=160"), .group = "atomic",
	  .picture = "atomic allocations while there is plenty of memory",
	  .view = VIEW_TYPES | VIEW_RESERVE | VIEW_COUNTS, .left = HOG_NOTHING, .on = ON_ALL },

	/* ---- nowhere to move pages to ---- */
	{ LINE("full.spill", "npb=4 mt=MMMM user=0+600 kern=1024+1000 ops=a:0+1024"), .group = "full",
	  .picture = "all of the node is taken; the other one has room", .view = TAKEN | VIEW_MOVED, .left = 0,
	  .on = ON_ALL },
	{ LINE("full.alone", "npb=4 mt=MMMM user=0+600 kern=1024+1000 ops=a:0+1024"), .group = "full",
	  .picture = "all of the node is taken, and no other may be used", .view = TAKEN | VIEW_MOVED, .left = 0,
	  .no_spill = true, .on = ON_ALL },
	{ LINE("full.nearly", "npb=4 mt=MMMM user=0+600 kern=1024+1000 ops=a:0+1024"), .group = "full",
	  .picture = "the same, but for 3 MAX pages", .view = TAKEN | VIEW_MOVED, .left = 3072, .no_spill = true,
	  .on = ON_ALL },

	/* ---- a CMA area of 64 MiB ---- */
	{ LINE("cma.sizes", CMA_AREA), .calls = "100/0 300/4 512/9 1000/0 4096/10 12000/0 1/0", .group = "cma",
	  .picture = "sizes and alignments, one of them too much", .view = VIEW_TYPES | VIEW_TAKEN, .left = HOG_NOTHING,
	  .cma = 64, .on = ON_7_2 },
	{ LINE("cma.holes", CMA_AREA), .calls = "256/0 256/0 256/0 256/0 -2 100/0 200/8 1024/10 -1 600/0 200/0",
	  .group = "cma", .picture = "into holes that were given back", .view = VIEW_TYPES | VIEW_TAKEN,
	  .left = HOG_NOTHING, .cma = 64, .on = ON_7_2 },
	{ LINE("cma.used", CMA_AREA " user=140+30,700+20"), .calls = "512/9 300/0 1024/10", .group = "cma",
	  .picture = "user pages in the area have to move", .view = VIEW_TYPES | VIEW_TAKEN, .left = HOG_NOTHING,
	  .cma = 64, .on = ON_7_2 },
	{ LINE("cma.pinned", CMA_AREA " user=140+3,700+3 pin=141,702"), .calls = "512/9 512/9 8/2 300/0",
	  .group = "cma", .picture = "two of them are pinned: on behind them", .view = VIEW_TYPES | VIEW_TAKEN,
	  .left = HOG_NOTHING, .cma = 64, .on = ON_7_2 },
	{ LINE("cma.race", CMA_AREA), .calls = "512/9|512/9", .group = "cma", .picture = "two calls at once",
	  .view = VIEW_TYPES | VIEW_TAKEN, .left = HOG_NOTHING, .cma = 64, .on = ON_7_2 },
	{ LINE("cma.race.used", CMA_AREA " user=140+8,500+8"), .calls = "300/0|700/0", .group = "cma",
	  .picture = "two calls at once for neighbouring pages, with user pages in both",
	  .view = VIEW_TYPES | VIEW_TAKEN, .left = HOG_NOTHING, .cma = 64, .on = ON_7_2 },
};

uint32_t hidden_calls(const char *calls, struct hidden_call out[HIDDEN_CALLS])
{
	bool joined = false;
	uint32_t nr = 0;

	for (char *end; *calls && nr < HIDDEN_CALLS; calls = end) {
		struct hidden_call *c = &out[nr];

		*c = (struct hidden_call){ .joined = joined };
		joined = false;
		if (*calls == ' ' || *calls == '|') {
			joined = *calls == '|' || (calls[1] != '|' && c->joined);
			end = (char *)calls + 1;
			continue;
		}
		if (*calls == '-') {
			c->releases = (uint32_t)strtoul(calls + 1, &end, 10) - 1;
			if (c->releases >= nr)
				return 0;
		} else {
			c->nr = (uint32_t)strtoul(calls, &end, 10);
			if (!c->nr || *end != '/')
				return 0;
			c->order = (uint32_t)strtoul(end + 1, &end, 10);
		}
		nr++;
	}
	return nr;
}

const struct hidden_experiment *hidden_experiment_at(size_t i)
{
	return i < sizeof(experiments) / sizeof(experiments[0]) ? &experiments[i] : NULL;
}

const struct hidden_experiment *hidden_experiment_find(const char *name)
{
	for (size_t i = 0; i < sizeof(experiments) / sizeof(experiments[0]); i++) {
		if (!strcmp(experiments[i].name, name))
			return &experiments[i];
	}
	return NULL;
}

bool hidden_is_for(const struct hidden_experiment *e, const struct recorded_kernel *k)
{
	for (size_t i = 0; recorded_kernel_at(i); i++) {
		if (recorded_kernel_at(i) == k)
			return e->on >> i & 1;
	}
	return false;
}

#define FROZEN                                                                                                                             \
	"v7.x takes pages with a refcount of 0 and gives them one when it has un-isolated their blocks: the unmovable check of a request " \
	"in between steps over them (6.3 test 5), and its test finds them taken. In the model they are in use as soon as they are taken."

static const struct {
	const char *experiment; /* how its name begins */
	const char *kernel;     /* NULL: any */
	const char *part;       /* of the outcome */
	const char *why;
} reasons[] = {
	{ "halves.used", NULL, "-EBUSY isolate",
	  "A page that the other request is about to move something to lies in this one's block, in use "
	  "and on no LRU list yet, and the unmovable check takes it for unmovable (6.3). In the model a page moves in one step." },
	{ "neighbours.used", NULL, "-EBUSY isolate", "As with halves.used: a page in flight is on no LRU list." },
	{ "halves.free", "6.1", "-EBUSY test",
	  "B has to isolate its block between A's isolation of its own and A's split of the run "
	  "at their border, a few instructions further on." },
	{ "halves.typed", "6.1", "-EBUSY test", "As with halves.free." },
	{ "overlap.kernel", NULL, "A -EBUSY isolate; B -EBUSY isolate",
	  "A has to look at the block they share while B has it isolated, which "
	  "lasts no longer than B's look at the next one, where it meets the kernel page." },
	{ "overlap.", "7.2", "A 0 ok; B -EBUSY test", FROZEN },
	{ "overlap.", "7.2", "A -EBUSY test; B 0 ok", FROZEN },
	{ "same.", "7.2", "A 0 ok; B -EBUSY test", FROZEN },
	{ "same.", "7.2", "A -EBUSY test; B 0 ok", FROZEN },
	{ "inside", "7.2", "A 0 ok; B -EBUSY test", FROZEN },
	{ "inside", "7.2", "A -EBUSY test; B 0 ok", FROZEN },
	{ "block.parts", "7.2", "A 0 ok; B -EBUSY test", FROZEN },
	{ "block.parts", "7.2", "A -EBUSY test; B 0 ok", FROZEN },
	{ "halves.used", NULL, "A 0 ok; B -EBUSY test",
	  "Both halves have to be free and isolated at once, so that they merge, before A has taken its own: "
	  "one trial in a hundred on 6.12." },
	{ "load.", "5.10", "A -EBUSY isolate; MU",
	  "The load has to get a page of the second block in the time that it takes to isolate the first one "
	  "and drain the lists." },
	{ "load.", NULL, "-EBUSY test",
	  "The load has to take a page from its per-cpu list after the block was looked at and before the "
	  "lists are drained, and to have it still when the range is tested." },
};

const char *hidden_reason(const char *experiment, const char *kernel, const char *outcome)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (!strncmp(experiment, reasons[i].experiment, strlen(reasons[i].experiment)) &&
		    (!reasons[i].kernel || !strcmp(kernel, reasons[i].kernel)) && strstr(outcome, reasons[i].part))
			return reasons[i].why;
	}
	return NULL;
}
