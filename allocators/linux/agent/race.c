// SPDX-License-Identifier: MIT
/*
 * race.c - race: two at the same time, the first on cpu 0, the second on cpu 1.
 *
 *	race SPINS SPINS SIDE / SIDE
 *					each waits for the other, spins so often and goes. A SIDE is one of
 *						range START NR movable|cma
 *						cma_alloc NR ORDER
 *						load ORDER U|M|R	pages of the arena's node are allocated and freed
 *									until the other one is through; not both
 *						offline START NR	one memory block, killed after 3 passes; the first
 *									one only, beside a range or cma_alloc; a spin is
 *									100 ns then
 *					+ moved as with range
 *					+ side RC STAGE MIGRATED FAILED REPLACED NS BEGIN PFN, the first one's first; BEGIN is
 *					CLOCK_MONOTONIC, PFN what cma_alloc got; a load says in MIGRATED how often it allocated
 *					= 0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent.h"
#include "line.h"
#include "offline.h"

#define SIDE_WORDS 5u
#define PASSES     3u

/* ---- what a side does ------------------------------------------------------------------------ */

struct side {
	struct contigbench_request r;
	bool offline;
};

static bool read_number(const char *word, uint64_t max, __u64 *out)
{
	uint64_t n;

	if (!line_number(word, max, &n))
		return false;
	*out = n;
	return true;
}

static int range_side(struct side *s, char *const *word)
{
	s->r.op = CONTIGBENCH_OP_RANGE;
	s->r.caller = strcmp(word[2], "cma") ? CONTIGBENCH_MOVABLE : CONTIGBENCH_CMA;
	return read_number(word[0], INT64_MAX, &s->r.start) && read_number(word[1], INT64_MAX, &s->r.nr) &&
	                       (s->r.caller == CONTIGBENCH_CMA || !strcmp(word[2], "movable"))
	               ? 0
	               : -EINVAL;
}

static int cma_side(struct side *s, char *const *word)
{
	uint64_t order;

	if (!(kernel.can & CONTIGBENCH_CAN_CMA_ALLOC))
		return -EOPNOTSUPP;
	if (!read_number(word[0], INT64_MAX, &s->r.nr) || !line_number(word[1], 31, &order))
		return -EINVAL;
	s->r.op = CONTIGBENCH_OP_CMA_ALLOC;
	s->r.order = (uint32_t)order;
	return 0;
}

static int load_side(struct side *s, char *const *word)
{
	uint64_t order;

	if (!line_number(word[0], kernel.max_order, &order) || word[1][1] || !strchr("UMR", word[1][0]))
		return -EINVAL;
	s->r.op = CONTIGBENCH_OP_LOAD;
	s->r.order = (uint32_t)order;
	s->r.type = (unsigned char)word[1][0];
	s->r.node = (uint32_t)arena_zone.node;
	s->r.live = 1;
	return 0;
}

static int offline_side(struct side *s, char *const *word)
{
	s->offline = true;
	if (!read_number(word[0], INT64_MAX, &s->r.start) || !read_number(word[1], INT64_MAX, &s->r.nr) ||
	    s->r.nr != offline_block_pages())
		return -EINVAL;
	return kernel.can & CONTIGBENCH_CAN_OFFLINE ? 0 : -EOPNOTSUPP;
}

static const struct {
	const char *name;
	unsigned int words; /* behind it */
	int (*parse)(struct side *s, char *const *word);
} sides[] = {
	{ "range", 3, range_side },
	{ "cma_alloc", 2, cma_side },
	{ "load", 2, load_side },
	{ "offline", 2, offline_side },
};

static int parse_side(char *text, struct side *s)
{
	char *word[SIDE_WORDS];
	unsigned int nr = line_words(text, word, SIDE_WORDS);

	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		if (nr == sides[i].words + 1 && !strcmp(word[0], sides[i].name))
			return sides[i].parse(s, word + 1);
	}
	return -EINVAL;
}

/* ---- and at the same time ---------------------------------------------------------------------- */

static void say_side(int rc, const char *stage, const struct contigbench_request *r, uint64_t migrated)
{
	say("side %d %s %llu %llu %llu %llu %llu %llu", rc, stage, (unsigned long long)migrated,
	    (unsigned long long)r->failed, (unsigned long long)r->replaced, (unsigned long long)r->ns,
	    (unsigned long long)r->begin, (unsigned long long)r->start);
}

static void say_request_side(const struct contigbench_request *r)
{
	bool load = r->op == CONTIGBENCH_OP_LOAD;
	const char *stage = load ? "load" : r->stage <= CONTIGBENCH_STAGE_OK ? stage_names[r->stage] : "unknown";

	say_side(r->rc, stage, r, load ? r->allocs : r->migrated);
}

static int64_t race_requests(struct side *s, const uint32_t *spins)
{
	struct contigbench_race race = { .side = { s[0].r, s[1].r } };

	for (unsigned int i = 0; i < 2; i++) {
		race.side[i].cpu = i;
		race.side[i].spins = spins[i];
	}
	int rc = device(CONTIGBENCH_RACE, &race);

	mappings_forget_free();
	if (rc)
		return rc;
	say_who_moved();
	for (unsigned int i = 0; i < 2; i++)
		say_request_side(&race.side[i]);
	return 0;
}

static int64_t race_offline(struct side *s, const uint32_t *spins)
{
	struct offline_gate *gate =
		mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct offline_events events = { 0 };
	struct offline_outcome out = { 0 };
	struct offline_attempt a;

	if (gate == MAP_FAILED)
		return -ENOMEM;
	gate->spins = spins[0];
	int rc = offline_begin(&a, s[0].r.start, s[0].r.nr, gate);

	if (!rc) {
		while (!__atomic_load_n(&gate->there, __ATOMIC_ACQUIRE))
			;
		__atomic_store_n(&gate->go, 1, __ATOMIC_RELEASE);
		offline_spin(spins[1]);
		rc = device(CONTIGBENCH_REQUEST, &s[1].r);
		offline_end(&a, PASSES, &out, &events);
		if (!out.rc)
			offline_remember(s[0].r.start, true);
	}
	munmap(gate, sizeof(*gate));
	if (rc)
		return rc;
	say_who_moved();
	s[0].r.ns = out.ns;
	s[0].r.begin = out.begin;
	s[0].r.failed = events.failed;
	say_side(out.rc, offline_stage(&out, &events), &s[0].r, events.migrated);
	say_request_side(&s[1].r);
	return 0;
}

static int64_t race(const struct call *c)
{
	struct side s[2] = { 0 };
	const uint32_t spins[2] = { (uint32_t)c->number[0], (uint32_t)c->number[1] };
	char *second = strstr(c->word[2], " / ");
	int rc;

	if (!(kernel.can & CONTIGBENCH_CAN_RACE))
		return answer(-EOPNOTSUPP, "there is only one cpu");
	if (!second)
		return answer(-EINVAL, "two sides with \" / \" between them");
	*second = '\0';
	rc = parse_side(c->word[2], &s[0]);
	if (rc)
		return answer(rc, "the first side can not be had");
	rc = parse_side(second + 3, &s[1]);
	if (rc || s[1].offline)
		return answer(rc ? rc : -EINVAL, "the second side can not be had");
	if (s[0].offline && s[1].r.op == CONTIGBENCH_OP_LOAD)
		return answer(-EINVAL, "no load beside offline");
	return s[0].offline ? race_offline(s, spins) : race_requests(s, spins);
}

const struct command race_commands[] = {
	{ "race", "nn*", "SPINS SPINS SIDE / SIDE", race, false },
	{ .name = NULL },
};
