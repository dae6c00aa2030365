// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "ablation.h"

const char *ablation_way_name(enum ablation_way way)
{
	static const char *const names[ABLATION_WAYS] = {
		[ABLATION_WALK] = "walk",
		[ABLATION_FORWARD] = "forward",
		[ABLATION_BACKWARD] = "backward",
	};

	return names[way];
}

/* The number of a policy's backend, which is added to the run if it is new; UINT32_MAX after a message. */
static uint32_t backend_of(struct run_options *o, const struct knob_values *v)
{
	char *spec = knobs_spec(v);
	uint32_t i = 0;
	int status = spec ? CLI_OK : cli_error(CLI_MACHINE, "no memory");

	while (spec && i < o->nr_backends && strcmp(o->backends[i], spec))
		i++;
	if (spec && i == o->nr_backends)
		status = run_options_add_backend(o, spec);
	free(spec);
	return status == CLI_OK ? i : UINT32_MAX;
}

static int add_step(struct run_options *o, enum ablation_way way, const char *release, const struct knob_values *from,
                    const struct knob_values *to, const struct knob_group *g)
{
	struct ablation *a = o->ablation;
	struct ablation_step *steps = reallocarray(a->steps, a->nr_steps + 1, sizeof(*steps));

	if (!steps)
		return cli_error(CLI_MACHINE, "no memory");
	a->steps = steps;
	struct ablation_step *s = &steps[a->nr_steps++];

	*s = (struct ablation_step){
		.way = way,
		.release = release,
		.knobs = knobs_text(to, &g->list),
		.before = knobs_text(from, &g->list),
		.why = g->why[0] ? strdup(g->why) : NULL,
	};
	if (!s->knobs || !s->before || (g->why[0] && !s->why))
		return cli_error(CLI_MACHINE, "no memory");
	s->from = backend_of(o, from);
	s->to = s->from == UINT32_MAX ? UINT32_MAX : backend_of(o, to);
	return s->to == UINT32_MAX ? CLI_MACHINE : CLI_OK;
}

/* Which release, by its place on the path, brought the value that a knob has in the end, and when in the walk. */
struct origin {
	const char *release[KNOBS_MAX];
	uint32_t turn[KNOBS_MAX];
	uint32_t turns;
};

static int walk(struct run_options *o, const struct knob_values *first, const struct knob_values *last,
                struct origin *origin)
{
	const char *path[KNOBS_MAX_PATH];
	uint32_t nr = knobs_path(o->ablation->from, o->ablation->to, path);
	struct knob_values now = *first, next;
	int status = CLI_OK;

	for (uint32_t i = 1; i < nr && status == CLI_OK; i++) {
		struct knob_list list;
		struct knob_groups groups;

		knobs_of(path[i], &next);
		if (i + 1 == nr)
			next = *last;
		knobs_differing(&now, &next, &list);
		if (knobs_in_turn(&now, &next, &list, &groups))
			return cli_error(CLI_MACHINE, "no memory");
		for (uint32_t k = 0; k < groups.nr && status == CLI_OK; k++) {
			const struct knob_group *g = &groups.group[k];
			const struct knob_values then = knobs_switched(&now, &next, &g->list);

			status = add_step(o, ABLATION_WALK, path[i], &now, &then, g);
			now = then;
			for (uint32_t j = 0; j < g->list.nr; j++) {
				origin->release[g->list.knob[j]] = path[i];
				origin->turn[g->list.knob[j]] = origin->turns++;
			}
		}
		knobs_free(&groups);
	}
	return status;
}

/* Knob of the group that the walk came to last: the group is as young as that. */
static uint16_t youngest(const struct knob_group *g, const struct origin *origin)
{
	uint16_t knob = g->list.knob[0];

	for (uint32_t i = 1; i < g->list.nr; i++) {
		if (origin->turn[g->list.knob[i]] > origin->turn[knob])
			knob = g->list.knob[i];
	}
	return knob;
}

static int add_alone(struct run_options *o, enum ablation_way way, const struct knob_values *base,
                     const struct knob_values *other, const struct knob_group *g, const char *release)
{
	const struct knob_values with = knobs_switched(base, other, &g->list);

	/* backwards, `base` is where the step leads */
	if (way == ABLATION_BACKWARD)
		return add_step(o, way, release, &with, base, g);
	return add_step(o, way, release, base, &with, g);
}

/* Each group alone: `base` with it as in `other`. */
static int alone(struct run_options *o, enum ablation_way way, const struct knob_values *base,
                 const struct knob_values *other, const struct knob_list *list, const struct origin *origin)
{
	struct knob_groups groups;
	int status = CLI_OK;

	if (knobs_apart(base, other, list, &groups))
		return cli_error(CLI_MACHINE, "no memory");
	for (uint32_t turn = 0; turn < origin->turns && status == CLI_OK; turn++) {
		for (uint32_t i = 0; i < groups.nr && status == CLI_OK; i++) {
			uint16_t knob = youngest(&groups.group[i], origin);

			if (origin->turn[knob] == turn)
				status = add_alone(o, way, base, other, &groups.group[i], origin->release[knob]);
		}
	}
	knobs_free(&groups);
	return status;
}

/* Cut "A..B" and look at both. */
static int ends(struct ablation *a, const char *text, struct knob_values *first, struct knob_values *last)
{
	struct contig_diag diag;
	char *dots = strstr(a->ends, "..");

	if (!dots || dots == a->ends || !dots[2] || strstr(dots + 2, ".."))
		return cli_error(CLI_USAGE, "--ablate %s: say from where to where, for example linux-5.10..linux-7.2",
		                 text);
	*dots = '\0';
	a->from = a->ends;
	a->to = dots + 2;
	if (contig_spec_check(a->from, &diag) || contig_spec_check(a->to, &diag))
		return cli_error(CLI_USAGE, "--ablate %s: %s", text, diag.text);
	if (!knobs_of(a->from, first) || !knobs_of(a->to, last))
		return cli_error(CLI_USAGE, "--ablate %s: %s has no knobs to switch", text,
		                 knobs_of(a->from, first) ? a->to : a->from);
	return CLI_OK;
}

int ablation_make(struct run_options *o)
{
	struct ablation *a = o->ablation = calloc(1, sizeof(*a));
	struct origin origin = { .turns = 0 };
	struct knob_values first, last;
	struct knob_list list;

	if (a)
		a->ends = strdup(o->ablate);
	if (!a || !a->ends)
		return cli_error(CLI_MACHINE, "no memory");
	int status = ends(a, o->ablate, &first, &last);

	if (status != CLI_OK)
		return status;
	knobs_differing(&first, &last, &list);
	if (!list.nr)
		return cli_error(CLI_USAGE, "--ablate %s: the two differ in no knob", o->ablate);
	/* the reference of all differences comes first */
	a->first = backend_of(o, &first);
	if (a->first == UINT32_MAX)
		return CLI_MACHINE;
	status = walk(o, &first, &last, &origin);
	if (status == CLI_OK)
		status = alone(o, ABLATION_FORWARD, &first, &last, &list, &origin);
	if (status == CLI_OK)
		status = alone(o, ABLATION_BACKWARD, &last, &first, &list, &origin);
	a->last = status == CLI_OK ? backend_of(o, &last) : 0;
	return status == CLI_OK && a->last == UINT32_MAX ? CLI_MACHINE : status;
}

void ablation_free(struct ablation *a)
{
	if (!a)
		return;
	for (uint32_t i = 0; i < a->nr_steps; i++) {
		free(a->steps[i].knobs);
		free(a->steps[i].before);
		free(a->steps[i].why);
	}
	free(a->steps);
	free(a->ends);
	free(a);
}
