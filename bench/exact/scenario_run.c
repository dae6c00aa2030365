// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_run.h"

const char *scenario_verdict_name(enum scenario_verdict v)
{
	static const char *const names[] = {
		[SCENARIO_AGREES] = "ok",          [SCENARIO_AGREES_UNCERTAIN] = "ok?", [SCENARIO_DIFFERS] = "DIFFERS",
		[SCENARIO_NOTHING_EXPECTED] = ".", [SCENARIO_NO_SUCH_STATE] = "none",   [SCENARIO_NOT_POSSIBLE] = "n/p",
	};

	return names[v];
}

bool scenario_speaks_of(const struct scenario *s, const char *backend)
{
	for (uint32_t i = 0; i < s->nr_expects; i++) {
		if (scenario_expects(&s->expect[i], backend))
			return true;
	}
	return false;
}

bool scenario_has_count(const char *backend, enum scenario_count c)
{
	static const uint32_t of_the_zone = 1u << COUNT_FREE | 1u << COUNT_FREE_CMA | 1u << COUNT_PCP |
	                                    1u << COUNT_RESERVED | 1u << COUNT_FREE_HIGHATOMIC;

	return !contig_name_machine(backend) || !(of_the_zone & 1u << c);
}

const char *scenario_plain_reason(const char *text)
{
	static const char prefix[] = "not possible here: ";

	if (!strncmp(text, prefix, sizeof(prefix) - 1))
		text += sizeof(prefix) - 1;
	size_t word = strcspn(text, " ");
	bool operation = word > 2 && text[word] && text[word - 1] == ':' && memchr(text, ':', word - 1);

	return operation ? text + word + 1 : text;
}

/* ---- what it answered ------------------------------------------------------------------------ */

static void keep(void *ctx, const struct arena_answer *ans)
{
	struct scenario_result *r = ctx;
	struct arena_answer *all = realloc(r->answer, (r->nr_answers + 1) * sizeof(*all));

	if (!all) {
		r->no_memory = true;
		return;
	}
	r->answer = all;
	struct arena_answer *mine = &r->answer[r->nr_answers++];

	*mine = *ans;
	mine->types = strdup(ans->types);
	mine->map = strdup(ans->map);
	r->no_memory |= !mine->types || !mine->map;
}

const struct arena_answer *scenario_answer(const struct scenario_result *r, int op)
{
	for (uint32_t i = 0; i < r->nr_answers; i++) {
		if (r->answer[i].op == op)
			return &r->answer[i];
	}
	return NULL;
}

static int run_all(struct scenario_result *r, struct contig_diag *diag)
{
	const struct scenario *s = r->scenario;
	struct arena a;
	int rc = s->recorded ? arena_open(&a, r->backend, recorded_kernel_for(r->backend), &s->sc, diag)
	                     : arena_open_map(&a, r->backend, s, diag);

	rc = rc ? rc : arena_tell_start(&a, keep, r, diag);
	for (uint32_t i = 0; rc >= 0 && i < s->sc.nr_ops;) {
		rc = arena_run(&a, i, keep, r, diag);
		i = rc < 0 ? i : (uint32_t)rc;
	}
	if (rc == -EUCLEAN || rc == -EIO)
		r->broken_at = a.running;
	arena_close(&a);
	return rc < 0 ? rc : r->no_memory ? contig_diag_set(diag, -ENOMEM, "no memory") : 0;
}

/* ---- and what was expected ------------------------------------------------------------------- */

static void differ(struct scenario_result *r, const struct scenario_expect *e, int op, const char *what,
                   const char *expected, const char *got)
{
	struct scenario_difference *all = realloc(r->difference, (r->nr_differences + 1) * sizeof(*all));

	r->verdict = SCENARIO_DIFFERS;
	if (!all) {
		r->no_memory = true;
		return;
	}
	r->difference = all;
	struct scenario_difference *d = &r->difference[r->nr_differences++];

	*d = (struct scenario_difference){ e, op, what, strdup(expected), strdup(got) };
	r->no_memory |= !d->expected || !d->got;
}

static void compare(struct scenario_result *r, const struct scenario_expect *e, const struct arena_answer *ans)
{
	const struct {
		const char *what, *expected, *got;
	} texts[] = { { "stage", e->stage, ans->stage },
		      { "why", e->why, ans->why },
		      { "mt", e->types, ans->types },
		      { "map", e->map, ans->map } };
	char want[24], have[24];

	if (e->broken)
		differ(r, e, e->op, "invariants", "broken", "hold");
	if (e->has_rc && e->rc != ans->rc)
		differ(r, e, e->op, "rc", scenario_rc(e->rc, want), scenario_rc(ans->rc, have));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		/* a kernel says that, not why */
		if (texts[i].expected == e->why && contig_name_machine(r->backend))
			continue;
		if (texts[i].expected && strcmp(texts[i].expected, texts[i].got))
			differ(r, e, e->op, texts[i].what, texts[i].expected, texts[i].got);
	}
	for (enum scenario_count c = 0; c < NR_COUNTS; c++) {
		if (!(e->counts & 1u << c) || e->count[c] == ans->count[c] || !scenario_has_count(r->backend, c))
			continue;
		snprintf(want, sizeof(want), "%lld", (long long)e->count[c]);
		snprintf(have, sizeof(have), "%lld", (long long)ans->count[c]);
		differ(r, e, e->op, scenario_count_name(c), want, have);
	}
}

static void compare_all(struct scenario_result *r)
{
	const struct scenario *s = r->scenario;
	bool foreseen = r->broken_at == NO_ANSWER;

	r->verdict = scenario_speaks_of(s, r->backend) ? SCENARIO_AGREES : SCENARIO_NOTHING_EXPECTED;
	for (uint32_t i = 0; i < s->nr_expects; i++) {
		const struct scenario_expect *e = &s->expect[i];
		const struct arena_answer *ans = scenario_answer(r, e->op);

		if (!scenario_expects(e, r->backend))
			continue;
		if (e->op == NO_ANSWER) {
			r->verdict = SCENARIO_NO_SUCH_STATE;
			return;
		}
		if (e->evidence == EVIDENCE_UNCERTAIN && r->verdict == SCENARIO_AGREES)
			r->verdict = SCENARIO_AGREES_UNCERTAIN;
		if (e->broken && e->op == r->broken_at)
			foreseen = true;
		else if (ans)
			compare(r, e, ans);
		else
			differ(r, e, e->op, "answer", "one", "none: it did not come to that");
	}
	if (!foreseen)
		differ(r, NULL, r->broken_at, "invariants", "hold", r->why.text);
}

/*
 * The backend can not do it: that is no answer, and where one is expected it differs. Of a real kernel one is expected where it
 * is named: what is expected of its release may be more than can be asked of it.
 */
static void not_possible(struct scenario_result *r, const char *why)
{
	const struct scenario *s = r->scenario;

	r->verdict = SCENARIO_NOT_POSSIBLE;
	for (uint32_t i = 0; i < s->nr_expects; i++) {
		const struct scenario_expect *e = &s->expect[i];

		if (!scenario_expects(e, r->backend))
			continue;
		if (e->op == NO_ANSWER) {
			r->verdict = SCENARIO_NO_SUCH_STATE;
			return;
		}
		if (!contig_name_machine(r->backend) || scenario_names(e, r->backend))
			differ(r, e, e->op, "answer", "one", why);
	}
}

/* What it answered until then counts, and that it died. */
static void died(struct scenario_result *r)
{
	r->broken_at = NO_ANSWER;
	compare_all(r);
	differ(r, NULL, r->nr_answers ? r->answer[r->nr_answers - 1].op : AT_START, "the guest", "lives", r->why.text);
}

int scenario_run(struct scenario_result *r, const struct scenario *s, const char *backend, struct contig_diag *diag)
{
	*r = (struct scenario_result){ .scenario = s, .backend = backend, .broken_at = NO_ANSWER };
	int rc = run_all(r, diag);

	if (rc && rc != -EOPNOTSUPP && rc != -ENODATA && rc != -EUCLEAN && rc != -EIO)
		return rc;
	if (rc)
		r->why = *diag;
	if (rc == -EOPNOTSUPP || rc == -ENODATA)
		not_possible(r, diag->text);
	else if (rc == -EIO)
		died(r);
	else
		compare_all(r);
	return r->no_memory ? contig_diag_set(diag, -ENOMEM, "no memory") : 0;
}

void scenario_result_free(struct scenario_result *r)
{
	for (uint32_t i = 0; i < r->nr_answers; i++) {
		free(r->answer[i].types);
		free(r->answer[i].map);
	}
	for (uint32_t i = 0; i < r->nr_differences; i++) {
		free(r->difference[i].expected);
		free(r->difference[i].got);
	}
	free(r->answer);
	free(r->difference);
	memset(r, 0, sizeof(*r));
}
