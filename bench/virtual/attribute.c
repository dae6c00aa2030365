// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "attribute.h"

static bool is_difference(const struct divergence *d, const struct comparing *how)
{
	return !how->answers || d->what == PART_ALLOC_ANSWER || d->what == PART_REQUEST_ANSWER;
}

static int compare(const struct attribution *t, struct comparison *c, const struct comparing *how,
                   struct contig_diag *diag)
{
	struct replay_params b = *t->a;
	struct lockstep *l;
	struct divergence d;

	b.backend = c->backend;
	int rc = lockstep_open(t->a, &b, &l, diag);

	if (!rc)
		lockstep_name(l, c->knobs ? c->knobs : c->backend);
	while (!rc && (rc = lockstep_next(l, &d)) == 1) {
		rc = 0;
		if (!is_difference(&d, how))
			continue;
		c->count[d.what]++;
		if (!c->differs) {
			c->differs = true;
			c->first = d;
			if (how->look && !c->knobs)
				how->look(how->ctx, l, &d);
		}
		if (!how->count)
			break;
	}
	lockstep_close(l);
	if (rc == -ENOMEM && !diag->text[0])
		contig_diag_set(diag, rc, "no memory for two replays");
	return rc;
}

static int no_memory(struct contig_diag *diag)
{
	return contig_diag_set(diag, -ENOMEM, "no memory");
}

/* A line for each group in which A and B differ. */
static int add_groups(struct attribution *t, const struct knob_values *a, const struct knob_values *b,
                      struct contig_diag *diag)
{
	struct knob_groups groups;
	struct knob_list list;

	knobs_differing(a, b, &list);
	int rc = knobs_apart(a, b, &list, &groups);
	struct comparison *all = rc ? NULL : reallocarray(t->all, groups.nr + 1, sizeof(*all));

	if (!all) {
		knobs_free(&groups);
		return no_memory(diag);
	}
	t->all = all;
	for (uint32_t i = 0; i < groups.nr && !rc; i++) {
		const struct knob_group *g = &groups.group[i];
		const struct knob_values with = knobs_switched(a, b, &g->list);
		struct comparison *c = &all[t->nr++];

		*c = (struct comparison){
			.backend = knobs_spec(&with),
			.group = *g,
			.knobs = knobs_text(&with, &g->list),
			.before = knobs_text(a, &g->list),
		};
		if (!c->backend || !c->knobs || !c->before)
			rc = no_memory(diag);
	}
	knobs_free(&groups);
	return rc;
}

int attribute(struct attribution *out, const struct replay_params *a, const char *b, const struct comparing *how,
              struct contig_diag *diag)
{
	struct knob_values va, vb;

	*out = (struct attribution){ .a = a, .nr = 1, .all = calloc(1, sizeof(*out->all)) };
	if (!out->all)
		return no_memory(diag);
	out->all[0].backend = strdup(b);
	if (!out->all[0].backend)
		return no_memory(diag);
	out->no_knobs = !knobs_of(a->backend, &va) || !knobs_of(b, &vb);
	int rc = compare(out, &out->all[0], how, diag);

	if (!rc && out->all[0].differs && !out->no_knobs)
		rc = add_groups(out, &va, &vb, diag);
	for (uint32_t i = 1; i < out->nr && !rc; i++)
		rc = compare(out, &out->all[i], how, diag);
	cli_progress(NULL, 0, 0);
	return rc;
}

void attribution_free(struct attribution *t)
{
	for (uint32_t i = 0; t->all && i < t->nr; i++) {
		free(t->all[i].backend);
		free(t->all[i].knobs);
		free(t->all[i].before);
	}
	free(t->all);
	*t = (struct attribution){ 0 };
}

bool attribution_explains(const struct attribution *t, const struct comparison *c)
{
	const struct divergence *x = &t->all[0].first, *y = &c->first;

	return c->differs && x->events == y->events && x->what == y->what && x->request == y->request &&
	       x->from == y->from && x->place[1] == y->place[1] && x->record[1].rc == y->record[1].rc;
}
