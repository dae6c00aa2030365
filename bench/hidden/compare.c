// SPDX-License-Identifier: MIT
/* compare.c - what the model yields against what a kernel answered. */
#include <stdio.h>
#include <stdlib.h>

#include "hidden.h"

static void count(struct hidden_result *r)
{
	const struct outcome_set *seen = &r->answers->set, *model = &r->model.set;
	uint64_t trials = outcome_trials(seen);

	for (uint32_t i = 0; i < seen->nr; i++) {
		const struct outcome *o = &seen->outcome[i];
		bool often = 100 * o->seen >= HIDDEN_OFTEN_PERCENT * trials;

		if (outcome_find(model, o->text)) {
			r->agreed++;
			continue;
		}
		r->missed++;
		r->missed_often += often;
		r->unexplained += often && !hidden_reason(r->e->name, r->k->name, o->text);
	}
	for (uint32_t i = 0; i < model->nr; i++) {
		if (outcome_find(seen, model->outcome[i].text))
			continue;
		r->unseen++;
		r->open += !hidden_reason(r->e->name, r->k->name, model->outcome[i].text);
	}
}

int hidden_compare(struct hidden_results *all, const struct hidden_experiment *e, const struct recorded_kernel *k,
                   const char *backend, const struct hidden_record *record, uint64_t budget, struct contig_diag *diag)
{
	struct hidden_result *grown = realloc(all->result, (all->nr + 1) * sizeof(*grown));

	if (!grown)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	all->result = grown;
	struct hidden_result *r = &grown[all->nr++];

	*r = (struct hidden_result){ .e = e, .k = k, .answers = record ? hidden_answered(record, e, k) : NULL };
	snprintf(r->backend, sizeof(r->backend), "%s", backend);
	int rc = hidden_model(e, backend, k, budget, &r->model, diag);

	if (!rc && r->answers)
		count(r);
	return rc;
}

void hidden_results_free(struct hidden_results *all)
{
	for (uint32_t i = 0; i < all->nr; i++)
		outcome_free(&all->result[i].model.set);
	free(all->result);
	*all = (struct hidden_results){ 0 };
}

uint32_t hidden_disagreements(const struct hidden_results *all)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < all->nr; i++)
		sum += all->result[i].unexplained;
	return sum;
}
