// SPDX-License-Identifier: MIT
/* runs.c - the coding of `look`. */
#include "runs.h"

/* Free pages are on lists one by one, so each is a line. */
static bool same(const struct contigbench_run *a, const struct contigbench_run *b)
{
	return !a->order && !b->order && a->kind == b->kind && a->kind != 'F' && a->marks == b->marks &&
	       a->list == b->list && a->pfn + a->nr == b->pfn;
}

void runs_end(struct runs *s)
{
	if (!s->some)
		return;
	s->emit(&s->last);
	s->nr++;
	s->some = false;
}

void runs_add(struct runs *s, const struct contigbench_run *r)
{
	struct contigbench_run run = *r;
	uint64_t known = s->some ? s->last.pfn + s->last.nr : 0;

	run.marks &= s->visible;
	if (run.pfn + run.nr <= known)
		return;
	if (run.pfn < known) {
		run.nr -= (uint32_t)(known - run.pfn);
		run.pfn = known;
	}
	if (s->some && same(&s->last, &run)) {
		s->last.nr += run.nr;
		return;
	}
	runs_end(s);
	s->last = run;
	s->some = true;
}
