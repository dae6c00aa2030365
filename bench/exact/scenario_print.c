// SPDX-License-Identifier: MIT
/* scenario_print.c - the scenario matrix, differences with both layout strings, and answers step by step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_print.h"

/* ---- answers --------------------------------------------------------------------------------- */

/* What only some operations have. */
static bool has_count(const struct scripted_case *sc, int op, enum scenario_count c)
{
	bool request = op < AT_START || (op >= 0 && (sc->op[op].verb == OP_RANGE || sc->op[op].verb == OP_STEP));

	switch (c) {
	case COUNT_MIGRATED:
	case COUNT_REPLACED:
		return request;
	case COUNT_GOT:
		return op >= 0 && (sc->op[op].verb == OP_ALLOC || sc->op[op].verb == OP_UNRESERVE);
	case COUNT_AT:
		return op >= 0 && sc->op[op].verb == OP_ALLOC;
	default:
		return true;
	}
}

/* Counters that are 0 are left out, but for the one that is hardly ever. */
static void print_answer(const struct scenario_result *r, const struct arena_answer *ans, const char *indent)
{
	const struct scripted_case *sc = &r->scenario->sc;
	char name[64], rc[16];

	printf("%s%s rc=%s stage=%s", indent, scenario_op_name(sc, ans->op, name), scenario_rc(ans->rc, rc),
	       ans->stage);
	if (strcmp(ans->why, "none"))
		printf(" why=%s", ans->why);
	printf(" mt=%s", ans->types);
	for (enum scenario_count c = 0; c < NR_COUNTS; c++) {
		if (has_count(sc, ans->op, c) && scenario_has_count(r->backend, c) &&
		    (ans->count[c] || c == COUNT_FREE || c == COUNT_AT))
			printf(" %s=%lld", scenario_count_name(c), (long long)ans->count[c]);
	}
	if (ans->ns)
		printf(" ns=%llu", (unsigned long long)ans->ns);
	printf("\n%s  map=\"%s\"\n", indent, ans->map);
}

static void print_answers(const struct scenario_result *r, const char *indent)
{
	for (uint32_t i = 0; i < r->nr_answers; i++)
		print_answer(r, &r->answer[i], indent);
	if (r->why.text[0])
		printf("%s%s\n", indent, r->why.text);
}

void scenario_print_steps(const struct scenario_row *row)
{
	printf("%s: %s:%u\n%s", row->scenario->sc.name, row->file->path, row->scenario->line, row->scenario->picture);
	for (uint32_t i = 0; i < row->nr; i++) {
		printf("  %s: %s\n", row->result[i].backend, scenario_verdict_name(row->result[i].verdict));
		print_answers(&row->result[i], "    ");
	}
	putchar('\n');
}

/* ---- the matrix ------------------------------------------------------------------------------ */

/* Kernels go by their release. */
static const char *column_name(const char *backend)
{
	return strncmp(backend, "linux-", 6) ? backend : backend + 6;
}

static int column_width(const char *backend)
{
	int width = (int)strlen(column_name(backend));

	return width < 7 ? 7 : width;
}

static int name_width(const struct scenario_matrix *m)
{
	int width = 8;

	for (uint32_t i = 0; i < m->nr_rows; i++) {
		int len = (int)strlen(m->row[i].scenario->sc.name);

		width = len > width ? len : width;
	}
	return width;
}

/* Composed backends have long names: their columns are numbered. */
static void print_heading(const struct scenario_matrix *m, int width)
{
	for (uint32_t i = 0; i < m->nr_backends; i++) {
		if (strchr(m->backends[i], '+'))
			printf("[%u] %s\n", i + 1, m->backends[i]);
	}
	printf("%-*s", width, "scenario");
	for (uint32_t i = 0; i < m->nr_backends; i++) {
		if (strchr(m->backends[i], '+'))
			printf("  [%u]%*s", i + 1, 4 - (i >= 9), "");
		else
			printf("  %-*s", column_width(m->backends[i]), column_name(m->backends[i]));
	}
	putchar('\n');
}

static void print_row(const struct scenario_matrix *m, const struct scenario_row *row, int width)
{
	printf("%-*s", width, row->scenario->sc.name);
	for (uint32_t i = 0; i < m->nr_backends; i++)
		printf("  %-*s", strchr(m->backends[i], '+') ? 7 : column_width(m->backends[i]),
		       scenario_verdict_name(row->result[i].verdict));
	putchar('\n');
	for (uint32_t i = m->nr_backends; i < row->nr; i++)
		printf("%-*s  %s on %s\n", width, "", scenario_verdict_name(row->result[i].verdict),
		       row->result[i].backend);
}

static void print_difference(const struct scenario_row *row, const struct scenario_result *r,
                             const struct scenario_difference *d)
{
	const struct arena_answer *ans = scenario_answer(r, d->op);
	char name[64];

	printf("%s on %s: %s, %s", row->scenario->sc.name, r->backend,
	       scenario_op_name(&row->scenario->sc, d->op, name), d->what);
	if (d->expect)
		printf(" (%s:%u, [%c %s])", row->file->path, d->expect->line, "KD?"[d->expect->evidence],
		       d -> expect -> row);
	putchar('\n');
	if (ans && (!strcmp(d->what, "mt") || !strcmp(d->what, "map"))) {
		printf("    expected  [%s] %s\n", d->expect->types ? d->expect->types : ans->types,
		       d->expect->map ? d->expect->map : "");
		printf("    got       [%s] %s\n", ans->types, ans->map);
	} else {
		printf("    expected  %s\n    got       %s\n", d->expected, d->got);
		if (ans)
			printf("    with      stage=%s why=%s [%s] %s\n", ans->stage, ans->why ? ans->why : "none",
			       ans->types, ans->map);
	}
}

uint32_t scenario_differences(const struct scenario_matrix *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++)
			n += m->row[i].result[k].verdict == SCENARIO_DIFFERS;
	}
	return n;
}

static void print_legend(const struct scenario_matrix *m)
{
	static const char *const meaning[] = {
		[SCENARIO_AGREES] = "as expected",
		[SCENARIO_AGREES_UNCERTAIN] = "as expected, where the specification is not sure",
		[SCENARIO_DIFFERS] = "not as expected: see below",
		[SCENARIO_NOTHING_EXPECTED] = "nothing expected",
		[SCENARIO_NO_SUCH_STATE] = "this release has no such state",
		[SCENARIO_NOT_POSSIBLE] = "not possible here",
	};
	uint32_t n[SCENARIO_NOT_POSSIBLE + 1] = { 0 };

	for (uint32_t i = 0; i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++)
			n[m->row[i].result[k].verdict]++;
	}
	putchar('\n');
	for (enum scenario_verdict v = 0; v <= SCENARIO_NOT_POSSIBLE; v++) {
		if (n[v])
			printf("%6u  %-8s %s\n", n[v], scenario_verdict_name(v), meaning[v]);
	}
}

/* ---- what was not possible -------------------------------------------------------------------- */

#define NAMED 3u /* scenarios of a reason */

struct reason {
	const char *backend, *text;
	uint32_t nr;
	const char *name[NAMED];
};

static struct reason *reason_of(struct reason *all, uint32_t *nr, const struct scenario_result *r)
{
	const char *text = scenario_plain_reason(r->why.text);
	uint32_t i = 0;

	while (i < *nr && (strcmp(all[i].backend, r->backend) || strcmp(all[i].text, text)))
		i++;
	if (i == *nr)
		all[(*nr)++] = (struct reason){ .backend = r->backend, .text = text };
	return &all[i];
}

static int by_number_down(const void *a, const void *b)
{
	const struct reason *x = a, *y = b;

	return x->nr != y->nr ? (x->nr < y->nr) - (x->nr > y->nr) : strcmp(x->name[0], y->name[0]);
}

/* A reason is often that of a whole file: each once, with how many it holds for. */
static void print_not_possible(const struct scenario_matrix *m)
{
	uint32_t room = 0, nr = 0;

	for (uint32_t i = 0; i < m->nr_rows; i++)
		room += m->row[i].nr;
	struct reason *all = calloc(room ? room : 1, sizeof(*all));

	for (uint32_t i = 0; all && i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++) {
			if (m->row[i].result[k].verdict != SCENARIO_NOT_POSSIBLE)
				continue;
			struct reason *mine = reason_of(all, &nr, &m->row[i].result[k]);

			if (mine->nr < NAMED)
				mine->name[mine->nr] = m->row[i].scenario->sc.name;
			mine->nr++;
		}
	}
	if (all)
		qsort(all, nr, sizeof(*all), by_number_down);
	if (nr)
		puts("\nnot possible here (-v has the reason with each scenario)");
	for (uint32_t i = 0; i < nr; i++) {
		printf("%6u  %s: %s (", all[i].nr, all[i].backend, all[i].text);
		for (uint32_t k = 0; k < NAMED && k < all[i].nr; k++)
			printf("%s%s", k ? ", " : "", all[i].name[k]);
		puts(all[i].nr > NAMED ? ", ...)" : ")");
	}
	free(all);
}

void scenario_print_matrix(const struct scenario_matrix *m)
{
	int width = name_width(m);
	bool any = false;

	print_heading(m, width);
	for (uint32_t i = 0; i < m->nr_rows; i++)
		print_row(m, &m->row[i], width);
	print_legend(m);
	if (scenario_differences(m))
		puts("\ndifferences");
	for (uint32_t i = 0; i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++) {
			const struct scenario_result *r = &m->row[i].result[k];

			for (uint32_t d = 0; d < r->nr_differences; d++)
				print_difference(&m->row[i], r, &r->difference[d]);
		}
	}
	/* what nobody expected anything of */
	for (uint32_t i = 0; i < m->nr_rows; i++) {
		for (uint32_t k = 0; k < m->row[i].nr; k++) {
			const struct scenario_result *r = &m->row[i].result[k];

			/* what can not be done may have begun */
			if (r->verdict != SCENARIO_NOTHING_EXPECTED &&
			    (r->verdict != SCENARIO_NOT_POSSIBLE || !r->nr_answers))
				continue;
			if (!any)
				puts("\nanswers that nothing was expected of");
			any = true;
			printf("%s on %s\n", m->row[i].scenario->sc.name, r->backend);
			print_answers(r, "    ");
		}
	}
	print_not_possible(m);
}
