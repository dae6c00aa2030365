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
	return b->preset ? ((const uint8_t *)b->preset)[k->offset] : -1;
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

/* Combinations that no code could follow, or that would do nothing, each with the reason. */
#define IS(knob, value) (p->knob == knob##_##value)

static const char *contradiction(const struct contig_policy *p)
{
	if (IS(undo_type, preserved) && !IS(iso_store, separate_bit))
		return "undo_type=preserved needs iso_store=separate_bit: an overwritten type is lost";
	if (IS(iso_straddle, split_in_isolate) && !IS(free_large, per_block))
		return "iso_straddle=split_in_isolate needs free_large=per_block: what isolation has split a free by "
		       "head type would join again";
	if (IS(iso_align, maxpage) && IS(iso_order, ends_first))
		return "iso_order=ends_first needs iso_align=block: a MAX_ORDER aligned range has no ends to treat "
		       "apart";
	if (IS(iso_straddle, split_in_isolate) && !IS(iso_order, ends_first))
		return "iso_straddle=split_in_isolate needs iso_order=ends_first: runs are split at the ends";
	if (IS(iso_straddle, split_and_migrate) && !IS(iso_order, ends_first))
		return "iso_straddle=split_and_migrate needs iso_order=ends_first: runs are split at the ends";
	if (IS(iso_extend, same_type) && !IS(iso_align, maxpage))
		return "iso_extend=same_type needs iso_align=maxpage: rounding to pageblocks reaches into no other";
	if (IS(iso_edge_caller, own_type) && !IS(iso_order, ends_first))
		return "iso_edge_caller=own_type needs iso_order=ends_first: without it the ends are blocks like any";
	if (IS(merge_rule, mergeable_retype) && IS(free_large, head_type))
		return "merge_rule=mergeable_retype needs free_large=per_block: a run freed by its head block's type "
		       "would leave its other blocks mixed";
	if (IS(watermark_kswapd, isolated_blocks) && !IS(isolated_counted_free, yes))
		return "watermark_kswapd=isolated_blocks needs isolated_counted_free=yes: it would take off what is not in "
		       "NR_FREE_PAGES";
	if (IS(fallback, v3_6) && !IS(highatomic_cap, none))
		return "fallback=v3_6 needs highatomic_cap=none: it takes from the RESERVE type, whose place HIGHATOMIC "
		       "has since v4.4";
	if (IS(pcp_drain, credit_round_robin) && (IS(pcp_overflow, free_count) || IS(pcp_overflow, batch_steps)))
		return "pcp_overflow=free_count (and batch_steps) needs pcp_drain=whole_list: credit_round_robin was "
		       "gone when it came";
	return NULL;
}

static int check(const struct contig_policy *p, struct contig_diag *diag)
{
	const char *why = contradiction(p);

	return why ? contig_diag_set(diag, -EINVAL, "%s", why) : 0;
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
