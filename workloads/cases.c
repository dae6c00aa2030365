// SPDX-License-Identifier: MIT
/* cases.c - parsing scripted cases. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define BAD(...) contig_diag_set(diag, -EINVAL, __VA_ARGS__)

bool case_has(const struct case_spans *s, uint32_t offset)
{
	for (uint32_t i = 0; i < s->nr; i++) {
		if (offset - s->span[i].start < s->span[i].nr)
			return true;
	}
	return false;
}

/* "700" or "700+64", ending at a comma or at the end */
static const char *parse_span(const char *text, struct case_span *span)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	unsigned long start = strtoul(text, &end, 10), nr = 1;

	if (*end == '+') {
		if (end[1] < '0' || end[1] > '9')
			return NULL;
		nr = strtoul(end + 1, &end, 10);
	}
	if (start > UINT32_MAX / 2 || nr > UINT32_MAX / 2 || !nr)
		return NULL;
	*span = (struct case_span){ (uint32_t)start, (uint32_t)nr };
	return end;
}

static int parse_spans(const char *key, const char *text, uint32_t each, struct case_spans *out,
                       struct contig_diag *diag)
{
	for (const char *at = text;; at++) {
		if (out->nr == CASE_MAX_SPANS)
			return BAD("%s= lists more than %u places", key, CASE_MAX_SPANS);
		struct case_span *span = &out->span[out->nr++];

		at = parse_span(at, span);
		if (!at || (*at && *at != ','))
			return BAD("%s=%s is not a list of offset or offset+length", key, text);
		if (each)
			span->nr = each;
		if (!*at)
			return 0;
	}
}

static int parse_ops(char *text, struct scripted_case *c, struct contig_diag *diag)
{
	char *save = NULL;

	for (char *word = strtok_r(text, ";", &save); word; word = strtok_r(NULL, ";", &save)) {
		struct case_span span;

		if (c->nr_ops == CASE_MAX_OPS)
			return BAD("more than %u operations", CASE_MAX_OPS);
		struct case_op *op = &c->op[c->nr_ops++];
		const char *end = word[1] == ':' ? parse_span(word + 2, &span) : NULL;

		if (!end || *end || strlen(word) >= sizeof(op->text))
			return BAD("'%s' is not an operation: a:, f:, k: or u: and offset+length", word);
		if (!strchr("afku", word[0])) /* what later recordings do, and the model does not know yet */
			snprintf(c->beyond, sizeof(c->beyond), "%.2s", word);
		*op = (struct case_op){ .what = word[0], .start = span.start, .nr = span.nr };
		strcpy(op->text, word);
	}
	return 0;
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

static int parse_key(const char *key, char *value, uint32_t npb, struct scripted_case *c, struct contig_diag *diag)
{
	struct {
		const char *key;
		uint32_t each;
		struct case_spans *spans;
	} lists[] = { { "kern", 0, &c->kern },
		      { "frozen", 0, &c->frozen },
		      { "user", 0, &c->user },
		      { "pin", 0, &c->pin },
		      { "thp", npb, &c->thp } };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!strcmp(key, lists[i].key))
			return parse_spans(key, value, lists[i].each, lists[i].spans, diag);
	}
	if (!strcmp(key, "case"))
		return parse_text(key, value, c->name, sizeof(c->name), diag);
	if (!strcmp(key, "mt"))
		return parse_text(key, value, c->types, sizeof(c->types), diag);
	if (!strcmp(key, "ops"))
		return parse_ops(value, c, diag);
	if (!strcmp(key, "nolru"))
		return parse_flag(key, value, &c->no_lru, diag);
	if (!strcmp(key, "nopcp"))
		return parse_flag(key, value, &c->no_pcp, diag);
	if (!strcmp(key, "rev"))
		return parse_flag(key, value, &c->reverse, diag);
	if (!strcmp(key, "npb")) {
		struct case_span span;
		const char *end = parse_span(value, &span);

		if (!end || *end || span.nr != 1)
			return BAD("npb=%s is not a number of pageblocks", value);
		c->nr_blocks = span.start;
		return 0;
	}
	snprintf(c->beyond, sizeof(c->beyond), "%s=", key);
	return 0;
}

/* Everything must lie in the arena, and a page can be one thing only. */
static int check_case(struct scripted_case *c, uint32_t npb, struct contig_diag *diag)
{
	const struct case_spans *all[] = { &c->kern, &c->user, &c->thp, &c->frozen, &c->pin };
	uint32_t pages = c->nr_blocks * npb;

	if (!c->name[0])
		return BAD("the line has no case=");
	if (!c->nr_blocks || c->nr_blocks > CASE_MAX_BLOCKS)
		return BAD("%s: npb= must lie in 1..%u", c->name, CASE_MAX_BLOCKS);
	if (!c->types[0])
		memset(c->types, 'M', c->nr_blocks);
	if (strlen(c->types) != c->nr_blocks || strspn(c->types, "UMRHC") != c->nr_blocks)
		return BAD("%s: mt=%s must name %u types out of U M R H C", c->name, c->types, c->nr_blocks);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (uint32_t k = 0; k < all[i]->nr; k++) {
			const struct case_span *s = &all[i]->span[k];

			if (s->start >= pages || s->nr > pages - s->start)
				return BAD("%s: %u+%u lies outside the arena of %u pages", c->name, s->start, s->nr,
				           pages);
			if (i == 2 && s->start % npb)
				return BAD("%s: thp=%u does not begin a pageblock", c->name, s->start);
		}
	}
	for (uint32_t i = 0; i < c->thp.nr; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (c->thp.span[i].start == c->thp.span[k].start)
				return BAD("%s: page %u is given twice", c->name, c->thp.span[i].start);
		}
	}
	for (uint32_t p = 0; p < pages; p++) {
		if (case_has(&c->kern, p) + case_has(&c->user, p) + case_has(&c->thp, p) > 1)
			return BAD("%s: page %u is given twice", c->name, p);
		if ((case_has(&c->frozen, p) && !case_has(&c->kern, p)) ||
		    (case_has(&c->pin, p) && !case_has(&c->user, p) && !case_has(&c->thp, p)))
			return BAD("%s: page %u is frozen= without kern= or pin= without user= or thp=", c->name, p);
	}
	for (uint32_t i = 0; i < c->nr_ops; i++) {
		const struct case_op *op = &c->op[i];

		if (op->what != 'u' && (op->start >= pages || op->nr > pages - op->start))
			return BAD("%s: %s lies outside the arena of %u pages", c->name, op->text, pages);
	}
	return 0;
}

int case_parse(const char *line, uint32_t npb, struct scripted_case *out, struct contig_diag *diag)
{
	char *copy = strdup(line), *save = NULL;
	int rc = copy ? 0 : BAD("no memory");

	memset(out, 0, sizeof(*out));
	for (char *word = copy ? strtok_r(copy, " \t", &save) : NULL; word && !rc;
	     word = strtok_r(NULL, " \t", &save)) {
		char *eq = strchr(word, '=');

		if (!eq) {
			rc = BAD("'%s' is not key=value", word);
			break;
		}
		*eq = '\0';
		rc = parse_key(word, eq + 1, npb, out, diag);
	}
	free(copy);
	return rc ? rc : check_case(out, npb, diag);
}
