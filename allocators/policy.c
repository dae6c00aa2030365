// SPDX-License-Identifier: MIT
/* policy.c - knobs by name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "contig.h"
#include "policy.h"

/* One table of all values, and per knob where its own begin: both from the list in policy.h. */
#define NO_KNOB(field, doc)
#define NO_VALUE(field, value, where)

#define VALUE_ROW(field, value, where) { #value, where },
static const struct contig_knob_value values[] = { CONTIG_KNOBS(NO_KNOB, VALUE_ROW) };

#define FIRST_VALUE(field, doc)         FIRST_##field, BEFORE_##field = FIRST_##field - 1,
#define NEXT_VALUE(field, value, where) INDEX_##field##_##value,
enum {
	CONTIG_KNOBS(FIRST_VALUE, NEXT_VALUE) NR_VALUES
};

#define KNOB_ROW(field, doc) { #field, doc, values + FIRST_##field, 0, offsetof(struct contig_policy, field) },
static const struct contig_knob knobs[] = { CONTIG_KNOBS(KNOB_ROW, NO_VALUE) };
#define NR_KNOBS (sizeof(knobs) / sizeof(knobs[0]))

bool contig_knob_at(size_t i, struct contig_knob *out)
{
	if (i >= NR_KNOBS)
		return false;
	*out = knobs[i];
	out->nr_values =
		(unsigned int)((i + 1 < NR_KNOBS ? knobs[i + 1].values : values + NR_VALUES) - knobs[i].values);
	return true;
}

int contig_knob_value(const struct contig_backend *b, const struct contig_knob *k)
{
	return b->data ? ((const uint8_t *)b->data)[k->offset] : -1;
}

/* "iso_only, mergeable" for a message */
static const char *choices(const struct contig_knob *k, char *buf, size_t size)
{
	size_t at = 0;

	for (unsigned int i = 0; i < k->nr_values && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? ", " : "", k->values[i].name);
	return buf;
}

static bool same(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && !strncmp(word, name, len);
}

/* One "knob=value" of len bytes; *seen has a bit per knob. */
static int apply(struct contig_policy *p, const char *word, size_t len, uint64_t *seen, struct contig_diag *diag)
{
	const char *eq = memchr(word, '=', len);
	struct contig_knob k;
	char list[256];

	if (!eq)
		return contig_diag_set(diag, -EINVAL, "'%.*s' is not knob=value: `contigbench list knobs` shows them",
		                       (int)len, word);
	for (size_t i = 0; contig_knob_at(i, &k); i++) {
		if (!same(word, (size_t)(eq - word), k.name))
			continue;
		if (*seen & UINT64_C(1) << i)
			return contig_diag_set(diag, -EINVAL, "knob '%s' is given twice", k.name);
		*seen |= UINT64_C(1) << i;
		for (unsigned int v = 0; v < k.nr_values; v++) {
			if (same(eq + 1, (size_t)(word + len - eq - 1), k.values[v].name)) {
				((uint8_t *)p)[k.offset] = (uint8_t)v;
				return 0;
			}
		}
		return contig_diag_set(diag, -EINVAL, "knob '%s' has no value '%.*s': it takes %s", k.name,
		                       (int)(word + len - eq - 1), eq + 1, choices(&k, list, sizeof(list)));
	}
	return contig_diag_set(diag, -EINVAL, "unknown knob '%.*s': `contigbench list knobs` shows them",
	                       (int)(eq - word), word);
}

/* Combinations that no code could follow, each with the reason. */
static int check(const struct contig_policy *p, struct contig_diag *diag)
{
	if (p->undo_type == undo_type_preserved && p->iso_store != iso_store_separate_bit)
		return contig_diag_set(diag, -EINVAL,
		                       "undo_type=preserved needs iso_store=separate_bit: an overwritten type is lost");
	if (p->iso_straddle == iso_straddle_split_in_isolate && p->free_large != free_large_per_block)
		return contig_diag_set(diag, -EINVAL,
		                       "iso_straddle=split_in_isolate needs free_large=per_block: what isolation has "
		                       "split a free by head type would join again");
	if (p->iso_align == iso_align_maxpage && p->iso_order == iso_order_ends_first)
		return contig_diag_set(diag, -EINVAL,
		                       "iso_order=ends_first needs iso_align=block: a MAX_ORDER aligned range has no "
		                       "ends to treat apart");
	if (p->iso_straddle != iso_straddle_none && p->iso_order != iso_order_ends_first)
		return contig_diag_set(
			diag, -EINVAL, "iso_straddle=%s needs iso_order=ends_first: runs are split at the ends",
			p->iso_straddle == iso_straddle_split_in_isolate ? "split_in_isolate" : "split_and_migrate");
	if (p->merge_rule == merge_rule_mergeable_retype && p->free_large == free_large_head_type)
		return contig_diag_set(
			diag, -EINVAL,
			"merge_rule=mergeable_retype needs free_large=per_block: a run freed by its head "
			"block's type would leave its other blocks mixed");
	if (p->pcp_drain == pcp_drain_credit_round_robin && p->pcp_overflow == pcp_overflow_free_count)
		return contig_diag_set(diag, -EINVAL,
		                       "pcp_overflow=free_count needs pcp_drain=whole_list: credit_round_robin was "
		                       "gone when it came");
	return 0;
}

int contig_policy_compose(struct contig_policy *p, const char *words, struct contig_diag *diag)
{
	uint64_t seen = 0;

	if (!words)
		return 0;
	for (;;) {
		size_t len = strcspn(words, "+");
		int rc = len ? apply(p, words, len, &seen, diag)
		             : contig_diag_set(diag, -EINVAL, "nothing behind '+': add knob=value");

		if (rc)
			return rc;
		if (!words[len])
			return check(p, diag);
		words += len + 1;
	}
}
