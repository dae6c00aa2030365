// SPDX-License-Identifier: MIT
/* guest_cma.c - the kernel's side of experiments on a CMA area. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest_trial.h"

struct calls {
	struct hidden_call call[HIDDEN_CALLS];
	uint32_t nr;
	int64_t pfn[HIDDEN_CALLS]; /* what it got, or -errno */
};

static void say(struct trial *t, const struct calls *c, uint32_t i, const char *name)
{
	char errno_name[16];

	if (c->pfn[i] < 0)
		outcome_part(t->said, sizeof(t->said), "%s %s", name, scenario_rc((int)c->pfn[i], errno_name));
	else
		outcome_part(t->said, sizeof(t->said), "%s @%lld", name, (long long)(c->pfn[i] - (int64_t)t->start));
}

static int race(struct trial *t, struct calls *c, uint32_t i, struct contig_diag *diag)
{
	const struct hidden_call *a = &c->call[i], *b = &c->call[i + 1];
	struct guest_answer *ans;
	int64_t begin[2] = { 0 };
	uint32_t side = 0;
	int rc = trial_ask(t, &ans, diag, "race %u %u cma_alloc %u %u / cma_alloc %u %u", t->spins[0], t->spins[1],
	                   a->nr, a->order, b->nr, b->order);

	if (!rc && ans->rc < 0)
		rc = contig_diag_set(diag, -EAGAIN, "%s: the guest answers a race with %lld %s", t->e->name,
		                     (long long)ans->rc, ans->words);
	for (uint32_t l = 0; !rc && l < ans->nr_lines; l++) {
		long long answer, ns, at, pfn;

		if (strncmp(ans->line[l], "side ", 5))
			continue;
		if (side == 2 ||
		    sscanf(ans->line[l] + 5, "%lld %*s %*s %*s %*s %lld %lld %lld", &answer, &ns, &at, &pfn) != 4)
			return contig_diag_set(diag, -EPROTO, "the guest answers a race with '%.80s'", ans->line[l]);
		c->pfn[i + side] = answer ? answer : pfn;
		t->took[side] = ns;
		begin[side++] = at;
	}
	if (rc)
		return rc;
	if (side != 2)
		return contig_diag_set(diag, -EPROTO, "the guest answers a race of two with %u", side);
	trial_raced(t, begin);
	say(t, c, i, "A");
	say(t, c, i + 1, "B");
	return 0;
}

static int call(struct trial *t, struct calls *c, uint32_t i, struct contig_diag *diag)
{
	const struct hidden_call *k = &c->call[i];
	struct guest_answer *ans;
	char name[24];

	if (!k->nr)
		return c->pfn[k->releases] < 0 ? 0
		                               : trial_post(t, diag, "cma_free %lld %u", (long long)c->pfn[k->releases],
		                                            c->call[k->releases].nr);
	int rc = trial_ask(t, &ans, diag, "cma_alloc %u %u", k->nr, k->order);

	if (rc)
		return rc;
	c->pfn[i] = ans->rc;
	snprintf(name, sizeof(name), "%u/%u", k->nr, k->order);
	say(t, c, i, name);
	return 0;
}

int trial_calls(struct trial *t, struct contig_diag *diag)
{
	struct calls c = { 0 };
	int rc = 0;

	c.nr = hidden_calls(t->e->calls, c.call);
	for (uint32_t i = 0; i < c.nr && !rc; i++) {
		rc = trial_drain(t, diag);
		if (!rc && i + 1 < c.nr && c.call[i + 1].joined) {
			rc = race(t, &c, i, diag);
			i++;
		} else if (!rc) {
			rc = call(t, &c, i, diag);
		}
		rc = rc ? rc : trial_drain(t, diag);
	}
	return rc;
}
