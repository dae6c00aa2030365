// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define AROUND 3u   /* items of a map beside what differs */
#define LONG   160u /* letters that are shown whole */

/* ---- reading --------------------------------------------------------------------------------- */

static void keep(void *ctx, const char *kernel, const char *where, const char *what, const char *recorded,
                 const char *model)
{
	struct fidelity_report *r = ctx;
	struct disagreement *all = realloc(r->d, (r->nr + 1) * sizeof(*all));

	if (!all) {
		r->no_memory = true;
		return;
	}
	r->d = all;
	struct disagreement *d = &all[r->nr++];

	*d = (struct disagreement){ 0, strdup(where), strdup(what), strdup(recorded), strdup(model) };
	r->no_memory |= !d->where || !d->what || !d->recorded || !d->model;
	while (d->kernel < r->c->nr_kernels && strcmp(r->c->kernel[d->kernel].kernel, kernel) != 0)
		d->kernel++;
}

int fidelity_report_read(struct fidelity_report *r, const char *dir, const char *const *backends, size_t nr_backends,
                         struct contig_diag *diag)
{
	*r = (struct fidelity_report){ .dir = dir, .c = calloc(1, sizeof(*r->c)) };
	if (!r->c)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	r->c->report = keep;
	r->c->ctx = r;
	int rc = conformance_run(r->c, dir, backends, nr_backends, diag);

	return rc || !r->no_memory ? rc : contig_diag_set(diag, -ENOMEM, "no memory");
}

void fidelity_report_free(struct fidelity_report *r)
{
	for (uint32_t i = 0; i < r->nr; i++) {
		free(r->d[i].where);
		free(r->d[i].what);
		free(r->d[i].recorded);
		free(r->d[i].model);
	}
	free(r->d);
	free(r->c);
	*r = (struct fidelity_report){ 0 };
}

/* ---- sets ------------------------------------------------------------------------------------ */

const struct conformance_reason *fidelity_reason_next(const struct fidelity_report *r, uint32_t kernel, bool model,
                                                      uint32_t *at)
{
	while (*at < r->c->nr_reasons) {
		const struct conformance_reason *why = &r->c->reason[(*at)++];

		if (why->kernel == kernel && why->model == model)
			return why;
	}
	return NULL;
}

bool fidelity_set_at(const struct fidelity_report *r, uint32_t kernel, uint32_t i, struct fidelity_set *out)
{
	const struct conformance_kernel *k = &r->c->kernel[kernel];

	if (k->cases && !i--) {
		*out = (struct fidelity_set){
			"recorded cases", k->cases, k->cases - k->not_modelled, k->rc, k->stage, k->types, k->map,
			k->migrated,      NULL
		};
		return true;
	}
	if (k->scenarios && !i--) {
		*out = (struct fidelity_set){ "scenarios", k->scenarios, k->scenarios_both, k->s_rc, k->s_stage,
			                      k->s_types,  k->s_map,     k->s_migrated,     NULL };
		return true;
	}
	for (uint32_t n = 0; n < r->c->nr_grown; n++) {
		const struct conformance_grown_row *row = &r->c->grown[n];

		if (row->kernel != kernel || i--)
			continue;
		*out = (struct fidelity_set){
			.asked = row->map.of, .both = row->map.of, .types = row->types, .map = row->map
		};
		snprintf(out->name, sizeof(out->name), "grown %s", row->name);
		return true;
	}
	for (uint32_t n = 0; n < r->c->nr_random; n++) {
		const struct conformance_random_row *row = &r->c->random[n];

		if (row->kernel != kernel || i--)
			continue;
		*out = (struct fidelity_set){ "",         row->requests, row->rc.of,    row->rc, row->stage,
			                      row->types, row->map,      row->migrated, row };
		snprintf(out->name, sizeof(out->name), "random %s", row->name);
		return true;
	}
	return false;
}

bool fidelity_agrees(const struct fidelity_report *r)
{
	struct fidelity_set s;

	for (uint32_t k = 0; k < r->c->nr_kernels; k++) {
		for (uint32_t i = 0; fidelity_set_at(r, k, i, &s); i++) {
			if (s.rc.agree != s.rc.of || s.stage.agree != s.stage.of)
				return false;
		}
	}
	return true;
}

bool fidelity_compared(const struct fidelity_report *r, uint32_t kernel)
{
	struct fidelity_set s;
	bool any = false;

	for (uint32_t i = 0; fidelity_set_at(r, kernel, i, &s); i++)
		any |= s.rc.of || s.map.of;
	return any;
}

bool fidelity_complete(const struct fidelity_report *r)
{
	for (uint32_t k = 0; k < r->c->nr_kernels; k++) {
		if (r->c->kernel[k].missing[0])
			return false;
	}
	return r->c->nr_kernels;
}

/* ---- long texts ------------------------------------------------------------------------------ */

/* Where the item begins that is `items` before this place. */
static size_t back(const char *text, size_t at, unsigned int items)
{
	while (at) {
		if (text[at - 1] == ' ' && !items--)
			break;
		at--;
	}
	return at;
}

static size_t forth(const char *text, size_t at, unsigned int items)
{
	while (text[at] && (text[at] != ' ' || items--))
		at++;
	return at;
}

static char *cut(const char *text, size_t from, size_t to)
{
	char *out;

	if (to - from > 4 * LONG)
		to = from + 4 * LONG;
	return asprintf(&out, "%s%.*s%s", from ? "... " : "", (int)(to - from), text + from, text[to] ? " ..." : "") < 0
	               ? NULL
	               : out;
}

void fidelity_difference(const char *a, const char *b, char **short_a, char **short_b)
{
	size_t len_a = strlen(a), len_b = strlen(b), first = 0, last = 0;

	if (len_a <= LONG && len_b <= LONG) {
		*short_a = strdup(a);
		*short_b = strdup(b);
		return;
	}
	while (a[first] && a[first] == b[first])
		first++;
	while (last < len_a - first && last < len_b - first && a[len_a - 1 - last] == b[len_b - 1 - last])
		last++;
	first = back(a, first, AROUND);
	*short_a = cut(a, first, forth(a, len_a - last, AROUND));
	*short_b = cut(b, first, forth(b, len_b - last, AROUND));
}
