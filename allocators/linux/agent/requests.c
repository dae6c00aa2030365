// SPDX-License-Identifier: MIT
/* requests.c - range, isolate, undo, cma_alloc, cma_free: contiguous requests, and who had to move for them. */
#include <stdio.h>
#include <string.h>

#include "agent.h"

const char *const stage_names[] = {
	[CONTIGBENCH_STAGE_NONE] = "unknown",    [CONTIGBENCH_STAGE_ISOLATE] = "isolate",
	[CONTIGBENCH_STAGE_MIGRATE] = "migrate", [CONTIGBENCH_STAGE_TEST] = "test",
	[CONTIGBENCH_STAGE_OK] = "ok",
};

static void say_moved(uint64_t owner, uint64_t from, uint64_t to)
{
	struct owned *o = owner_find(owner);

	if (o)
		o->pfn = to;
	say("moved %llu %llu %llu", (unsigned long long)owner, (unsigned long long)from, (unsigned long long)to);
}

static void say_replaced(uint64_t owner, uint64_t from, uint64_t to)
{
	say("replaced %llu %llu %llu", (unsigned long long)owner, (unsigned long long)from, (unsigned long long)to);
}

void say_who_moved(void)
{
	mappings_moved(say_moved);
	hugetlb_moved(say_moved, say_replaced);
}

int64_t answer_request(const struct contigbench_request *r)
{
	const char *stage = r->stage <= CONTIGBENCH_STAGE_OK ? stage_names[r->stage] : "unknown";

	return answer(r->rc, "%s %llu %llu %llu %llu", stage, (unsigned long long)r->migrated,
	              (unsigned long long)r->failed, (unsigned long long)r->replaced, (unsigned long long)r->ns);
}

static int caller_of(const char *word, uint32_t *caller)
{
	static const char *const name[] = {
		[CONTIGBENCH_MOVABLE] = "movable",
		[CONTIGBENCH_CMA] = "cma",
		[CONTIGBENCH_OFFLINE] = "offline",
	};

	for (*caller = 0; *caller < sizeof(name) / sizeof(*name); ++*caller) {
		if (!strcmp(word, name[*caller]))
			return 0;
	}
	answer(0, "%.40s: movable or cma, for isolate and undo also offline", word);
	return -EINVAL;
}

/* "stay", the last word of a range, or nothing. */
static int stay_of(const struct call *c, uint32_t *stay)
{
	*stay = c->nr > 3;
	if (!*stay || !strcmp(c->word[3], "stay"))
		return 0;
	answer(0, "%.40s: there is only stay", c->word[3]);
	return -EINVAL;
}

/* range, isolate and undo; *r is what came of it. */
static int request(const struct call *c, uint32_t op, struct contigbench_request *r)
{
	*r = (struct contigbench_request){ .op = op, .start = c->number[0], .nr = c->number[1] };

	int rc = caller_of(c->word[2], &r->caller);

	if (!rc)
		rc = stay_of(c, &r->stay);
	if (!rc && r->caller == CONTIGBENCH_CMA && !(kernel.can & CONTIGBENCH_CAN_CMA_TYPE)) {
		answer(0, "this kernel is configured without CMA");
		rc = -EOPNOTSUPP;
	}
	return rc ? rc : device(CONTIGBENCH_REQUEST, r);
}

static int64_t range(const struct call *c)
{
	struct contigbench_request r;
	int rc = request(c, CONTIGBENCH_OP_RANGE, &r);

	if (rc)
		return rc;
	say_who_moved();
	return answer_request(&r);
}

static int can_isolate(void)
{
	if (kernel.can & CONTIGBENCH_CAN_ISOLATE)
		return 0;
	answer(0, "start_isolate_page_range was not found in this kernel");
	return -EOPNOTSUPP;
}

static int64_t isolate(const struct call *c)
{
	struct contigbench_request r;
	int rc = can_isolate();

	if (!rc)
		rc = request(c, CONTIGBENCH_OP_ISOLATE, &r);
	if (rc)
		return rc;
	say_who_moved();
	return answer_request(&r);
}

static int64_t undo(const struct call *c)
{
	struct contigbench_request r;
	int rc = can_isolate();

	if (!rc)
		rc = request(c, CONTIGBENCH_OP_UNDO, &r);
	return rc ? rc : r.rc;
}

static int can_cma(void)
{
	if (kernel.can & CONTIGBENCH_CAN_CMA_ALLOC)
		return 0;
	answer(0, "there is no CMA area: boot with cma=64M a kernel that is configured for it and exports cma_alloc");
	return -EOPNOTSUPP;
}

static int64_t cma_alloc(const struct call *c)
{
	struct contigbench_request r = {
		.op = CONTIGBENCH_OP_CMA_ALLOC,
		.nr = c->number[0],
		.order = (uint32_t)c->number[1],
	};
	int rc = can_cma();

	if (!rc)
		rc = device(CONTIGBENCH_REQUEST, &r);
	if (rc)
		return rc;
	say_who_moved();
	answer_request(&r);
	return r.rc ? r.rc : (int64_t)r.start;
}

static int64_t cma_free(const struct call *c)
{
	struct contigbench_span s = { .start = c->number[0], .nr = c->number[1] };
	int rc = can_cma();

	return rc ? rc : device(CONTIGBENCH_CMA_FREE, &s);
}

const struct command request_commands[] = {
	{ "range", "pnw?w", "START NR movable|cma [stay]", range, false },
	{ "isolate", "pnw", "START NR movable|cma|offline", isolate, false },
	{ "undo", "pnw", "START NR movable|cma|offline", undo, false },
	{ "cma_alloc", "nn", "NR ORDER", cma_alloc, false },
	{ "cma_free", "pn", "PFN NR", cma_free, false },
	{ .name = NULL },
};
