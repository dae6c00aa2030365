// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "survivors.h"

int survivors_init(struct survivors *s, const struct program *p)
{
	*s = (struct survivors){ .program = p, .due = calloc(p->nr_survivors + 1, sizeof(*s->due)) };
	return s->due ? 0 : -ENOMEM;
}

void survivors_free(struct survivors *s)
{
	free(s->due);
	s->due = NULL;
}

void survivors_schedule(struct survivors *s, uint64_t seed, uint32_t pass)
{
	const struct program *p = s->program;
	struct rng rng = rng_seed(seed, RNG_SURVIVORS | (uint64_t)pass << 8);
	uint64_t left = 0, live = 0;
	size_t n = p->nr_survivors, k = 0;

	for (size_t i = 0; i < n; i++) {
		size_t j = rng_below(&rng, i + 1);

		s->due[i] = s->due[j];
		s->due[j].survivor = (uint32_t)i;
		left += UINT64_C(1) << p->survivors[i].order;
	}
	for (size_t i = 0; i < p->nr_ops && k < n; i++) {
		const struct program_op *op = &p->ops[i];
		uint64_t need = 0;

		if (program_code(op) == TRACE_ALLOC)
			need = UINT64_C(1) << op->order;
		else if (program_code(op) == TRACE_FREE)
			live -= UINT64_C(1) << p->ops[op->birth].order;
		live += need;
		while (k < n && (p->duration_ns / (n + 1) * (k + 1) <= program_ns(op) ||
		                 (need && live + left > p->peak_pages))) {
			s->due[k].event = (uint32_t)i;
			left -= UINT64_C(1) << p->survivors[s->due[k].survivor].order;
			k++;
		}
	}
	for (; k < n; k++)
		s->due[k].event = (uint32_t)p->nr_ops;
	s->nr = n;
	s->next = 0;
	s->cpu = rng;
}

const struct program_survivor *survivors_take(struct survivors *s, uint32_t nr_cpus, uint32_t *cpu)
{
	*cpu = (uint32_t)rng_below(&s->cpu, nr_cpus);
	return &s->program->survivors[s->due[s->next++].survivor];
}
