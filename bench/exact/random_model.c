// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "../../workloads/layout.h"
#include "arena.h"
#include "random_model.h"

int random_model_open(struct random_model *m, const struct zone_layout *l, const char *backend,
                      struct contig_diag *diag)
{
	static const struct contig_hooks no_hooks = { 0 };
	int rc;

	m->c = zone_layout_load(l, backend, &m->g, &no_hooks, &rc, diag);
	return rc;
}

void random_model_close(struct random_model *m)
{
	contig_close(m->c);
	m->c = NULL;
}

/* In the blocks that are looked at only: one may ask thousands of times. */
static void all_on_lru(struct random_model *m, pfn_t start, uint32_t nr)
{
	struct contig_run run;

	for (pfn_t pfn = start; pfn < start + nr; pfn = run.pfn + run.nr) {
		m->c->ops->lab->run(m->c, pfn, &run);
		if (run.kind == PAGE_USER)
			m->c->ops->lab->to_lru(m->c, run.pfn);
	}
}

int random_model_ask(struct random_model *m, pfn_t start, uint32_t nr, bool look, struct random_answer *out,
                     struct contig_diag *diag)
{
	struct contig_range_args args = { .start = start, .nr = nr, .cpu = RANDOM_CPU };
	const block_t first = start / LAYOUT_NPB, blocks = touched_blocks(start, nr);
	struct contig *c = m->c;
	struct contig_outcome o;

	*out = (struct random_answer){ 0 };
	c->ops->lab->drain(c);
	out->before = out->mine[0] = layout_types(c, first, blocks);
	out->rc = contig_range_alloc(c, &args, &o);
	out->stage = outcome_stage(&o);
	out->migrated = o.total.migrated;
	if (look) {
		c->ops->lab->drain(c);
		all_on_lru(m, first * LAYOUT_NPB, blocks * LAYOUT_NPB);
		out->map = out->mine[2] = layout_map(c, &m->g, first, blocks, true, NULL, NULL);
	}
	out->after = out->mine[1] = layout_types(c, first, blocks);
	if (!out->rc)
		contig_range_free(c, RANDOM_CPU, start, nr);
	if (!out->before || !out->after || (look && !out->map))
		return contig_diag_set(diag, -ENOMEM, "no memory");
	return c->ops->lab->verify(c, diag);
}

void random_answer_free(struct random_answer *a)
{
	for (size_t i = 0; i < sizeof(a->mine) / sizeof(a->mine[0]); i++) {
		free(a->mine[i]);
		a->mine[i] = NULL;
	}
}
