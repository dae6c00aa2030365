// SPDX-License-Identifier: MIT
/* look.c - look, types, list: the state of memory, as lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "dump.h"
#include "runs.h"

static void say_run(const struct contigbench_run *r)
{
	char list = r->list ? (char)r->list : '-', marks[4] = "-";
	int n = 0;

	if (r->marks & CONTIGBENCH_PINNED)
		marks[n++] = '!';
	if (r->marks & CONTIGBENCH_FROZEN)
		marks[n++] = '0';
	marks[n ? n : 1] = '\0';
	say("%llu %u %u %c %c %s", (unsigned long long)r->pfn, r->nr, r->order, r->kind, list, marks);
}

static int collect(const struct contigbench_run *r, void *arg)
{
	runs_add(arg, r);
	return 0;
}

static int64_t look(const struct call *c)
{
	struct runs runs = { .emit = say_run, .visible = CONTIGBENCH_PINNED | CONTIGBENCH_FROZEN };
	int rc = device_look(c->number[0], c->number[1], collect, &runs);

	if (!rc)
		runs_end(&runs);
	return rc ? rc : (int64_t)runs.nr;
}

static struct dump dump;

static void say_text(const char *line)
{
	say("%s", line);
}

static void add_to_text(const struct contigbench_run *r)
{
	dump_add(&dump, r);
}

static int64_t layout(const struct call *c)
{
	/* runs may begin before the span, and be larger than anything */
	uint64_t first = c->number[0] >> kernel.block_order, blocks = (c->number[1] >> kernel.block_order) + 2;
	uint64_t before = first < 64 ? first : 64;
	char *letters = calloc(1, blocks + before + 1);
	struct contigbench_types t = {
		.start = (first - before) << kernel.block_order,
		.nr = c->number[1] + ((before + 1) << kernel.block_order),
		.letters = (uintptr_t)letters,
		.max = (uint32_t)(blocks + before),
	};
	struct runs runs = { .emit = add_to_text, .visible = CONTIGBENCH_PINNED | CONTIGBENCH_FROZEN };
	int rc;

	if (t.start + t.nr > kernel.max_pfn)
		t.nr = kernel.max_pfn - t.start;
	rc = letters ? device(CONTIGBENCH_TYPES, &t) : -ENOMEM;
	dump = (struct dump){
		.line = say_text,
		.block_order = kernel.block_order,
		.first_block = first - before,
		.types = letters,
	};
	if (!rc)
		rc = device_look(c->number[0], c->number[1], collect, &runs);
	if (!rc) {
		runs_end(&runs);
		dump_end(&dump);
	}
	free(letters);
	return rc ? rc : (int64_t)dump.lines;
}

static int64_t types(const struct call *c)
{
	static char letters[WIRE_LINE - 64];
	struct contigbench_types t = {
		.start = c->number[0],
		.nr = c->number[1],
		.letters = (uintptr_t)letters,
		.max = sizeof(letters) - 1,
	};
	int rc = device(CONTIGBENCH_TYPES, &t);

	if (rc)
		return rc;
	letters[t.filled] = '\0';
	return answer(0, "%s", letters);
}

/* A line holds so many pfns: 8 digits and a blank up to 400 GiB. */
#define PFNS_A_LINE 400u

static uint64_t say_list(const struct contigbench_list *l, const uint64_t *pfn)
{
	uint64_t lines = 0;

	for (uint32_t i = 0; i < l->filled; lines++) {
		char text[WIRE_LINE - 8];
		size_t len = (size_t)snprintf(text, sizeof(text), "%u %c", l->order, (char)l->type);

		for (uint32_t end = i + PFNS_A_LINE; i < l->filled && i < end && len < sizeof(text) - 24; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, " %llu", (unsigned long long)pfn[i]);
		say("%s", text);
	}
	return lines;
}

static int64_t list(const struct call *c)
{
	struct contigbench_zone z;
	int rc = device_zone((uint32_t)c->number[0], &z);
	uint64_t lines = 0;

	if (rc)
		return answer(rc, "there is no node %llu", (unsigned long long)c->number[0]);

	/* as many as there can be: every other page free */
	uint32_t max = (uint32_t)(z.managed / 2 + 1024);
	uint64_t *pfn = malloc(max * sizeof(*pfn));

	for (unsigned int order = 0; pfn && order <= kernel.max_order; order++) {
		for (const char *t = "UMRHCI"; *t; t++) {
			struct contigbench_list l = {
				.zone = z.index,
				.order = order,
				.type = (unsigned char)*t,
				.max = max,
				.pfns = (uintptr_t)pfn,
			};

			rc = device(CONTIGBENCH_LIST, &l);
			if (!rc)
				lines += say_list(&l, pfn);
			/* a kernel has not all of them */
			if (rc && rc != -EINVAL && rc != -EOPNOTSUPP) {
				free(pfn);
				return rc;
			}
		}
	}
	rc = pfn ? 0 : -ENOMEM;
	free(pfn);
	return rc ? rc : (int64_t)lines;
}

const struct command look_commands[] = {
	{ "look", "pn", "START NR", look, false },
	{ "layout", "pn", "START NR", layout, false },
	{ "types", "pn", "START NR", types, false },
	{ "list", "n", "NODE", list, false },
	{ .name = NULL },
};
