// SPDX-License-Identifier: MIT
/* conformance_scenarios.c - scenarios.jsonl: what kernels answered to scenario files of the same folder. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../workloads/scenario.h"
#include "conformance.h"
#include "conformance_files.h"
#include "scenario_run.h"

struct scenarios {
	struct conformance *c;
	const char *dir;
	const char *const *backends;
	size_t nr_backends;
	uint32_t nr_files;
	struct scenario_file *file;
};

/* ---- the files ------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct scenario_file *file_named(struct scenarios *s, const char *name, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < s->nr_files; i++) {
		if (!strcmp(base_name(s->file[i].path), name))
			return &s->file[i];
	}
	struct scenario_file *all = realloc(s->file, (s->nr_files + 1) * sizeof(*all));
	char path[4096];

	if (!all || strchr(name, '/') || (size_t)snprintf(path, sizeof(path), "%s/%s", s->dir, name) >= sizeof(path)) {
		s->file = all ? all : s->file;
		contig_diag_set(diag, -EBADMSG, "%s: not a file of this folder", name);
		return NULL;
	}
	s->file = all;
	return scenario_read(&s->file[s->nr_files++], path, diag) ? NULL : &s->file[s->nr_files - 1];
}

static const struct scenario *scenario_named(const struct scenario_file *f, const char *name)
{
	for (uint32_t i = 0; i < f->nr; i++) {
		if (!strcmp(f->scenario[i]->sc.name, name))
			return f->scenario[i];
	}
	return NULL;
}

/* ---- reasons --------------------------------------------------------------------------------- */

static void note_reason(struct conformance *c, const struct conformance_kernel *k, bool model, const char *text)
{
	uint32_t kernel = (uint32_t)(k - c->kernel), i = 0;

	text = scenario_plain_reason(text);
	while (i < c->nr_reasons && (c->reason[i].kernel != kernel || c->reason[i].model != model ||
	                             strncmp(c->reason[i].text, text, sizeof(c->reason[i].text) - 1) != 0))
		i++;
	if (i == CONFORMANCE_MAX_REASONS)
		return;
	c->nr_reasons += i == c->nr_reasons;
	c->reason[i].kernel = kernel;
	c->reason[i].model = model;
	c->reason[i].times++;
	snprintf(c->reason[i].text, sizeof(c->reason[i].text), "%s", text);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static int compare_answer(struct conformance *c, struct conformance_kernel *k, const char *file,
                          const struct scenario_result *model, json_t *o, struct contig_diag *diag)
{
	const char *stage, *types, *map;
	json_int_t op, rc, migrated;
	json_error_t err;
	char where[256], name[64];

	if (json_unpack_ex(o, &err, 0, "{s:I,s:I,s:s,s:I,s:s,s:s}", "op", &op, "rc", &rc, "stage", &stage, "migrated",
	                   &migrated, "mt", &types, "map", &map))
		return contig_diag_set(diag, -EBADMSG, "%s", err.text);
	const struct scripted_case *sc = &model->scenario->sc;

	if (op >= (json_int_t)sc->nr_ops || op < AT_REQUEST((json_int_t)ARENA_REQUESTS))
		return contig_diag_set(diag, -EBADMSG, "%s has no operation %lld", sc->name, (long long)op);
	const struct arena_answer *ans = scenario_answer(model, (int)op);

	snprintf(where, sizeof(where), "%.60s %.95s %s", file, sc->name, scenario_op_name(sc, (int)op, name));
	if (!ans) {
		conformance_compare(c, k, &k->s_rc, true, where, "answer", "one", "none: it did not come to that");
		return 0;
	}
	conformance_compare_number(c, k, &k->s_rc, true, where, "rc", rc, ans->rc);
	conformance_compare(c, k, &k->s_stage, true, where, "stage", stage, ans->stage);
	conformance_compare(c, k, &k->s_types, true, where, "types", types, ans->types);
	conformance_compare(c, k, &k->s_map, true, where, "map", map, ans->map);
	conformance_compare_number(c, k, &k->s_migrated, true, where, "migrated", migrated, ans->count[COUNT_MIGRATED]);
	return 0;
}

static int compare_scenario(struct conformance *c, struct conformance_kernel *k, const char *file,
                            const struct scenario *s, json_t *answers, struct contig_diag *diag)
{
	const uint32_t before = c->disagreements;
	struct scenario_result model;
	int rc = scenario_run(&model, s, k->backend, diag);
	json_t *o;
	size_t i;

	/* nothing answered, not even how it was at the start: there is no such state in the model */
	if (!rc && !model.nr_answers) {
		note_reason(c, k, true, model.why.text[0] ? model.why.text : "no reason is known");
	} else if (!rc) {
		json_array_foreach(answers, i, o)
		{
			rc = rc ? rc : compare_answer(c, k, file, &model, o, diag);
		}
		k->scenarios_both++;
		k->scenarios_equal += c->disagreements == before;
	}
	scenario_result_free(&model);
	return rc;
}

static int add_scenario(void *ctx, const char *line, struct contig_diag *diag)
{
	struct scenarios *s = ctx;
	const char *kernel, *file, *name, *not_possible = NULL;
	json_t *answers = NULL, *record;
	json_error_t err;
	int rc = 0;

	record = json_loads(line, 0, &err);
	if (!record)
		return contig_diag_set(diag, -EBADMSG, "not JSON: %s", err.text);
	if (json_unpack_ex(record, &err, 0, "{s:s,s:s,s:s,s?s,s?o}", "kernel", &kernel, "file", &file, "case", &name,
	                   "not_possible", &not_possible, "answers", &answers)) {
		rc = contig_diag_set(diag, -EBADMSG, "%s", err.text);
		goto out;
	}
	struct conformance_kernel *k = conformance_kernel(s->c, kernel, s->backends, s->nr_backends);
	const struct scenario_file *f = k ? file_named(s, file, diag)
	                                  : (contig_diag_set(diag, -EBADMSG, "kernel %s: more than %u kernels", kernel,
	                                                     CONFORMANCE_MAX_KERNELS),
	                                     NULL);
	const struct scenario *sc = f ? scenario_named(f, name) : NULL;

	if (!f)
		rc = -EBADMSG;
	else if (!sc)
		rc = contig_diag_set(diag, -EBADMSG, "no case %s in %s", name, file);
	else if (!not_possible && !json_is_array(answers))
		rc = contig_diag_set(diag, -EBADMSG, "neither answers nor why it was not possible");
	if (rc)
		goto out;
	k->scenarios++;
	if (not_possible)
		note_reason(s->c, k, false, not_possible);
	else if (k->backend[0])
		rc = compare_scenario(s->c, k, file, sc, answers, diag);
out:
	json_decref(record);
	return rc;
}

int conformance_scenarios(struct conformance *c, const char *dir, const char *const *backends, size_t nr_backends,
                          struct contig_diag *diag)
{
	struct scenarios s = { .c = c, .dir = dir, .backends = backends, .nr_backends = nr_backends };
	char path[4096];

	snprintf(path, sizeof(path), "%s/scenarios.jsonl", dir);
	if (access(path, F_OK))
		return 0;
	int rc = conformance_each_line(dir, "scenarios.jsonl", add_scenario, &s, diag);

	for (uint32_t i = 0; i < s.nr_files; i++)
		scenario_free(&s.file[i]);
	free(s.file);
	return rc;
}
