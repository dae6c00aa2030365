// SPDX-License-Identifier: MIT
/* cases.c - parsing scripted cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "words.h"

#define BAD(...) contig_diag_set(diag, -EINVAL, __VA_ARGS__)

bool case_has(const struct case_spans *s, uint32_t offset)
{
	for (uint32_t i = 0; i < s->nr; i++) {
		if (offset - s->span[i].start < s->span[i].nr)
			return true;
	}
	return false;
}

const char *case_parse_span(const char *text, struct case_span *span)
{
	uint32_t start, nr = 1;

	if (!word_number(&text, UINT32_MAX / 2, &start))
		return NULL;
	if (*text == '+' && (text++, !word_number(&text, UINT32_MAX / 2, &nr)))
		return NULL;
	*span = (struct case_span){ start, nr };
	return nr ? text : NULL;
}

static int parse_spans(const char *key, const char *text, uint32_t each, struct case_spans *out,
                       struct contig_diag *diag)
{
	for (const char *at = text;; at++) {
		if (out->nr == CASE_MAX_SPANS)
			return BAD("%s= lists more than %u places", key, CASE_MAX_SPANS);
		struct case_span *span = &out->span[out->nr++];

		at = case_parse_span(at, span);
		if (!at || (*at && *at != ','))
			return BAD("%s=%s is not a list of offset or offset+length", key, text);
		if (each)
			span->nr = each;
		if (!*at)
			return 0;
	}
}

static int parse_flag(const char *key, const char *value, bool *out, struct contig_diag *diag)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		return BAD("%s=%s: 0 or 1", key, value);
	*out = *value == '1';
	return 0;
}

static int parse_text(const char *key, const char *value, char *out, size_t size, struct contig_diag *diag)
{
	if (strlen(value) >= size)
		return BAD("%s= is longer than %zu letters", key, size - 1);
	strcpy(out, value);
	return 0;
}

static int parse_count(const char *key, const char *value, struct scripted_case *c, struct contig_diag *diag)
{
	const char *at = value;

	if (!word_number(&at, UINT32_MAX, &c->nr_blocks) || *at)
		return BAD("%s=%s is not a number of pageblocks", key, value);
	return 0;
}

/* "counts,drops" */
static int parse_balloon(char *value, struct scripted_case *c, struct contig_diag *diag)
{
	for (char *word; (word = strsep(&value, ","));) {
		if (!strcmp(word, "counts"))
			c->balloon.counts = true;
		else if (!strcmp(word, "drops"))
			c->balloon.drops = true;
		else if (!strcmp(word, "vetoes"))
			c->balloon.vetoes = true;
		else
			return BAD("balloon=: '%s' is nothing that a driver does: counts, drops, vetoes", word);
	}
	return 0;
}

/* Keys, and where their values go. thp= and htlb= list offsets of whole pageblocks. */
static const char *const keys[] = { "case", "npb",  "mt",    "map",   "kern", "frozen",  "user", "pin",
	                            "thp",  "htlb", "nolru", "nopcp", "rev",  "balloon", "ops" };

const char *case_known_keys(void)
{
	static struct word_list l;

	l.text[0] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		word_list_add(&l, keys[i]);
	return l.text;
}

static int parse_list(const char *key, const char *value, uint32_t npb, struct scripted_case *c,
                      struct contig_diag *diag)
{
	const struct {
		const char *key;
		uint32_t each;
		struct case_spans *spans;
	} lists[] = { { "kern", 0, &c->kern }, { "frozen", 0, &c->frozen }, { "user", 0, &c->user },
		      { "pin", 0, &c->pin },   { "thp", npb, &c->thp },     { "htlb", npb, &c->htlb } };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!strcmp(key, lists[i].key))
			return parse_spans(key, value, lists[i].each, lists[i].spans, diag);
	}
	snprintf(c->beyond, sizeof(c->beyond), "%.29s=", key);
	return 0;
}

static int parse_key(const char *key, char *value, uint32_t npb, struct scripted_case *c, struct contig_diag *diag)
{
	if (!strcmp(key, "case"))
		return parse_text(key, value, c->name, sizeof(c->name), diag);
	if (!strcmp(key, "mt"))
		return parse_text(key, value, c->types, sizeof(c->types), diag);
	if (!strcmp(key, "map"))
		return parse_text(key, value, c->map, sizeof(c->map), diag);
	if (!strcmp(key, "npb"))
		return parse_count(key, value, c, diag);
	if (!strcmp(key, "ops"))
		return case_parse_ops(value, c, diag);
	if (!strcmp(key, "balloon"))
		return parse_balloon(value, c, diag);
	if (!strcmp(key, "nolru"))
		return parse_flag(key, value, &c->no_lru, diag);
	if (!strcmp(key, "nopcp"))
		return parse_flag(key, value, &c->no_pcp, diag);
	if (!strcmp(key, "rev"))
		return parse_flag(key, value, &c->reverse, diag);
	return parse_list(key, value, npb, c, diag);
}

/* Lists of pages: inside the arena, and no page two things. */
static int check_pages(struct scripted_case *c, uint32_t npb, struct contig_diag *diag)
{
	const struct case_spans *all[] = { &c->thp, &c->htlb, &c->kern, &c->user, &c->frozen, &c->pin };
	uint32_t pages = c->nr_blocks * npb;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (uint32_t k = 0; k < all[i]->nr; k++) {
			const struct case_span *s = &all[i]->span[k];

			if (s->start >= pages || s->nr > pages - s->start)
				return BAD("%s: %u+%u lies outside the arena of %u pages", c->name, s->start, s->nr,
				           pages);
			if (i < 2 && s->start % npb)
				return BAD("%s: %s=%u does not begin a pageblock", c->name, i ? "htlb" : "thp",
				           s->start);
			for (uint32_t j = 0; i < 2 && j < k; j++) {
				if (all[i]->span[j].start == s->start)
					return BAD("%s: page %u is given twice", c->name, s->start);
			}
		}
	}
	for (uint32_t p = 0; p < pages; p++) {
		bool kern = case_has(&c->kern, p), mapped = case_has(&c->user, p) || case_has(&c->thp, p);

		if (kern + case_has(&c->user, p) + case_has(&c->thp, p) + case_has(&c->htlb, p) > 1)
			return BAD("%s: page %u is given twice", c->name, p);
		if ((case_has(&c->frozen, p) && !kern) || (case_has(&c->pin, p) && !mapped))
			return BAD("%s: page %u is frozen= without kern= or pin= without user= or thp=", c->name, p);
	}
	return 0;
}

/* map= says how large the arena is and what is in it, and how it was built plays no part. */
static int check_map(struct scripted_case *c, struct contig_diag *diag)
{
	size_t nr = c->map[0] == '[' ? strcspn(c->map + 1, "]") : 0;

	if (c->nr_blocks || c->types[0] || c->reverse ||
	    c->kern.nr + c->frozen.nr + c->user.nr + c->pin.nr + c->thp.nr + c->htlb.nr)
		return BAD(
			"%s: map= says all of the state before: no npb, mt, kern, frozen, user, pin, thp, htlb or rev "
			"beside it",
			c->name);
	if (!nr || nr > CASE_MAX_BLOCKS)
		return BAD("%s: map=\"%s\": types of 1 to %u pageblocks in brackets come first, as in [MM]", c->name,
		           c->map, CASE_MAX_BLOCKS);
	c->nr_blocks = (uint32_t)nr;
	memcpy(c->types, c->map + 1, nr);
	return 0;
}

static bool has_span(const struct case_op *op)
{
	return op->nr && op->verb != OP_UNMAP;
}

static int check_case(struct scripted_case *c, uint32_t npb, struct contig_diag *diag)
{
	if (!c->name[0])
		return BAD("the line has no case=");
	int rc = c->map[0] ? check_map(c, diag) : 0;

	if (rc)
		return rc;
	if (!c->nr_blocks || c->nr_blocks > CASE_MAX_BLOCKS)
		return BAD("%s: npb= must lie in 1..%u", c->name, CASE_MAX_BLOCKS);
	if (!c->types[0])
		memset(c->types, 'M', c->nr_blocks);
	if (strlen(c->types) != c->nr_blocks || strspn(c->types, "UMRHC") != c->nr_blocks)
		return BAD("%s: mt=%s must name %u types out of U M R H C", c->name, c->types, c->nr_blocks);
	rc = c->map[0] ? 0 : check_pages(c, npb, diag);
	for (uint32_t i = 0; !rc && i < c->nr_ops; i++) {
		const struct case_op *op = &c->op[i];
		uint32_t pages = c->nr_blocks * npb;

		if (has_span(op) && (op->start >= pages || op->nr > pages - op->start))
			rc = BAD("%s: %s lies outside the arena of %u pages", c->name, op->text, pages);
		else if (op->verb == OP_TYPE && (op->start | op->nr) & (npb - 1))
			rc = BAD("%s: %s does not cover whole pageblocks of %u pages", c->name, op->text, npb);
	}
	return rc;
}

int case_parse(const char *line, uint32_t npb, struct scripted_case *out, struct contig_diag *diag)
{
	char *copy = strdup(line), *at = copy, *word;
	int rc = copy ? 0 : BAD("no memory");

	memset(out, 0, sizeof(*out));
	while (!rc && (word = word_next(&at))) {
		char *value = word_value(word);

		rc = value ? parse_key(word, value, npb, out, diag)
		           : BAD("'%s' is not key=value, or a quote is left open", word);
	}
	free(copy);
	return rc ? rc : check_case(out, npb, diag);
}
