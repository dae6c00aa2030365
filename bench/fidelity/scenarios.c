// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../cli.h"
#include "../exact/scenario_run.h"
#include "scenarios.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int scenario_set_add(struct scenario_set *set, const char *path, struct contig_diag *diag)
{
	for (uint32_t i = 0; i < set->nr; i++) {
		if (!strcmp(base_name(set->file[i].path), base_name(path)))
			return contig_diag_set(diag, -EINVAL,
			                       "%s and %s: files of one name can not be recorded together",
			                       set->file[i].path, path);
	}
	struct scenario_file *all = realloc(set->file, (set->nr + 1) * sizeof(*all));

	if (!all)
		return contig_diag_set(diag, -ENOMEM, "no memory");
	set->file = all;
	int rc = scenario_read(&set->file[set->nr++], path, diag);

	set->nr_scenarios += rc ? 0 : set->file[set->nr - 1].nr;
	return rc;
}

void scenario_set_free(struct scenario_set *set)
{
	for (uint32_t i = 0; i < set->nr; i++)
		scenario_free(&set->file[i]);
	free(set->file);
}

/* ---- what was answered ------------------------------------------------------------------------ */

static json_t *answer_of(const struct arena_answer *a)
{
	return json_pack("{s:i,s:i,s:s,s:I,s:s,s:s}", "op", a->op, "rc", a->rc, "stage", a->stage, "migrated",
	                 (json_int_t)a->count[COUNT_MIGRATED], "mt", a->types, "map", a->map);
}

static json_t *scenario_line(const struct scenario_result *res, const char *kernel, const char *file)
{
	json_t *answers = json_array();

	for (uint32_t i = 0; i < res->nr_answers; i++)
		json_array_append_new(answers, answer_of(&res->answer[i]));
	return json_pack("{s:s,s:s,s:s,s:o}", "kernel", kernel, "file", file, "case", res->scenario->sc.name, "answers",
	                 answers);
}

/* As in answers.jsonl: the state before, and an answer for each operation. */
static json_t *case_line(const struct scenario_result *res, const char *kernel)
{
	const struct scripted_case *sc = &res->scenario->sc;
	const struct arena_answer *start = scenario_answer(res, AT_START);
	json_t *ops = json_array();

	for (uint32_t i = 0; i < sc->nr_ops; i++) {
		const struct arena_answer *a = scenario_answer(res, (int)i);

		json_array_append_new(ops, json_pack("{s:s,s:i,s:s,s:I,s:i,s:s,s:s}", "op", sc->op[i].text, "rc", a->rc,
		                                     "stage", a->stage, "mig_ok", (json_int_t)a->count[COUNT_MIGRATED],
		                                     "moved", (int)a->moved, "mt", a->types, "map", a->map));
	}
	return json_pack("{s:s,s:s,s:{s:s,s:s},s:o}", "kernel", kernel, "case", sc->name, "before", "mt", start->types,
	                 "map", start->map, "ops", ops);
}

static bool all_answered(const struct scenario_result *res)
{
	bool all = scenario_answer(res, AT_START);

	for (uint32_t i = 0; i < res->scenario->sc.nr_ops; i++)
		all = all && scenario_answer(res, (int)i);
	return all;
}

static int record(const struct scenario_result *res, const char *kernel, const char *file, struct fidelity_record *r,
                  struct contig_diag *diag)
{
	if (res->verdict == SCENARIO_NOT_POSSIBLE || res->verdict == SCENARIO_NO_SUCH_STATE || res->why.text[0])
		return recording_line(r, "scenarios.jsonl",
		                      json_pack("{s:s,s:s,s:s,s:s}", "kernel", kernel, "file", file, "case",
		                                res->scenario->sc.name, "not_possible", res->why.text),
		                      diag);
	if (!strcmp(file, FIDELITY_CASES) && all_answered(res))
		return recording_line(r, "answers.jsonl", case_line(res, kernel), diag);
	return recording_line(r, "scenarios.jsonl", scenario_line(res, kernel, file), diag);
}

int scenario_set_run(const struct scenario_set *set, const char *backend, const char *kernel, struct fidelity_record *r,
                     struct contig_diag *diag)
{
	uint32_t done = 0;
	int rc = 0;

	for (uint32_t i = 0; i < set->nr && !rc; i++) {
		const struct scenario_file *f = &set->file[i];

		rc = recording_copy(r, f->path, diag);
		for (uint32_t k = 0; k < f->nr && !rc; k++) {
			struct scenario_result res;
			struct contig_diag inner = { "" };

			rc = scenario_run(&res, f->scenario[k], backend, &inner);
			rc = rc ? contig_diag_set(diag, rc, "%.100s: %.350s", f->scenario[k]->sc.name, inner.text)
			        : record(&res, kernel, base_name(f->path), r, diag);
			scenario_result_free(&res);
			cli_progress(kernel, ++done, set->nr_scenarios);
		}
	}
	return rc;
}
