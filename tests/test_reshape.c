// SPDX-License-Identifier: MIT
/*
 * test_reshape.c - a trace made to fit another machine: its cpus dealt out to nodes, its bytes on pages of another size.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../bench/virtual/program.h"
#include "../bench/virtual/reshape.h"
#include "lib/synthetic.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- nodes ----------------------------------------------------------------------------------- */

/*
 *	cpu 0 1 2 3		recorded: all on node 0
 *	node 0 1 0 1		two nodes, in turn
 */
static void cpus_are_dealt_in_turn(void **state)
{
	struct contig_diag diag = { "" };
	struct synthetic how = synthetic_small;
	struct program p;
	struct trace t;

	(void)state;
	how.cpus = 4;
	synthetic_trace(&how, &t);
	assert_int_equal(reshape_nodes(&t, 2, &diag), 0);
	assert_int_equal(t.info.nr_nodes, 2);
	assert_int_equal(t.info.nr_cpus, 4);
	for (size_t i = 0; i < t.info.nr_events; i++) {
		if (t.events[i].op == TRACE_ALLOC)
			assert_int_equal(t.events[i].node, t.events[i].cpu % 2);
	}
	assert_int_equal(program_compile(&t, &p, &diag), 0);
	for (uint32_t cpu = 0; cpu < 4; cpu++)
		assert_int_equal(p.cpu_node[cpu], cpu % 2);
	assert_true(p.node_peak[0] > 0 && p.node_peak[1] > 0);
	program_free(&p);
	trace_close(&t);
}

/* Two cpus, five nodes: each cpu stands for three, and what it allocated is freed by the one that allocated it. */
static void fewer_cpus_than_nodes(void **state)
{
	struct contig_diag diag = { "" };
	struct trace t, was;
	uint64_t pages[5] = { 0 };

	(void)state;
	synthetic_trace(&synthetic_small, &was);
	synthetic_trace(&synthetic_small, &t);
	t.info.nr_initial = 1000; /* what is allocated among them has no cpu that is known */
	assert_int_equal(reshape_nodes(&t, 5, &diag), 0);
	assert_int_equal(t.info.nr_cpus, 6);
	for (size_t i = 0; i < t.info.nr_events; i++) {
		const struct trace_event *e = &t.events[i], *old = &was.events[i];

		assert_true(e->cpu < 6);
		if (e->op == TRACE_ALLOC) {
			assert_int_equal(e->node, e->cpu % 5);
			pages[e->node] += UINT64_C(1) << e->order;
		}
		if (i >= 1000 || e->op != TRACE_ALLOC)
			assert_int_equal(e->cpu % 2, old->cpu);
		assert_int_equal(e->ns, old->ns);
		assert_int_equal(e->id, old->id);
	}
	for (size_t n = 0; n < 5; n++)
		assert_true(pages[n] > 1000);
	trace_close(&t);
	trace_close(&was);
}

static void nodes_that_can_not_be(void **state)
{
	struct contig_diag diag = { "" };
	struct synthetic how = synthetic_small;
	struct trace t;

	(void)state;
	how.nodes = 2;
	synthetic_trace(&how, &t);
	assert_int_equal(reshape_nodes(&t, 2, &diag), -EINVAL);
	assert_non_null(strstr(diag.text, "has 2 nodes of its own"));
	trace_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_dealt_in_turn),
		cmocka_unit_test(fewer_cpus_than_nodes),
		cmocka_unit_test(nodes_that_can_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
