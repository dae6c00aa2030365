// SPDX-License-Identifier: MIT
/* counts.c - what is exact: the same seed gives the same number, or something has changed. */
#include <math.h>

#include "inside.h"

double compare_value(const struct comparison *one, const struct record_value *v)
{
	return one->successes ? (double)v->k : v->value;
}

bool compare_next_pair(const struct comparison *one, struct compare_pair *at)
{
	while (at->next_old < one->old->nr && at->next_new < one->new->nr) {
		at->old = &one->old->values[at->next_old];
		at->new = &one->new->values[at->next_new];
		at->next_old += at->old->key <= at->new->key;
		at->next_new += at->new->key <= at->old->key;
		if (at->old->key == at->new->key)
			return true;
	}
	return false;
}

void compare_count(const struct compare_options *o, struct comparison *one)
{
	struct compare_pair at = { 0 };
	double from = 0, to = 0;

	while (compare_next_pair(one, &at)) {
		double a = compare_value(one, at.old), b = compare_value(one, at.new);

		one->pairs++;
		one->differ += a < b || a > b;
		from += a;
		to += b;
	}
	one->threshold = o->count_threshold;
	if (!one->pairs)
		return;
	one->from = from / (double)one->pairs;
	one->to = to / (double)one->pairs;
	one->change = fabs(from) > 0 ? 100 * (to - from) / fabs(from) : NAN;
	if (!one->differ) {
		one->change = 0;
		one->verdict = VERDICT_SAME;
	} else if (one->old->better == BETTER_NEITHER || !(fabs(to - from) > 0)) {
		/* also when what some seeds lost others gained: it is another program, no worse one */
		one->verdict = VERDICT_CHANGED;
	} else if (!(fabs(one->change) <= one->threshold)) {
		one->verdict = (to < from) == (one->old->better == BETTER_LOWER) ? VERDICT_BETTER : VERDICT_WORSE;
	} else {
		one->verdict = VERDICT_SAME;
	}
	one->regression = one->verdict == VERDICT_WORSE || (o->strict && one->verdict == VERDICT_CHANGED);
}
