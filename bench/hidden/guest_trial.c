// SPDX-License-Identifier: MIT
/* guest_trial.c - one trial: the operations of an experiment as commands to a guest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_trial.h"

/* "RC STAGE ..." of a request, as an outcome has it. */
static void say_request(struct trial *t, const char *name, int64_t rc, const char *words)
{
	char errno_name[16];
	size_t stage = strcspn(words, " ");

	outcome_part(t->said, sizeof(t->said), "%s %s %.*s%s", name, scenario_rc(rc > 0 ? 0 : (int)rc, errno_name),
	             (int)stage, words,
	             !(t->e->view & VIEW_MOVED)          ? ""
	             : strtoull(words + stage, NULL, 10) ? ", pages moved"
	                                                 : ", none moved");
}

static void note_got(struct trial *t, const struct case_op *op, int64_t rc)
{
	if (!rc && op->range_op == RANGE_ALLOC)
		memset(t->role + op->start, TRIAL_GOT, op->nr);
}

/* ---- what runs at once ----------------------------------------------------------------------------- */

static void race_words(const struct trial *t, const struct case_op *op, char *out, size_t size)
{
	unsigned long long start = t->start + op->start;

	if (op->verb == OP_ALLOC)
		snprintf(out, size, "load %u %c", op->order, contig_type_letter(op->mt));
	else if (op->range_op == RANGE_OFFLINE)
		snprintf(out, size, "offline %llu %u", start, op->nr);
	else
		snprintf(out, size, "range %llu %u %s", start, op->nr, op->caller == CALLER_CMA ? "cma" : "movable");
}

/* "RC STAGE MIGRATED FAILED REPLACED NS BEGIN" of each side. */
static int read_side(struct trial *t, uint32_t i, const struct case_op *op, const char *line, int64_t *begin,
                     struct contig_diag *diag)
{
	char name[2] = { (char)('A' + i), '\0' }, stage[16];
	long long rc, ns, at;

	if (sscanf(line, "%lld %15s %*s %*s %*s %lld %lld", &rc, stage, &ns, &at) != 4)
		return contig_diag_set(diag, -EPROTO, "the guest answers a race with '%.80s'", line);
	t->took[i] = ns;
	*begin = at;
	if (op->verb == OP_ALLOC)
		return 0;
	say_request(t, name, rc, stage);
	note_got(t, op, rc);
	return 0;
}

void trial_raced(struct trial *t, const int64_t begin[2])
{
	t->raced = true;
	t->began = begin[1] - begin[0];
	t->together = t->began < t->took[0] && -t->began < t->took[1];
}

static int race(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	char a[80], b[80];
	struct guest_answer *ans;
	int64_t begin[2] = { 0 };
	uint32_t side = 0;

	race_words(t, &op[0], a, sizeof(a));
	race_words(t, &op[1], b, sizeof(b));
	int rc = trial_ask(t, &ans, diag, "race %u %u %s / %s", t->spins[0], t->spins[1], a, b);

	if (rc)
		return rc;
	if (ans->rc < 0)
		return contig_diag_set(diag, -EAGAIN, "%s: the guest answers race %u %u %s / %s with %lld %s",
		                       t->e->name, t->spins[0], t->spins[1], a, b, (long long)ans->rc, ans->words);
	for (uint32_t i = 0; i < ans->nr_lines && !rc; i++) {
		if (strncmp(ans->line[i], "side ", 5))
			continue;
		if (side == 2)
			return contig_diag_set(diag, -EPROTO, "the guest answers a race of two with more");
		rc = read_side(t, side, &op[side], ans->line[i] + 5, &begin[side], diag);
		side++;
	}
	if (!rc && side != 2)
		return contig_diag_set(diag, -EPROTO, "the guest answers a race of two with %u", side);
	trial_raced(t, begin);
	return rc;
}

/* ---- one after the other ---------------------------------------------------------------------------- */

static int do_range(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	unsigned long long start = t->start + op->start;
	struct guest_answer *a;
	int rc;

	if (op->range_op == RANGE_OFFLINE)
		rc = trial_ask(t, &a, diag, "offline %llu %u %u", start, op->nr, op->passes);
	else
		rc = trial_ask(t, &a, diag, "range %llu %u %s%s", start, op->nr,
		               op->caller == CALLER_CMA ? "cma" : "movable", t->e->no_spill ? " stay" : "");
	if (rc)
		return rc;
	say_request(t, op->text, a->rc, a->words);
	note_got(t, op, a->rc);
	return 0;
}

static int do_online(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	struct guest_answer *a;
	char errno_name[16];
	int rc = trial_ask(t, &a, diag, "online %llu %u", (unsigned long long)t->start + op->start, op->nr);

	if (!rc && a->rc)
		outcome_part(t->said, sizeof(t->said), "%s %s", op->text, scenario_rc((int)a->rc, errno_name));
	return rc;
}

static int do_alloc(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	uint32_t first = t->nr_owners + 1, room = TRIAL_OWNERS - first, nr = op->times < room ? op->times : room;
	struct guest_answer *a;
	int rc = trial_ask(t, &a, diag, "many %u %u %c %u %c 1%s", first, nr, op->mt == MT_MOVABLE ? 'X' : 'K',
	                   op->order, contig_type_letter(op->mt),
	                   op->highatomic              ? " highatomic"
	                   : t->e->left != HOG_NOTHING ? " reclaim"
	                                               : "");

	if (rc)
		return rc;
	for (uint32_t i = 0; i < a->nr_lines; i++) {
		unsigned long long owner, pfn;

		if (sscanf(a->line[i], "%llu %llu", &owner, &pfn) != 2 || owner >= TRIAL_OWNERS)
			return contig_diag_set(diag, -EPROTO, "the guest answers many with '%.80s'", a->line[i]);
		t->at[owner] = pfn;
		t->nr_owners = (uint32_t)owner;
	}
	if (t->e->view & VIEW_COUNTS)
		outcome_part(t->said, sizeof(t->said), "%s %lld", op->text, (long long)a->rc);
	else if (a->rc < nr && op->times < UINT32_MAX)
		outcome_part(t->said, sizeof(t->said), "%s -ENOMEM", op->text);
	return 0;
}

static int do_free(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	uint64_t start = t->start + op->start;
	int64_t rc = 0;

	for (uint32_t o = 1; o <= t->nr_owners && rc >= 0; o++) {
		if (!t->at[o] || t->at[o] - start >= op->nr)
			continue;
		rc = trial_post(t, diag, "free %u", o);
		t->at[o] = 0;
	}
	return rc < 0 ? (int)rc : 0;
}

static int do_give(struct trial *t, const struct case_op *op, struct contig_diag *diag)
{
	int64_t rc = 0;

	for (uint32_t at = op->start, end; at < op->start + op->nr && rc >= 0; at = end) {
		for (end = at; end < op->start + op->nr && t->role[end] == TRIAL_GOT;)
			end++;
		if (end == at) {
			end++;
			continue;
		}
		rc = trial_post(t, diag, "give %llu %u", (unsigned long long)t->start + at, end - at);
		memset(t->role + at, TRIAL_NONE, end - at);
	}
	return rc < 0 ? (int)rc : 0;
}

static int (*const verbs[])(struct trial *t, const struct case_op *op, struct contig_diag *diag) = {
	[OP_RANGE] = do_range, [OP_ONLINE] = do_online, [OP_ALLOC] = do_alloc,
	[OP_FREE] = do_free,   [OP_GIVE] = do_give,     [OP_STEP] = NULL,
};

static int do_all(struct trial *t, struct contig_diag *diag)
{
	const struct scripted_case *sc = t->sc;
	int rc = 0;

	for (uint32_t i = 0; i < sc->nr_ops && !rc; i++) {
		const struct case_op *op = &sc->op[i];

		if (i + 1 < sc->nr_ops && sc->op[i + 1].joined) {
			rc = race(t, op, diag);
			i++;
		} else if (op->verb < OP_STEP && verbs[op->verb]) {
			rc = trial_drain(t, diag);
			rc = rc ? rc : verbs[op->verb](t, op, diag);
		} else {
			return contig_diag_set(diag, -EOPNOTSUPP, "%s: no guest can be asked for %s", t->e->name,
			                       op->text);
		}
		rc = rc ? rc : trial_drain(t, diag);
	}
	return rc;
}

int trial_run(struct trial *t, char *text, size_t size, struct contig_diag *diag)
{
	t->nr_owners = 0;
	t->said[0] = '\0';
	t->raced = t->together = false;
	memset(t->at, 0, sizeof(t->at));
	memset(t->role, TRIAL_NONE, t->pages);
	int rc = trial_build(t, diag);

	rc = rc ? rc : trial_begin_counters(t, diag);
	rc = rc ? rc : t->e->cma ? trial_calls(t, diag) : do_all(t, diag);
	return rc ? rc : trial_outcome(t, text, size, diag);
}
