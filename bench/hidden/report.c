// SPDX-License-Identifier: MIT
/* report.c - sets of outcomes side by side: as text, as JSON, and as a section of docs/fidelity.md. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "../text/escape.h"
#include "hidden.h"

static bool begins_experiment(const struct hidden_results *all, uint32_t i)
{
	return !i || all->result[i].e != all->result[i - 1].e;
}

/* ---- as text ------------------------------------------------------------------------------------ */

static void print_explored(const struct hidden_result *r)
{
	const struct explored *x = &r->model;

	if (x->longest)
		printf("%.6g interleavings in %" PRIu64 " states%s", x->interleavings, x->states,
		       x->complete ? "" : ", and samples of the rest");
	else
		fputs("nothing runs at once", stdout);
}

static void print_reason(const struct hidden_result *r, const char *text, const char *otherwise)
{
	const char *why = hidden_reason(r->e->name, r->k->name, text);

	printf("\n           %s%s\n", why ? "explained: " : "", why ? why : otherwise);
}

static void print_result(const struct hidden_result *r, bool verbose)
{
	const struct outcome_set *model = &r->model.set, *seen = r->answers ? &r->answers->set : NULL;
	uint64_t trials = seen ? outcome_trials(seen) : 0;

	printf("  %-5s model: ", r->k->name);
	print_explored(r);
	if (seen)
		printf("; kernel: %" PRIu64 " trials, %" PRIu64 " at once", trials, r->answers->together);
	putchar('\n');
	for (uint32_t i = 0; i < model->nr; i++) {
		const struct outcome *o = &model->outcome[i], *s = seen ? outcome_find(seen, o->text) : NULL;

		if (seen)
			printf("    %5" PRIu64 "  %s", s ? s->seen : 0, o->text);
		else
			printf("    %s", o->text);
		if (verbose && o->way[0])
			printf("   (%s)", o->way);
		if (seen && !s)
			print_reason(r, o->text, "open: the model yields it, and no trial showed it");
		else
			putchar('\n');
	}
	for (uint32_t i = 0; seen && i < seen->nr; i++) {
		const struct outcome *o = &seen->outcome[i];

		if (outcome_find(model, o->text))
			continue;
		printf("    %5" PRIu64 "  ", o->seen);
		escape_terminal(stdout, o->text);
		print_reason(r, o->text,
		             100 * o->seen >= HIDDEN_OFTEN_PERCENT * trials
		                     ? "disagreement: the model does not yield it"
		                     : "seldom, and not yielded by the model");
	}
}

struct sums {
	uint32_t results, answered, agreed, missed, missed_often, unexplained, unseen, open;
};

static struct sums sum_up(const struct hidden_results *all, const struct recorded_kernel *k)
{
	struct sums s = { 0 };

	for (uint32_t i = 0; i < all->nr; i++) {
		const struct hidden_result *r = &all->result[i];

		if (k && r->k != k)
			continue;
		s.results++;
		s.answered += r->answers != NULL;
		s.agreed += r->agreed;
		s.missed += r->missed;
		s.missed_often += r->missed_often;
		s.unexplained += r->unexplained;
		s.unseen += r->unseen;
		s.open += r->open;
	}
	return s;
}

void hidden_print(const struct hidden_results *all, bool verbose)
{
	struct sums s = sum_up(all, NULL);

	for (uint32_t i = 0; i < all->nr; i++) {
		if (begins_experiment(all, i))
			printf("%s: %s\n", all->result[i].e->name, all->result[i].e->picture);
		print_result(&all->result[i], verbose);
	}
	if (!s.answered)
		return;
	printf("%u experiments answered: %u outcomes agree; %u seen that the model does not yield, %u of them in %u %% of "
	       "trials or more, %u unexplained; %u yielded and not seen, %u unexplained\n",
	       s.answered, s.agreed, s.missed, s.missed_often, HIDDEN_OFTEN_PERCENT, s.unexplained, s.unseen, s.open);
}

/* ---- as JSON ------------------------------------------------------------------------------------ */

static json_t *json_outcome(const struct hidden_result *r, const char *text)
{
	const struct outcome *m = outcome_find(&r->model.set, text);
	const struct outcome *s = r->answers ? outcome_find(&r->answers->set, text) : NULL;
	const char *why = m && s ? NULL : hidden_reason(r->e->name, r->k->name, text);

	return json_pack("{s:s,s:b,s:I,s:s?}", "outcome", text, "model", m != NULL, "trials",
	                 (json_int_t)(s ? s->seen : 0), "reason", why);
}

static json_t *json_result(const struct hidden_result *r)
{
	json_t *outcomes = json_array();

	for (uint32_t i = 0; i < r->model.set.nr; i++)
		json_array_append_new(outcomes, json_outcome(r, r->model.set.outcome[i].text));
	for (uint32_t i = 0; r->answers && i < r->answers->set.nr; i++) {
		if (!outcome_find(&r->model.set, r->answers->set.outcome[i].text))
			json_array_append_new(outcomes, json_outcome(r, r->answers->set.outcome[i].text));
	}
	return json_pack("{s:s,s:s,s:s,s:b,s:f,s:I,s:b,s:I,s:I,s:o}", "experiment", r->e->name, "kernel", r->k->name,
	                 "backend", r->backend, "answered", r->answers != NULL, "interleavings", r->model.interleavings,
	                 "states", (json_int_t)r->model.states, "complete", r->model.complete, "trials",
	                 (json_int_t)(r->answers ? outcome_trials(&r->answers->set) : 0), "together",
	                 (json_int_t)(r->answers ? r->answers->together : 0), "outcomes", outcomes);
}

void hidden_print_json(const struct hidden_results *all)
{
	json_t *results = json_array();

	for (uint32_t i = 0; i < all->nr; i++)
		json_array_append_new(results, json_result(&all->result[i]));
	json_t *top = json_pack("{s:i,s:i,s:o}", "schema", 1, "disagreements", (int)hidden_disagreements(all),
	                        "results", results);

	json_dumpf(top, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(top);
}

/* ---- as a section of docs/fidelity.md ------------------------------------------------------------- */

static const char head[] =
	"## What hidden state a kernel has\n"
	"\n"
	"Requests that run at once on two cpus, and requests whose answer hangs on what no layout shows, come to one of a set of\n"
	"outcomes. The model's set is that of all interleavings of the lock-held sections of its requests, explored\n"
	"exhaustively; a kernel's is what its trials came to. The two begin with a delay of their own in each trial, so that\n"
	"they meet at different places; \"at once\" counts trials in which both were running at the same time. What an outcome\n"
	"leaves out, because a kernel's free lists decide it, is in [formats](formats.md#hiddenjsonl).\n";

static void markdown_sums(const struct hidden_results *all)
{
	const struct recorded_kernel *k;

	puts("\n| kernel | experiments | trials | at once | outcomes that agree | seen, not yielded | of these in 5 % or more | "
	     "yielded, not seen |\n"
	     "|---|---|---|---|---|---|---|---|");
	for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
		struct sums s = sum_up(all, k);
		uint64_t trials = 0, together = 0;
		const char *version = k->version;

		for (uint32_t j = 0; j < all->nr; j++) {
			const struct hidden_result *r = &all->result[j];

			if (r->k != k || !r->answers)
				continue;
			trials += outcome_trials(&r->answers->set);
			together += r->answers->together;
			version = r->answers->version;
		}
		if (s.answered)
			printf("| %s | %u | %" PRIu64 " | %" PRIu64 " | %u | %u | %u | %u |\n", version, s.answered,
			       trials, together, s.agreed, s.missed, s.missed_often, s.unseen);
	}
}

/* "61", or what it is instead. */
static void markdown_cell(const struct hidden_result *r, const char *text)
{
	const struct outcome *s;

	fputs(" |", stdout);
	if (!r || !r->answers)
		return;
	s = outcome_find(&r->answers->set, text);
	bool yielded = outcome_find(&r->model.set, text) != NULL;

	if (s)
		printf(" %s%" PRIu64 "%s", yielded ? "" : "**", s->seen, yielded ? "" : "**");
	else
		fputs(yielded ? " 0" : "", stdout);
}

/* Outcomes of all kernels in one table, a column a kernel. */
static void markdown_experiment(const struct hidden_result *first, uint32_t nr)
{
	struct outcome_set texts = { 0 };
	const struct recorded_kernel *k;

	for (uint32_t i = 0; i < nr; i++) {
		for (uint32_t o = 0; o < first[i].model.set.nr; o++)
			outcome_add(&texts, first[i].model.set.outcome[o].text, 0);
		for (uint32_t o = 0; first[i].answers && o < first[i].answers->set.nr; o++)
			outcome_add(&texts, first[i].answers->set.outcome[o].text, 0);
	}
	printf("\n`%s`: %s. `", first->e->name, first->e->picture);
	printf("%s`\n\n| outcome |", strchr(first->e->line, ' ') + 1);
	for (size_t i = 0; (k = recorded_kernel_at(i)); i++)
		printf(" %s |", k->name);
	puts("\n|---|---|---|---|---|");
	for (uint32_t o = 0; o < texts.nr; o++) {
		fputs("| ", stdout);
		escape_markdown(stdout, texts.outcome[o].text);
		for (size_t i = 0; (k = recorded_kernel_at(i)); i++) {
			const struct hidden_result *r = NULL;

			for (uint32_t j = 0; j < nr; j++)
				r = first[j].k == k ? &first[j] : r;
			markdown_cell(r, texts.outcome[o].text);
		}
		puts(" |");
	}
	outcome_free(&texts);
}

static void markdown_difference(const struct hidden_result *r, const struct outcome *o, const char *what)
{
	const char *why = hidden_reason(r->e->name, r->k->name, o->text);

	printf("- `%s` on %s, %s: ", r->e->name, r->k->name, what);
	escape_markdown(stdout, o->text);
	printf(". %s\n", why ? why : "Not explained.");
}

static void markdown_differences(const struct hidden_results *all)
{
	struct sums s = sum_up(all, NULL);

	puts("\n### Differences\n");
	if (!s.missed && !s.unseen)
		puts("There are none.");
	for (uint32_t i = 0; i < all->nr; i++) {
		const struct hidden_result *r = &all->result[i];

		for (uint32_t o = 0; r->answers && o < r->answers->set.nr; o++) {
			if (!outcome_find(&r->model.set, r->answers->set.outcome[o].text))
				markdown_difference(r, &r->answers->set.outcome[o], "seen, not yielded");
		}
		for (uint32_t o = 0; r->answers && o < r->model.set.nr; o++) {
			if (!outcome_find(&r->answers->set, r->model.set.outcome[o].text))
				markdown_difference(r, &r->model.set.outcome[o], "yielded, not seen");
		}
	}
}

void hidden_print_markdown(const struct hidden_results *all)
{
	fputs(head, stdout);
	markdown_sums(all);
	puts("\n### Outcomes\n\nNumbers are trials; 0: the model yields it, and no trial showed it; **bold**: the model does not "
	     "yield it.");
	for (uint32_t i = 0, nr; i < all->nr; i += nr) {
		for (nr = 1; i + nr < all->nr && !begins_experiment(all, i + nr);)
			nr++;
		markdown_experiment(&all->result[i], nr);
	}
	markdown_differences(all);
}
