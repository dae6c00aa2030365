// SPDX-License-Identifier: MIT
/* report_json.c - the report as JSON: every number and every disagreement, whole. */
#include <jansson.h>
#include <stdio.h>

#include "report.h"

static json_t *agreement(const struct agreement *a)
{
	return json_pack("{s:i,s:i}", "agree", (int)a->agree, "of", (int)a->of);
}

static json_t *set(const struct fidelity_set *s)
{
	json_t *o = json_pack("{s:s,s:i,s:i,s:o,s:o,s:o,s:o,s:o}", "set", s->name, "asked", (int)s->asked, "both",
	                      (int)s->both, "rc", agreement(&s->rc), "stage", agreement(&s->stage), "types",
	                      agreement(&s->types), "map", agreement(&s->map), "migrated", agreement(&s->migrated));

	if (s->row)
		json_object_update_new(o,
		                       json_pack("{s:i,s:i,s:I,s:I,s:i}", "granted_kernel", (int)s->row->granted_kernel,
		                                 "granted_model", (int)s->row->granted_model, "pages_migrated_kernel",
		                                 (json_int_t)s->row->pages_kernel, "pages_migrated_model",
		                                 (json_int_t)s->row->pages_model, "reloaded", (int)s->row->again));
	return o;
}

static json_t *kernel(const struct fidelity_report *r, uint32_t i)
{
	const struct conformance_kernel *k = &r->c->kernel[i];
	json_t *sets = json_array(), *reasons = json_array(), *disagreements = json_array();
	struct fidelity_set s;

	for (uint32_t n = 0; fidelity_set_at(r, i, n, &s); n++)
		json_array_append_new(sets, set(&s));
	for (uint32_t n = 0; n < r->c->nr_reasons; n++) {
		const struct conformance_reason *why = &r->c->reason[n];

		if (why->kernel == i)
			json_array_append_new(reasons,
			                      json_pack("{s:s,s:i,s:s}", "side", why->model ? "model" : "kernel",
			                                "times", (int)why->times, "reason", why->text));
	}
	for (uint32_t n = 0; n < r->nr; n++) {
		if (r->d[n].kernel == i)
			json_array_append_new(disagreements, json_pack("{s:s,s:s,s:s,s:s}", "where", r->d[n].where,
			                                               "what", r->d[n].what, "kernel", r->d[n].recorded,
			                                               "model", r->d[n].model));
	}
	return json_pack("{s:s,s:s?,s:s,s:s,s:s,s:s?,s:o,s:o,s:o}", "kernel", k->kernel, "backend",
	                 k->backend[0] ? k->backend : NULL, "release", k->release, "version", k->version, "date",
	                 k->date, "missing", k->missing[0] ? k->missing : NULL, "sets", sets, "not_possible", reasons,
	                 "disagreements", disagreements);
}

void fidelity_print_json(const struct fidelity_report *r)
{
	json_t *kernels = json_array();

	for (uint32_t i = 0; i < r->c->nr_kernels; i++)
		json_array_append_new(kernels, kernel(r, i));
	json_t *all = json_pack("{s:i,s:b,s:b,s:o}", "schema", 1, "rc_and_stage_agree", fidelity_agrees(r), "complete",
	                        fidelity_complete(r), "kernels", kernels);

	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}
