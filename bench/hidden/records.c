// SPDX-License-Identifier: MIT
/* records.c - hidden.jsonl: what kernels answered, an experiment on a kernel a line. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../exact/conformance_files.h"
#include "../text/outfile.h"
#include "hidden.h"

#define FILE_NAME "hidden.jsonl"

const struct hidden_answers *hidden_answered(const struct hidden_record *r, const struct hidden_experiment *e,
                                             const struct recorded_kernel *k)
{
	for (uint32_t i = 0; i < r->nr; i++) {
		if (r->answers[i].e == e && r->answers[i].k == k)
			return &r->answers[i];
	}
	return NULL;
}

struct hidden_answers *hidden_answers(struct hidden_record *r, const struct hidden_experiment *e,
                                      const struct recorded_kernel *k)
{
	const struct hidden_answers *found = hidden_answered(r, e, k);

	if (found)
		return &r->answers[found - r->answers];
	struct hidden_answers *all = realloc(r->answers, (r->nr + 1) * sizeof(*all));

	if (!all)
		return NULL;
	r->answers = all;
	all[r->nr] = (struct hidden_answers){ .e = e, .k = k };
	return &all[r->nr++];
}

void hidden_record_free(struct hidden_record *r)
{
	for (uint32_t i = 0; i < r->nr; i++)
		outcome_free(&r->answers[i].set);
	free(r->answers);
	*r = (struct hidden_record){ 0 };
}

/* ---- reading ----------------------------------------------------------------------------------- */

static int read_outcomes(struct hidden_answers *a, json_t *outcomes, struct contig_diag *diag)
{
	json_error_t err;
	json_t *one;
	size_t i;

	if (!json_array_size(outcomes))
		return contig_diag_set(diag, -EBADMSG, "no outcomes");
	json_array_foreach(outcomes, i, one)
	{
		const char *text;
		json_int_t trials;

		if (json_unpack_ex(one, &err, 0, "{s:s,s:I}", "outcome", &text, "trials", &trials))
			return contig_diag_set(diag, -EBADMSG, "outcomes: %s", err.text);
		if (trials < 1 || outcome_find(&a->set, text))
			return contig_diag_set(diag, -EBADMSG, "outcomes: '%.100s' is there twice, or in no trial",
			                       text);
		if (!outcome_add(&a->set, text, (uint64_t)trials))
			return contig_diag_set(diag, -ENOMEM, "no memory");
	}
	return 0;
}

static int read_line(void *ctx, const char *line, struct contig_diag *diag)
{
	struct hidden_record *r = ctx;
	const char *experiment, *kernel, *version;
	json_int_t together;
	json_error_t err;
	json_t *record = json_loads(line, 0, &err), *outcomes;
	int rc = 0;

	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:s,s:s,s:I,s:o}", "experiment", &experiment, "kernel", &kernel,
	                   "version", &version, "together", &together, "outcomes", &outcomes)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	const struct hidden_experiment *e = hidden_experiment_find(experiment);
	const struct recorded_kernel *k = recorded_kernel_find(kernel);

	if (!e || !k) {
		rc = contig_diag_set(diag, -EBADMSG, e ? "no kernel %.60s is known" : "no experiment %.60s is known",
		                     e ? kernel : experiment);
		goto out;
	}
	if (hidden_answered(r, e, k)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s on kernel %s is there twice", e->name, k->name);
		goto out;
	}
	struct hidden_answers *a = hidden_answers(r, e, k);

	if (!a) {
		rc = contig_diag_set(diag, -ENOMEM, "no memory");
		goto out;
	}
	snprintf(a->version, sizeof(a->version), "%s", version);
	a->together = (uint64_t)together;
	rc = read_outcomes(a, outcomes, diag);
out:
	json_decref(record);
	return rc;
}

int hidden_load(struct hidden_record *r, const char *dir, struct contig_diag *diag)
{
	return conformance_each_line(dir, FILE_NAME, read_line, r, diag);
}

/* ---- writing ----------------------------------------------------------------------------------- */

static bool write_line(FILE *f, const struct hidden_answers *a)
{
	json_t *outcomes = json_array();

	for (uint32_t i = 0; i < a->set.nr; i++)
		json_array_append_new(outcomes, json_pack("{s:s,s:I}", "outcome", a->set.outcome[i].text, "trials",
		                                          (json_int_t)a->set.outcome[i].seen));
	json_t *line = json_pack("{s:s,s:s,s:s,s:I,s:o}", "experiment", a->e->name, "kernel", a->k->name, "version",
	                         a->version, "together", (json_int_t)a->together, "outcomes", outcomes);
	bool ok = line && !json_dumpf(line, f, JSON_PRESERVE_ORDER) && putc('\n', f) != EOF;

	json_decref(line);
	return ok;
}

int hidden_store(const struct hidden_record *r, const char *dir)
{
	const struct hidden_experiment *e;
	const struct recorded_kernel *k;
	struct outfile o;
	char path[4096];
	bool ok = true;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, FILE_NAME) >= sizeof(path))
		return cli_error(CLI_USAGE, "%.100s...: the name is too long", dir);
	int status = outfile_open(&o, path);

	if (status)
		return status;
	/* in the order of the tables, whatever was recorded first */
	for (size_t i = 0; (e = hidden_experiment_at(i)); i++) {
		for (size_t j = 0; (k = recorded_kernel_at(j)); j++) {
			const struct hidden_answers *a = hidden_answered(r, e, k);

			ok = ok && (!a || !a->set.nr || write_line(o.f, a));
		}
	}
	return outfile_close(&o, ok ? CLI_OK : cli_error(CLI_MACHINE, "%s can not be written", path));
}
