// SPDX-License-Identifier: MIT
/*
 * service.c - writes a workload: connections of a service, each with a kernel page and some of user memory.
 *
 *	service FILE.ctr
 *
 * Nine of ten connections end within 50 ms; the tenth stays for seconds, and its kernel page with it: this is what
 * fragments memory. An example for docs/adding-a-workload.md, which also says how to build it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../workloads/trace/trace.h"

#define MS          1000000ull
#define SECONDS     20
#define CONNECTIONS 400 /* at a time */
#define USER_PAGES  16

struct connection {
	uint64_t ends; /* 0: there is none */
	uint32_t first_id;
};

static struct trace_writer *writer;
static uint32_t next_id = 1; /* ids count up from 1, in the order of the events */

static void allocate(uint64_t now, unsigned int cpu, enum page_kind kind, enum migratetype type)
{
	const struct trace_event e = { .ns = now,
		                       .op = TRACE_ALLOC,
		                       .id = next_id++,
		                       .cpu = (uint16_t)cpu,
		                       .kind = (uint8_t)kind,
		                       .migratetype = (uint8_t)type,
		                       .zone = ZONE_NORMAL };

	trace_writer_add(writer, &e);
}

static void begin(struct connection *c, uint64_t now, unsigned int cpu)
{
	uint64_t lives = rand() % 10 ? (uint64_t)(rand() % 50) * MS : (uint64_t)(rand() % 5000) * MS;

	*c = (struct connection){ .ends = now + MS + lives, .first_id = next_id };
	allocate(now, cpu, PAGE_KERNEL, MT_UNMOVABLE);
	for (int i = 0; i < USER_PAGES; i++)
		allocate(now, cpu, PAGE_LRU, MT_MOVABLE);
}

static void end(struct connection *c, uint64_t now, unsigned int cpu)
{
	for (uint32_t i = 0; i <= USER_PAGES; i++) {
		const struct trace_event e = {
			.ns = now, .op = TRACE_FREE, .id = c->first_id + i, .cpu = (uint16_t)cpu
		};

		trace_writer_add(writer, &e);
	}
	c->ends = 0;
}

int main(int argc, char **argv)
{
	static struct connection all[CONNECTIONS];
	struct trace_info info = { .page_shift = 12,
		                   .pageblock_order = 9,
		                   .max_order = 10,
		                   .kernel = "none",
		                   .label = "connections of a service, made by docs/workload/service.c" };
	struct contig_diag why;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE.ctr\n", argv[0]);
		return 2;
	}
	writer = trace_writer_open(argv[1], &why);
	if (!writer) {
		fprintf(stderr, "%s\n", why.text);
		return 3;
	}
	srand(1); /* the same file every time */
	for (uint64_t now = 0; now < SECONDS * 1000 * MS; now += MS) {
		for (unsigned int i = 0; i < CONNECTIONS; i++) {
			if (all[i].ends && all[i].ends <= now)
				end(&all[i], now, i % 2);
			else if (!all[i].ends && rand() % 20 == 0)
				begin(&all[i], now, i % 2);
		}
	}
	if (trace_writer_close(writer, &info, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 3;
	}
	return 0;
}
