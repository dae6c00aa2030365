// SPDX-License-Identifier: MIT
/* check_exact.c - series of numbers that only a change of the program changes: no statistics. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"

/* Runs next to each other with the same answer. */
struct stretch {
	size_t first, last;
	uint32_t answer;
};

static size_t cut(const struct track *t, struct stretch *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->runs; i++) {
		if (!t->answers[i])
			continue;
		if (nr && s[nr - 1].answer == t->answers[i])
			s[nr - 1].last = i;
		else
			s[nr++] = (struct stretch){ i, i, t->answers[i] };
	}
	return nr;
}

static bool add(const struct track *t, enum finding_kind kind, const struct stretch *old, const struct stretch *new,
                struct finding **list, size_t *nr)
{
	struct finding *more = reallocarray(*list, *nr + 1, sizeof(*more));
	const double a = t->centers[old->last], b = t->centers[new->first];
	struct change c = {
		.before = old->last, .at = new->first, .from = old->last, .to = new->first, .old = a, .new = b
	};

	if (!more)
		return false;
	c.relative = a > 0;
	c.size = c.low = c.high = a > 0 ? b / a - 1 : b - a;
	*list = more;
	more[(*nr)++] = (struct finding){ .kind = kind, .change = c };
	return true;
}

int check_exact(const struct track *t, bool (*same)(const void *ctx, size_t a, size_t b), const void *ctx,
                struct finding **list, size_t *nr)
{
	struct stretch *s = calloc(t->runs + 1, sizeof(*s));
	const size_t n = s ? cut(t, s) : 0;
	bool room = s;

	for (size_t i = 1; room && i < n; i++) {
		const bool back = i + 1 < n && s[i + 1].answer == s[i - 1].answer;
		const bool alone = back && same(ctx, s[i].first, s[i].last);

		if (same(ctx, s[i - 1].last, s[i].first)) {
			room = add(t, FINDING_ANSWERS, &s[i - 1], &s[i], list, nr);
		} else if (alone && !same(ctx, s[i].last, s[i + 1].first)) {
			room = add(t, FINDING_ONLY, &s[i - 1], &s[i], list, nr);
			i++;
		} else {
			room = add(t, FINDING_STEP, &s[i - 1], &s[i], list, nr);
		}
	}
	free(s);
	return room ? 0 : -ENOMEM;
}
