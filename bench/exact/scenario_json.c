// SPDX-License-Identifier: MIT
/* scenario_json.c - the scenario matrix as JSON: every answer, every difference. */
#include <jansson.h>
#include <stdio.h>

#include "scenario_print.h"

static json_t *answer(const struct scenario_result *r, const struct arena_answer *ans)
{
	const struct scripted_case *sc = &r->scenario->sc;
	char name[64];
	json_t *o = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s}", "op", scenario_op_name(sc, ans->op, name), "rc", ans->rc,
	                      "stage", ans->stage, "why", ans->why, "mt", ans->types, "map", ans->map);

	for (enum scenario_count c = 0; c < NR_COUNTS; c++) {
		if (scenario_has_count(r->backend, c))
			json_object_set_new(o, scenario_count_name(c), json_integer(ans->count[c]));
	}
	if (contig_name_machine(r->backend))
		json_object_set_new(o, "ns", json_integer((json_int_t)ans->ns));
	return o;
}

static json_t *difference(const struct scripted_case *sc, const struct scenario_difference *d)
{
	static const char *const marks[] = { "K", "D", "?" };
	char name[64];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "op", scenario_op_name(sc, d->op, name), "what", d->what, "expected",
	                      d->expected, "got", d->got);

	if (d->expect)
		json_object_update_new(o, json_pack("{s:i,s:s,s:s}", "line", (int)d->expect->line, "evidence",
		                                    marks[d->expect->evidence], "row", d->expect->row));
	return o;
}

static json_t *result(const struct scenario_result *r)
{
	json_t *answers = json_array(), *differences = json_array();

	for (uint32_t i = 0; i < r->nr_answers; i++)
		json_array_append_new(answers, answer(r, &r->answer[i]));
	for (uint32_t i = 0; i < r->nr_differences; i++)
		json_array_append_new(differences, difference(&r->scenario->sc, &r->difference[i]));
	return json_pack("{s:s,s:s,s:s?,s:o,s:o}", "backend", r->backend, "verdict", scenario_verdict_name(r->verdict),
	                 "reason", r->why.text[0] ? r->why.text : NULL, "answers", answers, "differences", differences);
}

void scenario_print_json(const struct scenario_matrix *m)
{
	json_t *scenarios = json_array();

	for (uint32_t i = 0; i < m->nr_rows; i++) {
		const struct scenario_row *row = &m->row[i];
		json_t *results = json_array();

		for (uint32_t k = 0; k < row->nr; k++)
			json_array_append_new(results, result(&row->result[k]));
		json_array_append_new(scenarios,
		                      json_pack("{s:s,s:s,s:i,s:o}", "scenario", row->scenario->sc.name, "file",
		                                row->file->path, "line", (int)row->scenario->line, "results", results));
	}
	json_t *all =
		json_pack("{s:i,s:i,s:o}", "schema", 1, "differ", (int)scenario_differences(m), "scenarios", scenarios);

	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}
